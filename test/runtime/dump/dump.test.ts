import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dumpDatabase, DumpedDatabase } from '../../../src/runtime/dump/dump';
import { resolveConnection, withClient } from '../../../src/runtime/postgres/connection';
import { readServerVersion, readUserDatabases } from '../../../src/runtime/postgres/server';
import { findDumpClient } from '../../../src/runtime/postgres/tools';
import { RealWorld } from '../real-world';

let world: RealWorld;
let realPath: string;
beforeAll(async () => {
  world = await RealWorld.start(15);
  realPath = process.env.PATH!;
  await world.sql(
    'shop',
    'CREATE TABLE first_large AS SELECT n, md5(n::text) FROM generate_series(1, 400000) n',
    'CREATE TABLE second_large AS SELECT n, md5(n::text) FROM generate_series(1, 400000) n',
    'CREATE TABLE small AS SELECT n FROM generate_series(1, 10) n',
    'CREATE TABLE parent (n int) PARTITION BY RANGE (n)',
    'CREATE TABLE "Odd ""child""" PARTITION OF parent FOR VALUES FROM (0) TO (100)',
    'INSERT INTO parent SELECT generate_series(1, 7)',
    'CREATE TABLE empty ()',
    'CREATE UNLOGGED TABLE unlogged AS SELECT 1',
    'CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM small',
    "SELECT lo_from_bytea(0, 'one'), lo_from_bytea(0, 'two')",
  );
});
afterAll(async () => world.stop());

let fakes: string;
beforeEach(async () => {
  fakes = await mkdtemp(path.join(tmpdir(), 'fakes-'));
  world.events.splice(0);
});
afterEach(async () => {
  process.env.PATH = realPath;
  await rm(fakes, { recursive: true });
});

/** Puts a script before the real pg_dump of 17, which it may call as `real`. */
async function wrapPgDump(script: string): Promise<void> {
  const file = path.join(fakes, 'pg_dump');
  await writeFile(
    file,
    `#!/bin/sh\nreal() { PATH="${realPath}" pg_dump-17 "$@"; }\n[ "$1" != --version ] || { real "$@"; exit; }\n${script}\n`,
  );
  await chmod(file, 0o755);
  process.env.PATH = `${fakes}:${realPath}`;
}

async function dump(database: string): Promise<DumpedDatabase> {
  const runtime = world.runtime();
  await mkdir(runtime.workDirectory);
  const connection = await resolveConnection(world.databaseSettings, runtime);
  const databases = await withClient(connection, 'postgres', readUserDatabases);
  return dumpDatabase({
    connection,
    database: databases.find(({ name }) => name === database)!,
    client: await findDumpClient(15, runtime.workDirectory),
    workDirectory: runtime.workDirectory,
    signal: new AbortController().signal,
    log: runtime.log,
  });
}

test('tells what the database holds, in the very snapshot', async () => {
  // WHEN
  const { facts, files } = await dump('shop');

  // THEN partitions are counted and not their parent; a materialized view has no rows of its own
  expect(facts.tables).toEqual([
    { schema: 'public', name: 'Odd "child"', rows: 7 },
    { schema: 'public', name: 'empty', rows: 0 },
    { schema: 'public', name: 'first_large', rows: 400_000 },
    { schema: 'public', name: 'second_large', rows: 400_000 },
    { schema: 'public', name: 'small', rows: 10 },
    { schema: 'public', name: 'unlogged', rows: 1 },
  ]);
  expect(facts.largeObjects).toBe(2);
  expect(facts.extensions.map(({ name }) => name)).toEqual(['plpgsql']);
  expect(facts.sizeBytes).toBeGreaterThan(50e6);
  expect(facts).toMatchObject({ name: 'shop', encoding: 'UTF8', owner: world.server.master.username });
  expect(files.map(({ name }) => name)).toContain('shop/toc.dat');
});

test('databases of the user are those that are no templates and not of RDS itself', async () => {
  const connection = await resolveConnection(world.databaseSettings, {
    ...world.runtime(),
    workDirectory: fakes,
  });
  await withClient(connection, 'postgres', async (client) => {
    expect((await readUserDatabases(client)).map(({ name }) => name)).toEqual(['postgres', 'shop']);
    expect(await readServerVersion(client)).toEqual({ text: world.server.version, major: 15 });
  });
});

