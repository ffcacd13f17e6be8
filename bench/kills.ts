import { BenchOptions, Progress, runBench } from './bench';
import { Figure } from './figures';
import { backupKills } from './kills/backup-kills';

/**
 * `npm run kills -- backup [--only TEXT] [--seed N] [--minutes N] [--kills N] [--faults N] [--lanes N] [--json]`: kills and
 * faults on real backups. `--only` takes a part of the names of scenarios.
 */
async function kills({ words, numbers, ...options }: BenchOptions, progress: Progress): Promise<Figure[]> {
  if (words.join(' ') !== 'backup') throw new Error(`npm run kills takes backup; got ${words.join(' ') || 'nothing'}.`);
  const { kills: wanted = 200, faults = 300, lanes = 4 } = numbers;
  return backupKills({ ...options, kills: wanted, faults, lanes }, progress);
}

runBench(kills, ['kills', 'faults', 'lanes']);
