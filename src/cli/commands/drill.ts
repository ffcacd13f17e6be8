import { Command, Option } from 'commander';
import { DrillCheck } from '../../contract/proof';
import { BackupOptions, backupOptions, backupSelector } from '../options/backup-options';
import { readCheck } from '../options/check-file';
import { addAll, addSourceOptions, openDatabaseSource } from '../options/source-options';
import { proofLines } from '../output/proof-lines';
import { Session } from '../session';

interface DrillOptions extends BackupOptions {
  readonly check?: readonly DrillCheck[];
}

export function addDrill(program: Command, session: Session): void {
  const command = program
    .command('drill [backup]')
    .description('restore a backup (default: the latest) into a throwaway server on this machine, and store the proof')
    .action(async (id: string | undefined) => {
      const options = command.opts<DrillOptions>();
      const backup = backupSelector(id, options, { kind: 'latest' });
      const { storage, database, runner } = await openDatabaseSource(command, session);
      const answer = await runner.run({
        action: 'drill',
        source: { storage, database, backup },
        checks: options.check,
      });
      session.show({ answer, lines: proofLines(answer) });
    });
  addAll(command, [
    ...backupOptions(),
    new Option('--check <file>', 'also run the query of this file; may be given several times').argParser(
      (file: string, before: readonly DrillCheck[] = []) => [...before, readCheck(file)],
    ),
  ]);
  addSourceOptions(command, { local: true });
}
