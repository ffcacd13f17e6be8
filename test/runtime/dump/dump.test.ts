import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BufferPool } from '../../../src/runtime/archive/buffer-pool';
import { dumpDatabase, DumpedDatabase, DumpJob } from '../../../src/runtime/dump/dump';
import { DumpProgress } from '../../../src/runtime/dump/dump-progress';
import { resolveConnection, withClient } from '../../../src/runtime/postgres/connection';
import { readServerVersion, readSizes, readUserDatabases } from '../../../src/runtime/postgres/server';
import { findDumpClient } from '../../../src/runtime/postgres/tools';
import { waitFor } from '../../support/processes';
import { MemoryTarget } from '../archive/memory-target';
import { RealWorld } from '../real-world';

const PART_BYTES = 2 * 1024 * 1024;

let world: RealWorld;
/** Where the last dump went. */
let target: MemoryTarget;
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

/** A line of a script in the place of pg_dump: sets `directory` to that of the dump. */
const SET_DIRECTORY =
  'for argument in "$@"; do case "$argument" in --file=*) directory="${argument#--file=}";; esac; done';

/** Tables that were left, as the last dump told. */
let left: number[];

async function dump(database: string): Promise<DumpedDatabase> {
  left = [];
  target = new MemoryTarget(new BufferPool(4, PART_BYTES));
  return dumpDatabase({
    ...(await newJob(database, target)),
    progress: new DumpProgress(({ tablesLeft }) => tablesLeft !== undefined && left.push(tablesLeft)),
  });
}

async function newJob(database: string, into: MemoryTarget): Promise<DumpJob> {
  const runtime = world.runtime();
  await mkdir(runtime.workDirectory);
  const connection = await resolveConnection(world.databaseSettings, runtime);
  const databases = await withClient(connection, 'postgres', async (client) =>
    readSizes(client, await readUserDatabases(client)),
  );
  return {
    connection,
    database: databases.find(({ name }) => name === database)!,
    client: await findDumpClient(15, runtime.workDirectory),
    workDirectory: runtime.workDirectory,
    leaveOut: [],
    hasForeignNames: false,
    jobs: 2,
    progress: new DumpProgress(undefined),
    target: into,
    signal: new AbortController().signal,
    log: runtime.log,
  };
}

test('describes what the snapshot holds', async () => {
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
  // AND it told which of the tables were left
  expect(left).toEqual([6, 5, 4, 3, 2, 1, 0, 0]);
});

test('databases of the user are all but the untouched templates and that of RDS itself', async () => {
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
  // GIVEN a change of a table that begins to wait after pg_dump has locked it and before its workers do: in between, pg_dump
  // reads a sequence, which another session holds until then
  await world.sql('shop', 'CREATE SEQUENCE held');
  const holder = await world.connect('shop');
  await holder.query('BEGIN');
  await holder.query('DROP SEQUENCE held');
  const change = (async () => {
    await waitForLocks('held');
    const changing = world.sql('shop', 'ALTER TABLE small ADD COLUMN late int');
    await waitForLocks('small');
    await holder.query('ROLLBACK');
    await holder.end();
    await changing;
  })();

  // WHEN
  const { facts } = await dump('shop');
  await change;
  await world.sql('shop', 'DROP SEQUENCE held');

  // THEN
  expect(world.events).toContainEqual(
    expect.objectContaining({
      event: 'dump-repeated',
      reason: expect.stringContaining('could not obtain lock on relation "public.small"'),
    }),
  );
  expect(facts.tables).toContainEqual({ schema: 'public', name: 'small', rows: 10 });
});

/** Until a session waits for a lock on that relation. */
async function waitForLocks(relation: string, database = 'shop'): Promise<void> {
  await waitFor(async () => {
    const waiting = await world.sql(
      database,
      `SELECT FROM pg_locks WHERE NOT granted AND relation = to_regclass('public.${relation}')`,
    );
    return waiting.length > 0 ? true : undefined;
  });
}

