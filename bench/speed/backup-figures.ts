import { fillStatements, tableStatements } from './data';
import { Group, Speed } from './groups';
import { Measured, median, medians } from './measure';
import { OUR_FOLDER, SpeedWorld } from './world';
import { backupIdOf } from '../../src/contract/backup-id';
import { Catalog } from '../../src/contract/catalog';
import { ObjectKeys } from '../../src/contract/object-keys';
import { BackUpRequest } from '../../src/contract/requests';
import { seal, unseal } from '../../src/runtime/storage/sealed-json';
import { atMost, Figure } from '../figures';

const ZSTD = '--format=directory --jobs=$(nproc) --compress=zstd:3';

/** The memory of a run differs by a tenth from that of the next: as many parts are on their way as happen to meet. */
const MEMORY_ROUNDS = 5;

/** Backups of the same database, ours and others', each with the flags that its manual recommends. */
export const BACKUP_GROUPS: Record<string, Group> = {
  rivals: {
    figures: [
      'wall/a',
      'wall/b',
      'wall/c',
      'wall/e',
      'wall/floor',
      'cpu/floor',
      'cpu/a',
      'node-pss-mb',
      'disk/stored',
      'stored/a',
    ],
    run: rivals,
  },
  sizes: { figures: ['node-pss-4x/1x', 'time-per-gb-4/0.5'], run: sizes },
  tables: { figures: ['wall-10000-tables/floor'], run: manyTables },
  catalog: { figures: ['catalog-10000-list-s'], run: longCatalog },
};

async function rivals({ world, options, progress }: Speed): Promise<Figure[]> {
  await makeFolder(world);
  await world.sql(world.source, 'postgres', ['CREATE DATABASE shop']);
  await world.sql(world.source, 'shop', await fillStatements(options.megabytes, options.seed));
  const { aws, source } = world;
  const ways: Record<string, (target: string) => Promise<Measured>> = {
    ours: async () => backUp(world),
    floor: async () => world.run(`pg_dump ${ZSTD} --no-sync --file=dump`, source),
    a: async (target) => world.run(`pg_dump --format=custom | ${aws} s3 cp - ${target}/dump`, source),
    b: async (target) =>
      world.run(
        `pg_dump --format=directory --jobs=$(nproc) --file=dump && ${aws} s3 sync --quiet dump ${target}`,
        source,
      ),
    c: async (target) => world.run(`pg_dump --format=plain | zstd -3 -T0 | ${aws} s3 cp - ${target}/dump`, source),
    e: async (target) => world.run(`pg_dump ${ZSTD} --file=dump && ${aws} s3 sync --quiet dump ${target}`, source),
  };
  const runs = Object.fromEntries(Object.keys(ways).map((name) => [name, [] as Measured[]]));
  const stored: Record<string, number> = {};
  for (let round = 1; round <= options.rounds; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const folder = name === 'ours' ? OUR_FOLDER : `${name}-${round}`;
      const before = { requests: await world.requests(), stored: await world.stored(folder) };
      const run = await way(world.bucket(folder));
      runs[name].push(run);
      stored[name] = name === 'floor' ? run.diskMb * 1024 * 1024 : (await world.stored(folder)) - before.stored;
      progress(
        `round ${round} ${name}: ${seconds(run.wallSeconds)} wall, ${seconds(run.cpuSeconds)} processor, Node ` +
          `${Math.round(run.nodePssMb)} MB, tree ${Math.round(run.treePssMb)} MB, disk ${Math.round(run.diskMb)} MB, ` +
          `stored ${Math.round(stored[name] / 1e6)} MB, ${(await world.requests()) - before.requests} requests`,
      );
    }
  }
  const of = Object.fromEntries(Object.entries(runs).map(([name, each]) => [name, medians(each)]));
  const wall = (name: string, bar: number) =>
    atMost(`wall/${name}`, ratio(of.ours.wallSeconds, of[name].wallSeconds), bar);
  const cpu = (name: string, bar: number) => atMost(`cpu/${name}`, ratio(of.ours.cpuSeconds, of[name].cpuSeconds), bar);
  return [
    wall('a', 0.35),
    wall('b', 0.35),
    wall('c', 0.85),
    wall('e', 0.75),
    wall('floor', 1.2),
    cpu('floor', 1.3),
    cpu('a', 0.55),
    atMost('node-pss-mb', Math.round(of.ours.nodePssMb), 160),
    atMost('disk/stored', ratio(of.ours.diskMb * 1024 * 1024, stored.ours), 0.25),
    atMost('stored/a', ratio(stored.ours, stored.a), 0.95),
  ];
}

