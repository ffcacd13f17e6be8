import { Command } from 'commander';
import { listAll } from './list';
import { BackupSummary, PruneAnswer } from '../../contract/requests';
import { addSourceOptions, openDatabaseSource } from '../options/source-options';
import { addWriterOptions, writerSettings } from '../options/writer-options';
import { timeText } from '../output/format';
import { keepingOf } from '../output/kept-until';
import { pruneLines } from '../output/prune-lines';
import { tableLines } from '../output/table';
import { Session } from '../session';

/** A backup that stays, and why. */
interface KeptBackup {
  readonly backup: string;
  readonly state: BackupSummary['state'];
  readonly reason: string;
}

export function addPrune(program: Command, session: Session): void {
  const command = program
    .command('prune')
    .description('show which backups have expired; delete them with --yes')
    .option('--yes', 'delete the expired backups')
    .action(async () => {
      const source = await openDatabaseSource(command, session);
      const dryRun = !command.opts<{ yes?: boolean }>().yes;
      const settings = writerSettings(command, source);
      const answer = await source.runner.run({ action: 'prune', storage: source.storage, ...settings, dryRun });
      const { backups } = await listAll(source);
      const keptBackups = keptBackupsOf(answer, backups, settings.retentionDays);
      session.show({ answer: { ...answer, dryRun, keptBackups }, lines: explanation(answer, keptBackups, dryRun) });
    });
  addSourceOptions(command);
  addWriterOptions(command);
}

function explanation(answer: PruneAnswer, kept: readonly KeptBackup[], dryRun: boolean): string[] {
  return [
    ...pruneLines(answer, dryRun),
    ...tableLines(kept.map(({ backup, state, reason }) => [`  ${backup}`, state, reason])),
    ...(dryRun && answer.deleted.length > 0 ? ['Nothing was deleted. Add --yes to delete the expired backups.'] : []),
  ];
}

function keptBackupsOf(
  { deleted }: PruneAnswer,
  backups: readonly BackupSummary[],
  retentionDays: number,
): KeptBackup[] {
  const keeping = keepingOf(backups, retentionDays);
  return backups
    .filter(({ backup }) => !deleted.includes(backup))
    .map(({ backup, state }) => {
      const keep = keeping.get(backup);
      const reason =
        keep === undefined
          ? 'not a completed backup, and never counted as one that is kept'
          : keep.isNewest
            ? 'the newest completed backup is always kept'
            : `expires at ${timeText(keep.keptUntil)} UTC, ${retentionDays} days after its completion`;
      return { backup, state, reason };
    });
}
