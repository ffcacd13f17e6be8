import { Command } from 'commander';
import { PruneAnswer } from '../../contract/requests';
import { addDatabaseGoneOptions, confirmedDatabaseGone } from '../options/database-gone';
import { addSourceOptions, openDatabaseSource } from '../options/source-options';
import { addWriterOptions, databaseOf, retentionDaysOf } from '../options/writer-options';
import { pruneLines } from '../output/prune-lines';
import { tableLines } from '../output/table';
import { Session } from '../session';

export function addPrune(program: Command, session: Session): void {
  const command = program
    .command('prune')
    .description('show which backups have expired, and why the others are kept; delete the expired ones with --yes')
    .option('--yes', 'delete the expired backups')
    .action(async () => {
      const source = await openDatabaseSource(command, session);
      const dryRun = !command.opts<{ yes?: boolean }>().yes;
      const databaseGone = await confirmedDatabaseGone(command, session, source.database);
      const answer = await source.runner.run({
        action: 'prune',
        storage: source.storage,
        database: databaseOf(command, source, databaseGone),
        retentionDays: retentionDaysOf(command, source),
        dryRun,
        databaseGone,
      });
      session.show({ answer: { ...answer, dryRun }, lines: explanation(answer, dryRun) });
    });
  addSourceOptions(command);
  addWriterOptions(command);
  addDatabaseGoneOptions(command);
}

function explanation(answer: PruneAnswer, dryRun: boolean): string[] {
  return [
    ...pruneLines(answer, dryRun),
    ...tableLines(answer.reasons.map(({ backup, reason }) => [`  ${backup}`, reason])),
    ...(dryRun && answer.deleted.length > 0 ? ['Nothing was deleted. Add --yes to delete the expired backups.'] : []),
  ];
}
