import { Command } from 'commander';
import { BackupOptions, backupOptions, backupSelector } from '../options/backup-options';
import { addAll, addSourceOptions, openDatabaseSource } from '../options/source-options';
import { sizeText } from '../output/format';
import { Session } from '../session';

export function addVerify(program: Command, session: Session): void {
  const command = program
    .command('verify [backup]')
    .description('read every part of a backup (default: the latest) and compare it with its manifest')
    .action(async (id: string | undefined) => {
      const backup = backupSelector(id, command.opts<BackupOptions>(), { kind: 'latest' });
      const { storage, database, runner } = await openDatabaseSource(command, session);
      const answer = await runner.run({ action: 'verify', storage, database, backup });
      const { parts, bytes } = answer;
      session.show({
        answer,
        lines: [`Backup ${answer.backup} is whole: ${parts} parts, ${sizeText(bytes)}, are as they were stored.`],
      });
    });
  addAll(command, backupOptions());
  addSourceOptions(command);
}
