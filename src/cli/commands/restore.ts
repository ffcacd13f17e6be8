import { Command, Option } from 'commander';
import { DatabaseSettings } from '../../contract/database-settings';
import { RestoreAnswer } from '../../contract/requests';
import { BackupOptions, backupOptions, backupSelector } from '../options/backup-options';
import { ServerOptions, serverOptions, serverSettings } from '../options/database-options';
import { SCHEDULE_OPTION } from '../options/schedule-option';
import {
  addAll,
  addSourceOptions,
  openDatabaseSource,
  rejectCombinedWithSchedule,
  Source,
} from '../options/source-options';
import { usageError } from '../options/usage';
import { durationText, sizeText } from '../output/format';
import { remarkLines } from '../output/remark-lines';
import { fieldLines } from '../output/table';
import { Session } from '../session';

interface RestoreOptions extends BackupOptions, ServerOptions {
  readonly identifier?: string;
  readonly inFunction?: boolean;
  readonly emptyTarget?: boolean;
  readonly keepGoing?: boolean;
}

export function addRestore(program: Command, session: Session): void {
  const command = program
    .command('restore [backup]')
    .description('fill an empty database from a backup, on this machine or in the function of a schedule')
    .action(async (id: string | undefined) => {
      const options = command.opts<RestoreOptions>();
      const backup = backupSelector(id, options);
      const target = options.inFunction ? undefined : givenServer(options);
      const source = await openDatabaseSource(command, session);
      const { storage, database, runner } = source;
      const answer = await runner.run({
        action: 'restore',
        source: { storage, database, backup },
        target: target ?? ownDatabase(command, source),
        emptyTarget: options.emptyTarget,
        keepGoing: options.keepGoing,
      });
      session.show({ answer, lines: restoreLines(answer) });
    });
  addAll(command, backupOptions());
  addAll(command.optionsGroup('The empty database to fill:'), [
    ...targetOptions(),
    new Option('--in-function', `the database of ${SCHEDULE_OPTION} itself, instead; its function does the work`),
    new Option('--empty-target', 'first remove what an unfinished restore made there, and nothing else'),
    new Option('--keep-going', 'restore all data even if the server refuses a constraint, a trigger or a policy'),
  ]);
  addSourceOptions(command, { local: true });
}

function targetOptions(): Option[] {
  return [
    ...serverOptions('--in-function'),
    new Option('--identifier <name>', 'identifier of that database (default: its host up to the first dot)'),
  ];
}

/** The host of an RDS instance begins with its identifier. @throws InvalidRequest */
function givenServer(options: RestoreOptions): DatabaseSettings {
  return serverSettings(options.identifier ?? options.host?.split('.')[0] ?? '', options);
}

/** The only database that the function of a schedule reaches. @throws InvalidRequest */
function ownDatabase(command: Command, { schedule }: Source): DatabaseSettings {
  if (schedule === undefined) {
    throw usageError('--in-function needs the function of a schedule; none is named.', `Add ${SCHEDULE_OPTION}.`);
  }
  rejectCombinedWithSchedule(command, targetOptions());
  return schedule.request.database;
}

function restoreLines({ backup, outcome, databases, passedOver, durationMs, connection, ...answer }: RestoreAnswer) {
  if (outcome === 'AlreadyRestored') {
    return [`Backup ${backup} is already restored there; nothing was done.`];
  }
  return [
    `Backup ${backup} is restored.`,
    ...fieldLines([
      ['took', durationText(durationMs)],
      ['server', `${connection.user}@${connection.host}:${connection.port}`],
      ['databases', `${databases.join(', ')} (${sizeText(answer.databaseBytes)})`],
      ['tables', String(answer.tables)],
      ['rows', String(answer.rows)],
      ...passedOver.map((message) => ['ignored', message] as const),
    ]),
    ...remarkLines(answer.remarks),
    ...remarkLines(answer.notEnforced, 'not enforced'),
  ];
}