/** The same data in a small and an eight times larger database; memory against one of a quarter of the larger. */
async function sizes({ world, options, progress }: Speed): Promise<Figure[]> {
  const scale = options.megabytes / 1500;
  await makeFolder(world);
  const found: Record<string, { perGb: number; nodePssMb: number }> = {};
  for (const gigabytes of [0.5, 1, 4]) {
    await world.sql(world.source, 'postgres', ['DROP DATABASE IF EXISTS shop', 'CREATE DATABASE shop']);
    await world.sql(world.source, 'shop', await fillStatements(gigabytes * 1000 * scale, options.seed));
    const runs: Measured[] = [];
    for (let round = 1; round <= Math.max(options.rounds, MEMORY_ROUNDS); round++) runs.push(await backUp(world));
    const { wallSeconds, nodePssMb } = medians(runs);
    progress(`${gigabytes * scale} GB: ${seconds(wallSeconds)} wall, Node ${Math.round(nodePssMb)} MB`);
    found[gigabytes] = { perGb: wallSeconds / gigabytes, nodePssMb };
  }
  return [
    atMost('node-pss-4x/1x', ratio(found[4].nodePssMb, found[1].nodePssMb), 1.1),
    atMost('time-per-gb-4/0.5', ratio(found[4].perGb, found[0.5].perGb), 1.15),
  ];
}

/** The server's table of locks has no room for 10,000 tables and two sessions: the floor is one session. */
async function manyTables({ world, options, progress }: Speed): Promise<Figure[]> {
  await makeFolder(world);
  await world.sql(world.source, 'postgres', ['DROP DATABASE IF EXISTS shop', 'CREATE DATABASE shop']);
  await world.sql(world.source, 'shop', tableStatements(10_000));
  const ours: number[] = [];
  const floor: number[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    floor.push(
      (await world.run('pg_dump --format=directory --compress=zstd:3 --no-sync --file=dump', world.source)).wallSeconds,
    );
    ours.push((await backUp(world)).wallSeconds);
    progress(`10,000 tables, round ${round}: ours ${seconds(ours.at(-1)!)}, floor ${seconds(floor.at(-1)!)}`);
  }
  return [atMost('wall-10000-tables/floor', ratio(median(ours), median(floor)), 1.2)];
}

/** Lists a catalog of 10,000 backups. */
async function longCatalog({ world, options }: Speed): Promise<Figure[]> {
  await makeFolder(world);
  const keys = new ObjectKeys(OUR_FOLDER, world.source.identifier);
  for (const key of keys.catalogs) {
    const { bytes } = await world.client.get(key, 1e8);
    const catalog = bytes && unseal<Catalog>(bytes)?.value;
    if (!catalog) continue;
    const [entry] = catalog.entries;
    const entries = Array.from({ length: 10_000 }, (_, hour) => ({
      ...entry,
      id: backupIdOf(new Date(Date.UTC(2025, 0, 1, hour))),
    }));
    await world.client.put(key, seal({ ...catalog, entries }));
  }
  const runs: number[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    const request = { action: 'list' as const, storage: world.storage, database: world.source.identifier };
    runs.push((await world.runOurs(request, world.source)).wallSeconds);
  }
  return [atMost('catalog-10000-list-s', round3(median(runs)), 1)];
}

/**
 * Makes the first backup of the folder, of a server without data. It asks several times for what is not there, once in
 * the life of a folder: measured are the backups after it.
 */
async function makeFolder(world: SpeedWorld): Promise<void> {
  await world.empty(OUR_FOLDER);
  await backUp(world);
}

async function backUp(world: SpeedWorld): Promise<Measured> {
  const request: BackUpRequest = {
    action: 'back-up',
    storage: world.storage,
    database: world.settings(world.source),
    retentionDays: 30,
  };
  return world.runOurs(request, world.source);
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function ratio(one: number, other: number): number {
  return round3(one / other);
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