test('a schema change that waits for our lock, and pg_dump for it, does not hold up the dump for ever', async () => {
  // GIVEN a change that begins to wait before pg_dump, at its first start, asks for its locks
  const started = path.join(fakes, 'started');
  const waiting = path.join(fakes, 'waiting');
  await wrapPgDump(`
    touch ${started}
    while [ ! -e ${waiting} ]; do sleep 0.05; done
    real "$@"`);
  const change = (async () => {
    await waitFor(async () => existsSync(started) || undefined);
    const changing = world.sql('shop', 'ALTER TABLE small ADD COLUMN later int');
    await waitForLocks('small');
    await writeFile(waiting, '');
    await changing;
  })();

  // WHEN
  const { facts } = await dump('shop');
  await change;

  // THEN
  expect(world.events).toContainEqual(expect.objectContaining({ event: 'dump-repeated' }));
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
  expect(world.events.filter(({ event }) => event === 'dump-repeated')).toHaveLength(1);
});

test('messages of a pg_dump that worked are remarks of a dump that is whole', async () => {
  await wrapPgDump(`
    echo "WARNING:  database has a collation version mismatch" >&2
    real "$@"
    code=$?
    printf 'pg_dump: warning: two lines\\npg_dump: detail: of one message\\npg_dump-17: warning: of the older one\\n' >&2
    printf 'pg_dump: warning: subscriptions not dumped because current user is not a superuser\\n' >&2
    exit $code`);
  const { remarks } = await dump('postgres');
  const message = { database: 'postgres', type: 'message', name: 'of pg_dump' };
  expect(remarks).toEqual([
    { ...message, reason: 'WARNING:  database has a collation version mismatch' },
    { ...message, reason: 'pg_dump: warning: two lines\npg_dump: detail: of one message' },
    { ...message, reason: 'pg_dump-17: warning: of the older one' },
  ]);
  expect(world.events.filter(({ event }) => event === 'pg-dump-message')).toHaveLength(3);
});

test('fails when pg_dump is killed, though its files are there', async () => {
  await wrapPgDump('real "$@"; kill -9 $$');
  await expect(dump('postgres')).rejects.toThrow('pg_dump of database postgres was ended by SIGKILL');
});

test.each(['could not write to file: No space left on device', 'could not close data file: Success'])(
  'says that the disk is full, and what to do, where pg_dump %s',
  async (message) => {
    await wrapPgDump(`echo "pg_dump: error: ${message}" >&2; exit 1`);
    await expect(dump('postgres')).rejects.toThrow(/The disk is full \(ENOSPC\)\. Give the function more/);
  },
);

test.each([
  ['a data file', 'rm "$directory"/[0-9]*.dat* && touch "$directory"/1.dat', /lacks \d+\.dat/],
  ['a large object', 'rm "$directory"/blob_*', /lacks blob_\d+\.dat/],
  ['the list of large objects', 'rm "$directory"/blobs*.toc', /lacks 2 of 2 large objects/],
  ['the table of contents', 'rm "$directory"/toc.dat', /has no readable table of contents/],
])('fails for a dump that lacks %s', async (_, damage, message) => {
  // Damaged before it is where files are stored from: what is stored already is not missing.
  await wrapPgDump(`
    ${SET_DIRECTORY}
    directory="$directory.made"
    real "$@" --file="$directory" || exit
    ${damage}
    mv "$directory" "\${directory%.made}"`);
  await expect(dump('shop')).rejects.toMatchObject({ kind: 'BackupFailed', message: expect.stringMatching(message) });
});

test('fails, naming it, for a table that the dump left out', async () => {
  await wrapPgDump('real "$@" --exclude-table-data=small');
  await expect(dump('shop')).rejects.toThrow('The dump of database shop lacks table public.small.');
});

