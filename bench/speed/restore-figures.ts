import { setTimeout as sleep } from 'node:timers/promises';
import { fillStatements } from './data';
import { Group, Speed } from './groups';
import { Measured, median, medians } from './measure';
import { SpeedWorld } from './world';
import { RestoreRequest } from '../../src/contract/requests';
import { RESTORE_MARK_ROLE } from '../../src/runtime/postgres/roles';
import { masterClient } from '../../test/support/statements';
import { atMost, Figure } from '../figures';

/** Restores of the same database, ours and others'; all of them collect the statistics in the end. */
export const RESTORE_GROUPS: Record<string, Group> = {
  rivals: {
    figures: ['wall/s3cp-pg_restore', 'wall/s3cp-pg_restore-j', 'wall/floor', 'node-pss-mb', 'disk-mb', 'first-row-s'],
    run: rivals,
  },
};

const ANALYZE = "psql --quiet --command='ANALYZE'";

async function rivals({ world, options, progress }: Speed): Promise<Figure[]> {
  const { source, target } = world;
  await world.sql(source, 'postgres', ['CREATE DATABASE shop']);
  await world.sql(source, 'shop', await fillStatements(options.megabytes, options.seed));
  await world.run(`pg_dump --format=custom | ${world.aws} s3 cp - ${world.bucket('a/dump')}`, source);
  const directory = `${world.directory}/dump`;
  await world.run(`pg_dump --format=directory --jobs=$(nproc) --compress=zstd:3 --file=${directory}`, source);
  await world.runOurs(
    { action: 'back-up', storage: world.storage, database: world.settings(source), retentionDays: 30 },
    source,
  );
  const firstRows: number[] = [];
  const ways: Record<string, () => Promise<Measured>> = {
    ours: async () => {
      const stop = new AbortController();
      const watching = secondsToFirstRow(world, stop.signal);
      const run = await world.runOurs(restoreRequest(world), target);
      stop.abort();
      firstRows.push((await watching) ?? run.wallSeconds);
      return run;
    },
    's3cp-pg_restore': async () =>
      world.run(`${world.aws} s3 cp ${world.bucket('a/dump')} - | pg_restore --dbname=shop && ${ANALYZE}`, target),
    's3cp-pg_restore-j': async () =>
      world.run(
        `${world.aws} s3 cp --quiet ${world.bucket('a/dump')} dump && pg_restore --jobs=$(nproc) --dbname=shop dump && ${ANALYZE}`,
        target,
      ),
    floor: async () => world.run(`pg_restore --jobs=$(nproc) --dbname=shop ${directory} && ${ANALYZE}`, target),
  };
  const runs = Object.fromEntries(Object.keys(ways).map((name) => [name, [] as Measured[]]));
  for (let round = 1; round <= options.rounds; round++) {
    for (const [name, way] of Object.entries(ways)) {
      await emptyTarget(world, name !== 'ours');
      const run = await way();
      runs[name].push(run);
      progress(
        `round ${round} ${name}: ${run.wallSeconds.toFixed(1)} s wall, ${run.cpuSeconds.toFixed(1)} s processor, Node ` +
          `${Math.round(run.nodePssMb)} MB, tree ${Math.round(run.treePssMb)} MB, disk ${Math.round(run.diskMb)} MB`,
      );
    }
  }
  const of = Object.fromEntries(Object.entries(runs).map(([name, each]) => [name, medians(each)]));
  const wall = (name: string, bar: number) =>
    atMost(`wall/${name}`, Math.round((of.ours.wallSeconds / of[name].wallSeconds) * 1000) / 1000, bar);
  return [
    wall('s3cp-pg_restore', 0.9),
    wall('s3cp-pg_restore-j', 0.9),
    wall('floor', 1.05),
    atMost('node-pss-mb', Math.round(of.ours.nodePssMb), 160),
    atMost('disk-mb', Math.round(of.ours.diskMb), 64),
    atMost('first-row-s', Math.round(median(firstRows) * 100) / 100, 3),
  ];
}

function restoreRequest(world: SpeedWorld): RestoreRequest {
  return {
    action: 'restore',
    source: { storage: world.storage, database: world.source.identifier, backup: { kind: 'latest' } },
    target: world.settings(world.target),
  };
}

/** As a new server is; others' tools want the database. */
async function emptyTarget(world: SpeedWorld, withDatabase: boolean): Promise<void> {
  await world.sql(world.target, 'postgres', [
    'DROP DATABASE IF EXISTS shop WITH (FORCE)',
    `DROP ROLE IF EXISTS "${RESTORE_MARK_ROLE}"`,
    ...(withDatabase ? ['CREATE DATABASE shop'] : []),
    'CHECKPOINT',
  ]);
}

/** When the server reports the first row of a load. */
async function secondsToFirstRow(world: SpeedWorld, signal: AbortSignal): Promise<number | undefined> {
  const client = await masterClient(world.target, 'postgres');
  const started = Date.now();
  try {
    while (!signal.aborted) {
      const { rowCount } = await client.query('SELECT FROM pg_stat_progress_copy WHERE tuples_processed > 0');
      if (rowCount! > 0) return (Date.now() - started) / 1000;
      await sleep(20);
    }
    return undefined;
  } finally {
    await client.end();
  }
}
