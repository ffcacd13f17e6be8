import { Command } from 'commander';
import { PruneAnswer } from '../../contract/requests';
import { addSourceOptions, openDatabaseSource } from '../options/source-options';
import { addWriterOptions, writerSettings } from '../options/writer-options';
import { Session } from '../session';

export function addPrune(program: Command, session: Session): void {
  const command = program
    .command('prune')
    .description('show which backups have expired; delete them with --yes')
    .option('--yes', 'delete the expired backups')
    .action(async () => {
      const source = await openDatabaseSource(command, session);
      const dryRun = !command.opts<{ yes?: boolean }>().yes;
      const answer = await source.runner.run({
        action: 'prune',
        storage: source.storage,
        ...writerSettings(command, source),
        dryRun,
      });
      session.show({ answer: { ...answer, dryRun }, lines: pruneLines(answer, dryRun) });
    });
  addSourceOptions(command);
  addWriterOptions(command);
}

export function pruneLines({ deleted, kept, note }: PruneAnswer, dryRun = false): string[] {
  return [
    ...(deleted.length === 0 ? [] : [dryRun ? 'Expired:' : 'Deleted:', ...deleted.map((id) => `  ${id}`)]),
    ...(note === undefined ? [] : [note]),
    `Kept: ${kept} completed.`,
    ...(dryRun && deleted.length > 0 ? ['Nothing was deleted. Add --yes to delete the expired backups.'] : []),
  ];
}