describe('settings of the database and of the role', () => {
  const hostile: readonly [string, string][] = [
    ['statement_timeout', "'1s'"],
    ['lock_timeout', "'200ms'"],
    ['idle_in_transaction_session_timeout', "'500ms'"],
    ['default_transaction_read_only', 'on'],
    ['default_transaction_isolation', "'serializable'"],
    ['search_path', 'hostile, pg_catalog'],
    ['client_encoding', "'LATIN1'"],
    ['row_security', 'on'],
    ['standard_conforming_strings', 'off'],
    ['bytea_output', "'escape'"],
    ['extra_float_digits', '-15'],
    ['DateStyle', "'SQL, DMY'"],
    ['synchronize_seqscans', 'on'],
  ];
  const master = () => world.server.master.username;

  beforeAll(async () => {
    await world.sql('postgres', 'CREATE DATABASE hostile');
    await world.sql(
      'hostile',
      'CREATE SCHEMA hostile',
      // Would hide every table and make every name equal, if it were found before PostgreSQL's own.
      "CREATE FUNCTION hostile.same(name, text) RETURNS bool LANGUAGE sql AS 'SELECT true'",
      'CREATE OPERATOR hostile.!~ (LEFTARG = name, RIGHTARG = text, FUNCTION = hostile.same)',
      "CREATE TABLE words AS SELECT n, 'Grüße €' AS word FROM generate_series(1, 300000) n",
    );
    for (const [name, value] of hostile) {
      await world.sql('postgres', `ALTER DATABASE hostile SET ${name} = ${value}`);
      await world.sql('postgres', `ALTER ROLE ${master()} IN DATABASE hostile SET ${name} = ${value}`);
    }
  });
  afterAll(async () => {
    await world.sql('postgres', 'DROP DATABASE hostile');
  });

  test('do not disturb a dump', async () => {
    // GIVEN a table that somebody holds for longer than a lock is waited for, and a dump that takes longer than every timeout
    const holder = await world.connect('hostile');
    await holder.query('SET idle_in_transaction_session_timeout = 0');
    await holder.query('BEGIN READ WRITE');
    await holder.query('LOCK TABLE public.words');
    await wrapPgDump('sleep 2; real "$@"');
    const dumping = dump('hostile');
    const heldUp = waitForLocks('words', 'hostile').then(async () => sleep(2_000));
    await Promise.race([heldUp, dumping]).finally(async () => holder.end());
    const { facts, remarks } = await dumping;
    expect(facts.tables).toEqual([{ schema: 'public', name: 'words', rows: 300_000 }]);
    expect(remarks).toEqual([]);
  });

  test('do not change what is left out of it', async () => {
    await world.sql('hostile', 'SET default_transaction_read_only = off', 'CREATE TABLE public.draft ()');
    const job = await newJob('hostile', new MemoryTarget(new BufferPool(4, PART_BYTES)));

    const { facts, leftOut } = await dumpDatabase({ ...job, leaveOut: [{ schema: 'public', table: 'draft' }] });

    expect(facts.tables.map(({ name }) => name)).toEqual(['words']);
    expect(leftOut).toHaveLength(1);
  });
});

describe('what the master cannot read', () => {
  beforeAll(async () => {
    await world.sql('postgres', 'CREATE ROLE other', 'CREATE DATABASE closed');
    await world.sql(
      'closed',
      `GRANT other TO ${world.server.master.username}`,
      'CREATE TABLE "Secret" (id int GENERATED ALWAYS AS IDENTITY)',
      'CREATE TABLE hidden (id int)',
      'ALTER TABLE hidden ENABLE ROW LEVEL SECURITY',
      'ALTER TABLE hidden FORCE ROW LEVEL SECURITY',
      'CREATE TABLE open (id int)',
      'GRANT CREATE ON SCHEMA public TO other',
      'ALTER TABLE "Secret" OWNER TO other',
      `REVOKE other FROM ${world.server.master.username}`,
    );
  });
  afterAll(async () => {
    await world.sql('postgres', 'DROP DATABASE closed');
  });

  test('fails at once, naming all of it in the message and the log', async () => {
    await wrapPgDump('echo "pg_dump was started" >&2; exit 1');
    await expect(dump('closed')).rejects.toMatchObject({
      kind: 'BackupFailed',
      message: expect.stringContaining(
        'The master user cannot read 3 tables or sequences of database closed: table public."Secret": no SELECT, ' +
          'sequence public."Secret_id_seq": no SELECT, table public.hidden: its row security hides rows. ' +
          'Grant it what is missing, or make it their owner. Row security with FORCE hides rows from the owner of a table too:',
      ),
    });
    expect(world.events.filter(({ event }) => event === 'unreadable')).toHaveLength(3);
  });

  test('of tables that it owns already, only the FORCE of their row security is to be changed', async () => {
    await world.sql('closed', 'DROP TABLE "Secret"');
    const failure = await dump('closed').catch((error: Error) => error);
    expect((failure as Error).message).toBe(
      'The master user cannot read 1 tables or sequences of database closed: table public.hidden: its row security ' +
        'hides rows. Row security with FORCE hides rows from the owner of a table too: ' +
        'ALTER TABLE … NO FORCE ROW LEVEL SECURITY, or leave the table out of the backups.',
    );
    // AND that is the remedy
    await world.sql('closed', 'ALTER TABLE hidden NO FORCE ROW LEVEL SECURITY');
    await dump('closed');
  });
});

