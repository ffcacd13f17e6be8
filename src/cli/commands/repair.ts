import { Command, Option } from 'commander';
import { RepairAnswer } from '../../contract/requests';
import { readBackupId } from '../options/backup-options';
import { addDatabaseGoneOptions, confirmedDatabaseGone } from '../options/database-gone';
import { addAll, addSourceOptions, openDatabaseSource } from '../options/source-options';
import { usageError } from '../options/usage';
import { addServerOptions, databaseOf } from '../options/writer-options';
import { fieldLines } from '../output/table';
import { Session } from '../session';

interface RepairOptions {
  readonly newest?: string;
  readonly due?: string;
}

export function addRepair(program: Command, session: Session): void {
  const command = program
    .command('repair')
    .description('rebuild the list of backups from their manifests, after it was lost or damaged')
    .action(async () => {
      const { newest, due } = command.opts<RepairOptions>();
      const source = await openDatabaseSource(command, session);
      const dueTimes = due === undefined ? source.schedule?.expressions : [due];
      if (newest === undefined && dueTimes === undefined) {
        throw usageError(
          'A repair begins at the newest completed backup, or looks for it at the times at which backups were due.',
          'Add --newest <backup>, --due <cron>, or name a deployed schedule with --schedule <name>.',
        );
      }
      const databaseGone = await confirmedDatabaseGone(command, session, source.database);
      const answer = await source.runner.run({
        action: 'repair',
        storage: source.storage,
        database: databaseOf(command, source, databaseGone),
        newest,
        dueTimes,
        databaseGone,
      });
      session.show({ answer, lines: repairLines(answer, source.database) });
    });
  addAll(command.optionsGroup('Where to begin:'), [
    new Option('--newest <backup>', 'id of the newest completed backup').argParser(readBackupId),
    new Option('--due <cron>', "six-field cron expression of the backups' due times, UTC (default: the schedule's)"),
  ]);
  addSourceOptions(command);
  addServerOptions(command);
  addDatabaseGoneOptions(command);
}

function repairLines({ backups, added, notWhole }: RepairAnswer, database: string): string[] {
  return [
    `The list of backups of database ${database} is whole: ${backups.length} completed, ${added.length} of them added.`,
    ...fieldLines([
      ...added.map((backup) => ['added', backup] as const),
      ...notWhole.map(({ backup, reason }) => ['not whole', `${backup}: ${reason}`] as const),
    ]),
  ];
}
