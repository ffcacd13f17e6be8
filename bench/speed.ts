import { writeFile } from 'node:fs/promises';
import { BenchOptions, chooseParts, Progress, runBench, UsageError } from './bench';
import { Figure, render } from './figures';
import { BACKUP_GROUPS } from './speed/backup-figures';
import { DRILL_GROUPS } from './speed/drill-figures';
import { Group } from './speed/groups';
import { RESTORE_GROUPS } from './speed/restore-figures';
import { SpeedWorld } from './speed/world';

const SUITES: Record<string, Record<string, Group>> = {
  backup: BACKUP_GROUPS,
  restore: RESTORE_GROUPS,
  drill: DRILL_GROUPS,
};

const CEILING_PART = Buffer.alloc(8 * 1024 * 1024, 'ceiling');
const CEILING_PARTS = 32;

/**
 * `npm run bench -- backup|restore|drill [--only FIGURE] [--megabytes N] [--rounds N] [--seed N] [--json] [--file FILE]`: how fast and
 * how large backups and restores are, beside what is used instead, on servers and a store of its own. `--only` gives
 * a figure and those that are measured with it, `--file` has the figures after every group. Needs `aws`, `zstd` and
 * `versitygw` on PATH, or `python3` and `go` to install what is missing.
 */
async function speed({ words, only, seed, numbers, file }: BenchOptions, progress: Progress): Promise<Figure[]> {
  const suite = SUITES[words.join(' ')];
  if (suite === undefined) {
    throw new UsageError(
      `npm run bench takes one of ${Object.keys(SUITES).join(', ')}; got ${words.join(' ') || 'nothing'}.`,
    );
  }
  const groups = Object.values(suite);
  const wanted = chooseParts(
    groups.flatMap((group) => group.figures),
    only,
  );
  const options = { megabytes: numbers.megabytes ?? 1500, rounds: numbers.rounds ?? 3, seed };
  const figures: Figure[] = [];
  for (const group of groups.filter((each) => each.figures.some((figure) => wanted.includes(figure)))) {
    const world = await SpeedWorld.start(progress);
    try {
      progress(`ceiling of the store: ${await ceiling(world)}`);
      figures.push(...(await group.run({ world, options, progress })));
    } finally {
      await world.stop();
    }
    if (file !== undefined) await writeFile(file, render(figures, true));
  }
  return figures;
}

/** What the store takes and gives at most, four requests at a time. */
async function ceiling(world: SpeedWorld): Promise<string> {
  const { client } = world;
  const rate = async (request: (key: string) => Promise<unknown>) => {
    const started = Date.now();
    let next = 0;
    const some = async () => {
      while (next < CEILING_PARTS) await request(`ceiling/${next++}`);
    };
    await Promise.all([some(), some(), some(), some()]);
    return Math.round((CEILING_PARTS * CEILING_PART.length) / 1000 / (Date.now() - started));
  };
  const put = await rate(async (key) => client.put(key, CEILING_PART));
  const get = await rate(async (key) => client.get(key, 2 * CEILING_PART.length));
  await world.empty('ceiling');
  return `PUT ${put} MB/s, GET ${get} MB/s`;
}

runBench(speed, ['megabytes', 'rounds']);