test('fails for a value that is too long for COPY, naming schema, table and column', async () => {
  await world.sql('postgres', 'CREATE DATABASE large');
  await world.sql(
    'large',
    'CREATE SCHEMA store',
    'CREATE TABLE store.files (id int, note text, "Content" bytea)',
    "INSERT INTO store.files VALUES (1, 'short', convert_to(repeat('x', 540000000), 'UTF8'))",
  );
  await expect(dump('large')).rejects.toMatchObject({
    kind: 'BackupFailed',
    message: expect.stringMatching(
      /^Database large could not be dumped\. Table store\.files has a row that is too long for COPY.* column Content, 1080000000 characters/,
    ),
  });
  await world.sql('postgres', 'DROP DATABASE large');
});

describe('while tables are emptied and refilled', () => {
  const TABLES = 200;
  const ROWS = 5;
  let stopped = false;
  let workers: Promise<unknown>[] = [];

  beforeAll(async () => {
    await world.sql('postgres', 'CREATE DATABASE busy');
    const make = (n: number) => `CREATE TABLE t${n} AS SELECT generate_series(1, ${ROWS}) AS n`;
    await world.sql('busy', Array.from({ length: TABLES }, (_, n) => make(n)).join(';'));
    workers = [0, 1, 2, 3].map(async (worker) => {
      for (let n = worker; !stopped; n = (n + 4) % TABLES) {
        await world.sql('busy', `BEGIN; TRUNCATE t${n}; INSERT INTO t${n} SELECT generate_series(1, ${ROWS}); COMMIT`);
      }
    });
  });
  afterAll(async () => {
    stopped = true;
    await Promise.all(workers);
    await world.sql('postgres', 'DROP DATABASE busy');
  });

  test('a dump has every row, within two attempts', async () => {
    const { facts, files } = await dump('busy');
    expect(facts.tables.filter(({ rows }) => rows !== ROWS)).toEqual([]);
    expect(facts.tables).toHaveLength(TABLES);
    // The data of an empty table is shorter.
    expect(new Set(files.filter(({ name }) => /\d\.dat/.test(name)).map(({ size }) => size)).size).toBe(1);
  });
});

