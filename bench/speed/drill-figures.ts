import { writeFile } from 'node:fs/promises';
import { fillStatements } from './data';
import { Group, Speed } from './groups';
import { Measured, median } from './measure';
import { SpeedWorld } from './world';
import { buildServerLayer } from '../../packaging/server-layer';
import { DrillRequest, RestoreRequest } from '../../src/contract/requests';
import { RESTORE_MARK_ROLE } from '../../src/runtime/postgres/roles';
import { installDrillServer } from '../../test/support/drill-server';
import { atMost, exactly, Figure } from '../figures';

/** Drills of a backup, beside a restore of it into a server that runs; and drills that are killed. */
export const DRILL_GROUPS: Record<string, Group> = {
  drill: { figures: ['wall/restore', 'server-start-s', 'disk/database', 'layer-mb'], run: withServer(drills) },
  kills: { figures: ['left-behind'], run: withServer(kills) },
};

const KILLS = 20;
const MIB = 1024 * 1024;

/** What the drill logs in the end. */
interface Proved {
  readonly serverMs: number;
  readonly databaseBytes: number;
}

function withServer(run: Group['run']): Group['run'] {
  return async (speed) => {
    const uninstall = await installDrillServer();
    try {
      const { world, options } = speed;
      await world.sql(world.source, 'postgres', ['CREATE DATABASE shop']);
      await world.sql(world.source, 'shop', await fillStatements(options.megabytes, options.seed));
      const database = world.settings(world.source);
      await world.runOurs({ action: 'back-up', storage: world.storage, database, retentionDays: 30 }, world.source);
      return await run(speed);
    } finally {
      await uninstall();
    }
  };
}

async function drills({ world, options, progress }: Speed): Promise<Figure[]> {
  const rounds: { drill: Measured; restore: Measured; proved: Proved }[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    await world.sql(world.target, 'postgres', [
      'DROP DATABASE IF EXISTS shop WITH (FORCE)',
      `DROP ROLE IF EXISTS "${RESTORE_MARK_ROLE}"`,
      'CHECKPOINT',
    ]);
    const restore = await world.runOurs(restoreRequest(world), world.target);
    const drill = await world.runOurs(drillRequest(world), world.target);
    const proved: Proved = JSON.parse(drill.stdout.split('\n').find((line) => line.includes('"backup-proved"'))!);
    rounds.push({ drill, restore, proved });
    progress(`round ${round}: drill ${drill.wallSeconds} s, restore ${restore.wallSeconds} s, disk ${drill.diskMb} MB`);
  }
  const of = (value: (round: (typeof rounds)[number]) => number) => Math.round(median(rounds.map(value)) * 100) / 100;
  return [
    atMost(
      'wall/restore',
      of(({ drill, restore }) => drill.wallSeconds / restore.wallSeconds),
      1.3,
    ),
    atMost(
      'server-start-s',
      of(({ proved }) => proved.serverMs / 1000),
      4,
    ),
    atMost(
      'disk/database',
      of(({ drill, proved }) => (drill.diskMb * MIB) / proved.databaseBytes),
      1.35,
    ),
    atMost('layer-mb', Math.round((await buildServerLayer()).zipBytes / 1e5) / 10, 40),
  ];
}

/** Files and processes that are left when drills were killed and another run has begun. */
async function kills({ world, options, progress }: Speed): Promise<Figure[]> {
  const { wallSeconds } = await world.runOurs(drillRequest(world), world.target);
  const program = `${world.directory}/run.js`;
  const after = `${world.directory}/after.js`;
  await writeFile(after, "require('./index.js').handler({}, { invokedFunctionArn: '' }).catch(() => process.exit(0));");
  const moments = Array.from({ length: KILLS }, (_, index) => momentOf(index, options.seed) * wallSeconds);
  progress(`${KILLS} kills within ${wallSeconds} s`);
  const { stdout } = await world.run(
    [
      `for moment in ${moments.map((moment) => moment.toFixed(2)).join(' ')}; do`,
      `timeout --signal=KILL $moment ${process.execPath} ${program} >/dev/null 2>&1; done;`,
      `sleep 2; ${process.execPath} ${after} >/dev/null;`,
      'echo "left $(ls -A "$TMPDIR" | wc -l) $(pgrep --full --count "$TMPDIR/cdktf")"',
    ].join(' '),
    world.target,
  );
  const [, files, processes] = /left (\d+) (\d+)/.exec(stdout)!;
  progress(`left: ${files} files, ${processes} processes`);
  return [exactly('left-behind', Number(files) + Number(processes), 0)];
}

/** Spread over the whole drill, another one for each seed. */
function momentOf(index: number, seed: number): number {
  return (index + (((seed * 7919 + index * 104_729) % 1000) + 1) / 1000) / KILLS;
}

function drillRequest(world: SpeedWorld): DrillRequest {
  return { action: 'drill', source: sourceOf(world) };
}

function restoreRequest(world: SpeedWorld): RestoreRequest {
  return { action: 'restore', source: sourceOf(world), target: world.settings(world.target) };
}

function sourceOf({ storage, source }: SpeedWorld) {
  return { storage, database: source.identifier, backup: { kind: 'latest' as const } };
}
