import { Command, Option } from 'commander';
import { describeSelection } from '../../contract/backup-selection';
import { RestoreCheckAnswer } from '../../contract/requests';
import { BackupOptions, backupOptions, backupSelector } from '../options/backup-options';
import { PlanOptions, planOptions, planSize } from '../options/database-options';
import { addAll, addSourceOptions, openDatabaseSource } from '../options/source-options';
import { requireAll, required, wholeNumber } from '../options/usage';
import { sizeText } from '../output/format';
import { estimateText } from '../output/proof-lines';
import { remarkLines } from '../output/remark-lines';
import { Session } from '../session';

interface RestoreCheckOptions extends BackupOptions, PlanOptions {
  readonly engine?: number;
}

export function addRestoreCheck(program: Command, session: Session): void {
  const command = program
    .command('restore-check [backup]')
    .description('check whether a backup can be restored into a database of a given version and size; changes nothing')
    .action(async (id: string | undefined) => {
      const options = command.opts<RestoreCheckOptions>();
      const backup = backupSelector(id, options);
      const target = targetOf(options);
      const { storage, database, runner } = await openDatabaseSource(command, session);
      const answer = await runner.run({
        action: 'restore-check',
        source: { storage, database, backup },
        target,
        sourceDescription: describeSelection(storage, database, backup),
      });
      const estimate = answer.estimate ? [`The restore takes ${estimateText(answer.estimate)}.`] : [];
      session.show({ answer, lines: [restoreCheckLine(answer), ...estimate, ...remarkLines(answer.remarks)] });
    });
  addAll(command, backupOptions());
  addAll(
    command.optionsGroup('The new database:'),
    [
      new Option('--engine <major>', 'major version of PostgreSQL').argParser(wholeNumber('--engine', 9, 99)),
      ...planOptions(),
    ].map((option) => required(option)),
  );
  addSourceOptions(command);
}

/** @throws InvalidRequest naming every option that is missing */
function targetOf(options: RestoreCheckOptions) {
  const { engine, vcpu, memory, storageSize } = options;
  requireAll(
    'A database has a version and a size',
    { '--engine': engine, '--vcpu': vcpu, '--memory': memory, '--storage-size': storageSize },
    'Add them.',
  );
  return { engineMajor: engine!, plan: planSize(options) };
}

function restoreCheckLine({ backup, serverVersion, databaseBytes }: RestoreCheckAnswer): string {
  return (
    `Backup ${backup} can be restored there: ${sizeText(databaseBytes)} of databases from ` +
    `PostgreSQL ${serverVersion}.`
  );
}