test('a table that came after the locks and is emptied after the snapshot is noticed, and the dump made again', async () => {
  // GIVEN a table that keeps the dump waiting for its locks, while another table is created
  const marker = path.join(fakes, 'started');
  await wrapPgDump(`
    [ -e ${marker} ] || { touch ${marker}; while [ ! -e ${marker}-emptied ]; do sleep 0.05; done; }
    real "$@"`);
  const holder = await world.connect('shop');
  await holder.query('BEGIN; LOCK TABLE small IN ACCESS EXCLUSIVE MODE');
  const dumping = dump('shop');
  dumping.catch(() => undefined);
  await waitFor(async () => {
    const [row] = await world.sql('shop', 'SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted');
    return row.n === 1 ? true : undefined;
  });
  await world.sql('shop', 'CREATE TABLE late AS SELECT 1 AS n');
  await holder.query('COMMIT');
  await holder.end();

  // WHEN
  await waitFor(async () => existsSync(marker) || undefined);
  await world.sql('shop', 'BEGIN; TRUNCATE late; INSERT INTO late VALUES (1), (2); COMMIT');
  await writeFile(`${marker}-emptied`, '');

  // THEN
  const { facts } = await dumping;
  expect(facts.tables).toContainEqual({ schema: 'public', name: 'late', rows: 2 });
  expect(world.events).toContainEqual({
    level: 'warn',
    event: 'dump-repeated',
    database: 'shop',
    reason: expect.stringContaining('1 tables of database shop were emptied or rewritten'),
  });
  await world.sql('shop', 'DROP TABLE late');
});

test('a table of contents that was read before pg_dump had written its last is read again', async () => {
  // GIVEN a pg_dump that writes another one when its first has been looked at, which leaves a table out
  await world.sql('postgres', 'CREATE DATABASE twice');
  await world.sql('twice', 'CREATE TABLE one ()', 'CREATE TABLE two ()');
  await wrapPgDump(`${SET_DIRECTORY}
    real "$@" && sleep 2 && real "$@" --file=$directory.2 --exclude-table=two && cp $directory.2/toc.dat $directory`);

  // WHEN
  const dumping = dump('twice');

  // THEN
  await expect(dumping).rejects.toMatchObject({ message: expect.stringContaining('lacks table public.two') });
});

test('a file that is written again after it was stored is named', async () => {
  await wrapPgDump(`${SET_DIRECTORY}
    real "$@" && sleep 2 && rm -r $directory && real "$@"`);
  await expect(dump('twice')).rejects.toThrow(/The file twice\/\d+\.dat\S* of the dump was written again/);
  await world.sql('postgres', 'DROP DATABASE twice');
});

describe('where the server has no room for the locks of several sessions', () => {
  let others: Awaited<ReturnType<RealWorld['connect']>>;
  const marker = () => path.join(fakes, 'started');

  beforeAll(async () => {
    others = await world.connect('postgres');
    await others.query('SELECT count(pg_advisory_lock(n)) FROM generate_series(1, 6395) AS n');
    await world.sql(
      'shop',
      'CREATE TABLE changing (n int CONSTRAINT positive CHECK (n > 0))',
      'INSERT INTO changing VALUES (1)',
    );
  });
  afterAll(async () => {
    await others.end();
    await world.sql('shop', 'DROP TABLE changing');
  });

  /** The first pg_dump asks for its locks when the change has been made; the others do not wait. */
  async function dumpWhile(change: string): Promise<DumpedDatabase> {
    await wrapPgDump(`
      [ -e ${marker()} ] || { touch ${marker()}; while [ ! -e ${marker()}-changed ]; do sleep 0.05; done; }
      real "$@"`);
    const dumping = dump('shop');
    dumping.catch(() => undefined);
    await waitFor(async () => existsSync(marker()) || undefined);
    await world.sql('shop', change);
    await writeFile(`${marker()}-changed`, '');
    return dumping;
  }

  test('pg_dump locks the tables in one session of its own, after the snapshot', async () => {
    const { facts } = await dumpWhile('UPDATE changing SET n = 5; CREATE TABLE too_late ()');
    await world.sql('shop', 'DROP TABLE too_late');
    expect(world.events.map(({ event }) => event)).not.toContain('dump-repeated');
    expect(facts.tables.map(({ name }) => name)).not.toContain('too_late');
    expect(facts.tables).toContainEqual({ schema: 'public', name: 'changing', rows: 1 });
    expect(facts.tables).toContainEqual({ schema: 'public', name: 'first_large', rows: 400_000 });
  });

  test.each([
    ['BEGIN; TRUNCATE changing; INSERT INTO changing VALUES (1), (2); COMMIT', 'emptied or rewritten', 2],
    ['ALTER TABLE changing DROP CONSTRAINT positive', 'altered', 2],
    [
      'CREATE INDEX changed ON changing (n); DROP INDEX changed; ALTER TABLE changing ALTER n SET DEFAULT 3',
      'altered',
      2,
    ],
  ])('a change before pg_dump has its locks is noticed, and the dump made again: %s', async (change, what, rows) => {
    const { facts } = await dumpWhile(change);
    expect(world.events).toContainEqual(
      expect.objectContaining({
        event: 'dump-repeated',
        reason: expect.stringContaining(`1 tables of database shop were ${what} while the dump began`),
      }),
    );
    expect(world.events).toContainEqual(expect.objectContaining({ event: 'table-changed', table: 'public.changing' }));
    expect(facts.tables).toContainEqual({ schema: 'public', name: 'changing', rows });
  });
});