test('a race with a schema change that a parallel dump lost is run once more with one job', async () => {
  // GIVEN somebody who changes a table that the dump has locked, while its workers are at larger ones
  const change = (async () => {
    for (let workers = 0; workers < 2; await sleep(5)) {
      const [row] = await world.sql(
        'shop',
        "SELECT count(*)::int AS workers FROM pg_stat_activity WHERE query LIKE 'COPY public.%\\_large%'",
      );
      workers = Number(row.workers);
    }
    await world.sql('shop', 'ALTER TABLE small ADD COLUMN late int');
  })();

  // WHEN
  const { facts } = await dump('shop');
  await change;

  // THEN
  expect(world.events).toEqual([
    expect.objectContaining({
      event: 'schema-changed-during-dump',
      message: expect.stringContaining('could not obtain lock on relation "public.small"'),
    }),
  ]);
  expect(facts.tables).toContainEqual({ schema: 'public', name: 'small', rows: 10 });
});

test('a schema change that waits for our lock, and pg_dump for it, does not hold up the dump for ever', async () => {
  // GIVEN a change that begins to wait before pg_dump, at its first start, asks for its locks
  const marker = path.join(fakes, 'started');
  await wrapPgDump(`
    [ -e ${marker} ] || { touch ${marker}; sleep 2; }
    real "$@"`);
  const change = (async () => {
    while (!existsSync(marker)) {
      await sleep(20);
    }
    await world.sql('shop', 'ALTER TABLE small ADD COLUMN later int');
  })();

  // WHEN
  const { facts } = await dump('shop');
  await change;

  // THEN
  expect(world.events).toEqual([expect.objectContaining({ event: 'schema-changed-during-dump' })]);
  expect(facts.tables).toContainEqual({ schema: 'public', name: 'small', rows: 10 });
});

test('fails, naming the table, when the race is lost twice', async () => {
  await wrapPgDump(`
    echo "pg_dump: error: could not obtain lock on relation \\"public.small\\"" >&2
    exit 1`);
  await expect(dump('postgres')).rejects.toMatchObject({
    kind: 'BackupFailed',
    message: expect.stringContaining('could not obtain lock on relation "public.small"'),
  });
  expect(world.events).toHaveLength(1);
});

test('fails for a warning, though the exit code is 0', async () => {
  await wrapPgDump('real "$@" && echo "pg_dump: warning: something was left out" >&2');
  await expect(dump('postgres')).rejects.toMatchObject({
    kind: 'BackupFailed',
    message: 'pg_dump of database postgres ended with code 0: pg_dump: warning: something was left out',
  });
});

test('fails when pg_dump is killed, though its files are there', async () => {
  await wrapPgDump('real "$@"; kill -9 $$');
  await expect(dump('postgres')).rejects.toThrow('pg_dump of database postgres was ended by SIGKILL');
});

test.each([
  ['a data file', 'rm "$directory"/[0-9]*.dat* && touch "$directory"/1.dat', /lacks \d+\.dat/],
  ['a large object', 'rm "$directory"/blob_*', /lacks blob_\d+\.dat/],
  ['the list of large objects', 'rm "$directory"/blobs*.toc', /lacks 2 of 2 large objects/],
  ['the table of contents', 'rm "$directory"/toc.dat', /has no readable table of contents/],
])('fails for a dump that lacks %s', async (_, damage, message) => {
  await wrapPgDump(`
    real "$@" || exit
    for argument in "$@"; do case "$argument" in --file=*) directory="\${argument#--file=}";; esac; done
    ${damage}`);
  await expect(dump('shop')).rejects.toMatchObject({ kind: 'BackupFailed', message: expect.stringMatching(message) });
});

test('fails, naming it, for a table that the dump left out', async () => {
  await wrapPgDump('real "$@" --exclude-table-data=small');
  await expect(dump('shop')).rejects.toThrow('The dump of database shop lacks table public.small.');
});
