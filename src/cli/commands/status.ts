import { Command } from 'commander';
import { listAll } from './list';
import { ageAlarmName, failureAlarmName } from '../../contract/deployed-names';
import { BackupSummary } from '../../contract/requests';
import { endpointOf } from '../../contract/storage-settings';
import { AlarmState } from '../deployed/alarms';
import { DeployedSchedule } from '../deployed/schedule';
import { nextRuns, scheduleInWords } from '../deployed/schedule-times';
import { requireSchedule, SCHEDULE_OPTION } from '../options/schedule-option';
import { openDatabaseSource, Source } from '../options/source-options';
import { durationText, sizeText, timeText } from '../output/format';
import { proofText } from '../output/proof-lines';
import { fieldLines } from '../output/table';
import { Session } from '../session';

/** Number of next runs that are shown. */
const NEXT_RUNS = 5;

interface Status {
  readonly schedule: string;
  readonly database: string;
  readonly state: 'Active' | 'Paused';
  /** When backups are due, in words; UTC. */
  readonly due: string;
  /** ISO 8601, UTC; none while paused. */
  readonly nextRuns: readonly string[];
  readonly retentionDays: number;
  readonly storage: { readonly endpoint: string; readonly bucket: string; readonly path: string };
  readonly alarms: readonly AlarmState[];
  readonly lastBackup?: BackupSummary;
  readonly lastFailure?: BackupSummary;
  /** The newest backup that a drill restored. */
  readonly lastDrilled?: BackupSummary;
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
        alarms: await session.services.readAlarms([ageAlarmName(schedule.name), failureAlarmName(schedule.name)]),
        ...(await lastBackups(source)),
      };
      session.show({ answer: status, lines: statusLines(status) });
    });
  command.option(SCHEDULE_OPTION, 'the deployed schedule, instead of the argument');
}

function configurationOf({ name, state, expressions, request }: DeployedSchedule, now: Date) {
  const { endpoint, region, bucket, path } = request.storage;
  return {
    schedule: name,
    database: request.database.identifier,
    state,
    due: scheduleInWords(expressions),
    nextRuns: state === 'Paused' ? [] : nextRuns(expressions, now, NEXT_RUNS).map((date) => date.toISOString()),
    retentionDays: request.retentionDays,
    storage: { endpoint: endpointOf({ endpoint, region }), bucket, path },
  };
}

/** A list that cannot be read is no reason to hide the configuration. */
async function lastBackups(
  source: Source & { readonly database: string },
): Promise<Pick<Status, 'lastBackup' | 'lastFailure' | 'lastDrilled' | 'listError'>> {
  try {
    const { backups } = await listAll(source);
    const newest = (state: BackupSummary['state']) => backups.find((backup) => backup.state === state);
    return { lastBackup: newest('Completed'), lastFailure: newest('Failed'), lastDrilled: newestProof(backups) };
  } catch (error) {
    return { listError: (error as Error).message };
  }
}

/** The backup of the last drill. */
function newestProof(backups: readonly BackupSummary[]): BackupSummary | undefined {
  const time = ({ proof }: BackupSummary) => Date.parse(proof!.endedAt);
  return backups.filter(({ proof }) => proof !== undefined).sort((one, other) => time(other) - time(one))[0];
}

function statusLines(status: Status): string[] {
  const { storage, lastBackup, lastFailure, lastDrilled, listError } = status;
  return [
    `Schedule ${status.schedule} of database ${status.database}`,
    '',
    ...fieldLines([
      ['state', status.state],
      ['due (UTC)', status.due],
      ...status.nextRuns.map((run, index) => [index === 0 ? 'next runs' : '', timeText(run)] as const),
      ['retention', `${status.retentionDays} days; the newest completed backup is always kept`],
      ['storage', `${storage.endpoint}, bucket ${storage.bucket}, path ${storage.path}`],
      ['last backup', listError === undefined ? completedText(lastBackup) : `not known: ${listError}`],
      ['last failure', lastFailure && `${lastFailure.backup}: ${lastFailure.reason ?? 'no reason was recorded'}`],
      ['last drill', lastDrilled && `${lastDrilled.backup}: ${proofText(lastDrilled.proof!)}`],
      ...status.alarms.map((alarm) => ['alarm', alarmText(alarm)] as const),
    ]),
  ];
}

function completedText(backup: BackupSummary | undefined): string {
  if (backup?.endedAt === undefined) return 'none';
  const took = durationText(Date.parse(backup.endedAt) - Date.parse(backup.startedAt));
  const size = backup.storedBytes === undefined ? '' : `, ${sizeText(backup.storedBytes)}`;
  return `${backup.backup}, completed ${timeText(backup.endedAt)} in ${took}${size}`;
}

function alarmText({ name, state, actionsEnabled }: AlarmState): string {
  return `${name}: ${state}${actionsEnabled || state === 'missing' ? '' : ', its actions are off'}`;
}