test('the parts of a dump, put together by tar and cat, are what pg_restore reads', async () => {
  // WHEN
  const { files, parts } = await dump('shop');

  // THEN large files have parts of their own
  expect([...target.parts.keys()].sort((a, b) => a - b)).toEqual(parts.map(({ number }) => number));
  const large = files.filter(({ segments }) => segments.length > 1);
  expect(large.length).toBeGreaterThanOrEqual(2);
  for (const { part } of large.flatMap(({ segments }) => segments)) {
    expect(files.filter(({ segments }) => segments.some((segment) => segment.part === part))).toHaveLength(1);
  }
  for (const [number, body] of target.parts) {
    await writeFile(path.join(fakes, `${number}`), body);
    execFileSync('tar', ['-xf', `${number}`], { cwd: fakes });
  }
  for (const { name, segments } of large) {
    execFileSync('sh', ['-c', `cat ${segments.map(({ member }) => member).join(' ')} > ${name}`], { cwd: fakes });
  }
  const env = { PATH: process.env.PATH };
  const sql = execFileSync('pg_restore', ['--file=-', path.join(fakes, 'shop')], { env, maxBuffer: 2 ** 28 });
  expect(createHash('md5').update(rowsOf(sql, 'first_large')).digest('hex')).toBe(await expectedDigest());
});

/** The lines of a table's rows in a script. */
function rowsOf(sql: Buffer, table: string): Buffer {
  const start = sql.indexOf('\n', sql.indexOf(`COPY public.${table} `)) + 1;
  return sql.subarray(start, sql.indexOf('\n\\.\n', start) + 1);
}

async function expectedDigest(): Promise<string> {
  const [row] = await world.sql(
    'shop',
    "SELECT md5(string_agg(n || E'\\t' || md5 || E'\\n', '' ORDER BY n)) AS digest FROM first_large",
  );
  return String(row.digest);
}

test('pg_dump is paused while the storage takes less than it writes, and resumed', async () => {
  // GIVEN a pg_dump that never ends, and a storage that takes nothing before it is told to
  await wrapPgDump(`
    ${SET_DIRECTORY}
    mkdir "$directory" && touch "$directory/toc.dat"
    exec 4> "$directory/1.dat.zst"
    while :; do head -c 65536 /dev/zero >&4; sleep 0.01; done`);
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const slow = new MemoryTarget(new BufferPool(2, 512 * 1024));
  slow.put = async () => released;
  const job = await newJob('postgres', slow);
  const controller = new AbortController();

  // WHEN
  const dumping = dumpDatabase({ ...job, signal: controller.signal });
  dumping.catch(() => undefined);

  // THEN
  const file = `--file=${path.join(job.workDirectory, 'postgres')}`;
  await waitFor(async () => (isPaused(file) ? true : undefined));
  release();
  await waitFor(async () => (isPaused(file) ? undefined : true));
  controller.abort(new Error('enough'));
  await expect(dumping).rejects.toThrow('enough');
});

/** Whether the first process with that argument is stopped. */
function isPaused(argument: string): boolean {
  const { stdout } = spawnSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' });
  return stdout.split('\n').some((line) => line.startsWith('T') && line.includes(argument));
}
