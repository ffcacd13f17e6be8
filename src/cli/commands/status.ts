import { Command } from 'commander';
import { lastDrilled, listAll } from './list';
import { ageAlarmName, drillScheduleName, failureAlarmName } from '../../contract/deployed-names';
import { BackupSummary } from '../../contract/requests';
import { estimateRestore, RestoreEstimate } from '../../contract/restore-estimate';
import { endpointOf } from '../../contract/storage-settings';
import { AlarmState, alarmStateText } from '../deployed/alarms';
import { DeployedSchedule } from '../deployed/schedule';
import { nextRuns, scheduleInWords } from '../deployed/schedule-times';
import { requireSchedule, SCHEDULE_OPTION } from '../options/schedule-option';
import { openDatabaseSource, Source } from '../options/source-options';
import { durationText, sizeText, timeText } from '../output/format';
import { estimateText, proofText } from '../output/proof-lines';
import { fieldLines } from '../output/table';
import { Session } from '../session';

/** Number of next runs that are shown. */
const NEXT_RUNS = 5;

interface Status {
  readonly schedule: string;
  readonly database: string;
  readonly state: 'Active' | 'Paused';
  /** Absent while active. The console of AWS counts as the command line. */
  readonly pausedBy?: 'program' | 'command line';
  /** When backups are due, in words; UTC. */
  readonly due: string;
  /** ISO 8601, UTC; none while paused. */
  readonly nextRuns: readonly string[];
  /** ISO 8601, UTC; absent while paused, and where no drills are scheduled. */
  readonly nextDrill?: string;
  readonly retentionDays: number;
  readonly storage: { readonly endpoint: string; readonly bucket: string; readonly path: string };
  readonly alarms: readonly AlarmState[];
  readonly lastBackup?: BackupSummary;
  readonly lastFailure?: BackupSummary;
  /** The newest backup that a drill restored. */
  readonly lastDrilled?: BackupSummary;
  /** How long a restore of the last backup would take on a server like the source; absent where none is proved. */
  readonly restoreEstimate?: RestoreEstimate;
  /** Why the list of backups could not be read. */
  readonly listError?: string;
}

export function addStatus(program: Command, session: Session): void {
  const command = program
    .command('status [schedule]')
    .description('show the configuration, next runs, last backup and alarms of a deployed schedule')
    .option('--local', 'read the list of backups from this machine, not through the function')
    .action(async (name: string | undefined) => {
      requireSchedule(command, name);
      const source = await openDatabaseSource(command, session);
      const schedule = source.schedule!;
      const status: Status = {
        ...configurationOf(schedule, new Date()),
        alarms: await session.services.readAlarms(
          [schedule.name, ...(schedule.drill ? [drillScheduleName(schedule.name)] : [])].flatMap((each) => [
            ageAlarmName(each),
            failureAlarmName(each),
          ]),
        ),
        ...(await lastBackups(source, schedule.request.database.plan.vcpu)),
      };
      session.show({ answer: status, lines: statusLines(status) });
    });
  command.option(SCHEDULE_OPTION, 'the deployed schedule, instead of the argument');
}

function configurationOf({ name, state, pausedBy, expressions, drill, request }: DeployedSchedule, now: Date) {
  const { endpoint, region, bucket, path } = request.storage;
  return {
    schedule: name,
    database: request.database.identifier,
    state,
    pausedBy,
    due: scheduleInWords(expressions),
    nextRuns: state === 'Paused' ? [] : nextRuns(expressions, now, NEXT_RUNS).map((date) => date.toISOString()),
    nextDrill: nextDrill(drill, now),
    retentionDays: request.retentionDays,
    storage: { endpoint: endpointOf({ endpoint, region }), bucket, path },
  };
}

function nextDrill(drill: DeployedSchedule['drill'], now: Date): string | undefined {
  return drill?.State === 'ENABLED'
    ? nextRuns([drill.ScheduleExpression!], now, 1)
        .map((date) => date.toISOString())
        .at(0)
    : undefined;
}

/** A list that cannot be read is no reason to hide the configuration. */
async function lastBackups(
  source: Source & { readonly database: string },
  vcpu: number,
): Promise<Pick<Status, 'lastBackup' | 'lastFailure' | 'lastDrilled' | 'restoreEstimate' | 'listError'>> {
  try {
    const { backups } = await listAll(source);
    const newest = (state: BackupSummary['state']) => backups.find((backup) => backup.state === state);
    const lastBackup = newest('Completed');
    const restoreEstimate = estimateFrom(
      lastBackup,
      backups.find(({ proof }) => proof?.state === 'Proved'),
      vcpu,
    );
    return { lastBackup, lastFailure: newest('Failed'), lastDrilled: lastDrilled(backups), restoreEstimate };
  } catch (error) {
    return { listError: (error as Error).message };
  }
}

function estimateFrom(
  wanted: BackupSummary | undefined,
  drilled: BackupSummary | undefined,
  vcpu: number,
): RestoreEstimate | undefined {
  if (wanted?.databaseBytes === undefined || drilled?.databaseBytes === undefined) return undefined;
  const { backup, databaseBytes, proof } = drilled;
  const { durations, processors } = proof!;
  const drill = { backup, databaseBytes, restoreMs: durations.restoreMs, processors };
  return estimateRestore(wanted.databaseBytes, vcpu, drill);
}

function statusLines(status: Status): string[] {
  const { storage, lastBackup, lastFailure, lastDrilled: drilled, restoreEstimate, listError } = status;
  return [
    `Schedule ${status.schedule} of database ${status.database}`,
    '',
    ...fieldLines([
      ['state', stateText(status)],
      ['due (UTC)', status.due],
      ...status.nextRuns.map((run, index) => [index === 0 ? 'next runs' : '', timeText(run)] as const),
      ['retention', `${status.retentionDays} days; the newest completed backup is always kept`],
      ['storage', `${storage.endpoint}, bucket ${storage.bucket}, path ${storage.path}`],
      ['last backup', listError === undefined ? completedText(lastBackup) : `not known: ${listError}`],
      ['last failure', lastFailure && `${lastFailure.backup}: ${lastFailure.reason ?? 'no reason was recorded'}`],
      ['next drill', status.nextDrill && timeText(status.nextDrill)],
      ['last drill', drilled && `${drilled.backup}: ${proofText(drilled.proof!)}`],
      ['a restore', restoreEstimate && estimateText(restoreEstimate)],
      ...status.alarms.map((alarm) => ['alarm', alarmText(alarm)] as const),
    ]),
  ];
}

function stateText({ state, pausedBy }: Status): string {
  if (pausedBy === undefined) return state;
  return pausedBy === 'program'
    ? 'Paused by the program: paused: false in the program resumes it'
    : 'Paused from the command line: the command resume resumes it';
}

function completedText(backup: BackupSummary | undefined): string {
  if (backup?.endedAt === undefined) return 'none';
  const took = durationText(Date.parse(backup.endedAt) - Date.parse(backup.startedAt));
  const size = backup.storedBytes === undefined ? '' : `, ${sizeText(backup.storedBytes)}`;
  return `${backup.backup}, completed ${timeText(backup.endedAt)} in ${took}${size}`;
}

function alarmText({ name, state, actionsEnabled }: AlarmState): string {
  return `${name}: ${alarmStateText(state)}${actionsEnabled || state === 'missing' ? '' : ', its actions are off'}`;
}
