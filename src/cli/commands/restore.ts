import { Command, Option } from 'commander';
import { RestoreAnswer } from '../../contract/requests';
import { BackupOptions, backupOptions, backupSelector } from '../options/backup-options';
import { ServerOptions, serverOptions, serverSettings } from '../options/database-options';
import { addAll, addSourceOptions, openDatabaseSource } from '../options/source-options';
import { durationText } from '../output/format';
import { remarkLines } from '../output/remark-lines';
import { fieldLines } from '../output/table';
import { Session } from '../session';

interface RestoreOptions extends BackupOptions, ServerOptions {
  readonly identifier?: string;
  readonly emptyTarget?: boolean;
  readonly keepGoing?: boolean;
}

export function addRestore(program: Command, session: Session): void {
  const command = program
    .command('restore [backup]')
    .description('fill an empty database from a backup, from this machine; no AWS account is needed')
    .action(async (id: string | undefined) => {
      const options = command.opts<RestoreOptions>();
      const backup = backupSelector(id, options);
      // The host of an RDS instance begins with its identifier.
      const target = serverSettings(options.identifier ?? options.host?.split('.')[0] ?? '', options);
      const { storage, database, runner } = await openDatabaseSource(command, session);
      const answer = await runner.run({
        action: 'restore',
        source: { storage, database, backup },
        target,
        emptyTarget: options.emptyTarget,
        keepGoing: options.keepGoing,
      });
      session.show({ answer, lines: restoreLines(answer) });
    });
  addAll(command, backupOptions());
  addAll(command.optionsGroup('The empty database to fill:'), [
    ...serverOptions(),
    new Option('--identifier <name>', 'identifier of that database (default: its host up to the first dot)'),
    new Option('--empty-target', 'first remove what an unfinished restore made there, and nothing else'),
    new Option('--keep-going', 'restore all data even if the server refuses a constraint, a trigger or a policy'),
  ]);
  addSourceOptions(command, { local: true });
}

function restoreLines({ backup, outcome, databases, tables, rows, passedOver, durationMs, ...answer }: RestoreAnswer) {
  if (outcome === 'AlreadyRestored') {
    return [`Backup ${backup} is already restored there; nothing was done.`];
  }
  return [
    `Backup ${backup} is restored.`,
    ...fieldLines([
      ['took', durationText(durationMs)],
      ['databases', databases.join(', ')],
      ['tables', String(tables)],
      ['rows', String(rows)],
      ...passedOver.map((message) => ['ignored', message] as const),
    ]),
    ...remarkLines(answer.remarks),
    ...remarkLines(answer.notEnforced, 'not enforced'),
  ];
}
