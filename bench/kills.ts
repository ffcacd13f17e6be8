import { BenchOptions, Progress, runBench, UsageError } from './bench';
import { Figure } from './figures';
import { backupKills } from './kills/backup-kills';
import { restoreKills } from './kills/restore-kills';

/** What is killed, and how often at least. */
const STORMS = {
  backup: { run: backupKills, kills: 200, faults: 300, lanes: 4 },
  restore: { run: restoreKills, kills: 50, faults: 60, lanes: 3 },
};

/**
 * `npm run kills -- backup|restore [--only TEXT] [--seed N] [--minutes N] [--kills N] [--faults N] [--lanes N] [--json]`:
 * kills and faults in every phase of real backups or restores. `--only` takes a part of the names of scenarios.
 */
async function kills({ words, numbers, ...options }: BenchOptions, progress: Progress): Promise<Figure[]> {
  const storm = STORMS[words.join(' ') as keyof typeof STORMS];
  if (storm === undefined) {
    throw new UsageError(`npm run kills takes backup or restore; got ${words.join(' ') || 'nothing'}.`);
  }
  const { run, ...wanted } = storm;
  return run({ ...options, ...wanted, ...numbers }, progress);
}

runBench(kills, ['kills', 'faults', 'lanes']);
