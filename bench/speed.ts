import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Figure, render } from './figures';
import { BACKUP_GROUPS } from './speed/backup-figures';
import { DRILL_GROUPS } from './speed/drill-figures';
import { Group, SpeedOptions } from './speed/groups';
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
 * how large backups and restores are, beside what is used instead, on servers and a store of its own. Progress goes to
 * standard error, the figures come last, to standard output; `--file` has them after every group. Needs `aws`, `zstd`
 * and `versitygw` on PATH, or `python3` and `go` to install what is missing.
 */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      file: { type: 'string' },
      only: { type: 'string' },
      megabytes: { type: 'string', default: '1500' },
      rounds: { type: 'string', default: '3' },
      seed: { type: 'string', default: '1' },
    },
  });
  const suite = SUITES[positionals[0]];
  if (suite === undefined) {
    throw new Error(
      `npm run bench takes one of ${Object.keys(SUITES).join(', ')}; got ${positionals[0] ?? 'nothing'}.`,
    );
  }
  const groups = Object.values(suite).filter(({ figures }) => !values.only || figures.includes(values.only));
  if (groups.length === 0) {
    const known = Object.values(suite).flatMap(({ figures }) => figures);
    throw new Error(`--only takes one of ${known.join(', ')}; got ${values.only}.`);
  }
  const options: SpeedOptions = {
    megabytes: wholeNumber('megabytes', values.megabytes),
    rounds: wholeNumber('rounds', values.rounds),
    seed: wholeNumber('seed', values.seed),
  };
  const figures: Figure[] = [];
  for (const group of groups) {
    const world = await SpeedWorld.start(progress);
    try {
      progress(`ceiling of the store: ${await ceiling(world)}`);
      figures.push(...(await group.run({ world, options, progress })));
    } finally {
      await world.stop();
    }
    if (values.file !== undefined) await writeFile(values.file, render(figures, true));
  }
  const shown = figures.filter(({ name }) => !values.only || name === values.only);
  process.stdout.write(`${render(shown, values.json)}\n`);
  process.exitCode = shown.every(({ holds }) => holds) ? 0 : 1;
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

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${option} takes a whole number from 1; got ${text}.`);
  return value;
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
