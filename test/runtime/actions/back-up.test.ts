import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fillSampleDatabase, SAMPLE_REPORTS_DATABASE } from '../../../sandbox/sample-database';
import { folderOfDatabase, Manifest } from '../../../src/contract/manifest';
import { BackUpRequest } from '../../../src/contract/requests';
import { DAY_MS } from '../../../src/contract/retention';
import { backUp } from '../../../src/runtime/actions/back-up';
import { list } from '../../../src/runtime/actions/list';
import { prune } from '../../../src/runtime/actions/prune';
import { show } from '../../../src/runtime/actions/show';
import { verify } from '../../../src/runtime/actions/verify';
import { watch } from '../../../src/runtime/actions/watch';
import { resolveConnection } from '../../../src/runtime/postgres/connection';
import { WriterLock } from '../../../src/runtime/postgres/lock';
import { withProgress } from '../../../src/runtime/progress';
import { Progress, Runtime } from '../../../src/runtime/runtime';
import { CERTIFICATE } from '../../support/certificate';
import { RealWorld } from '../real-world';

const FIRST = '20261101T030000Z';
const SECOND = '20261102T030000Z';

let world: RealWorld;
beforeAll(async () => {
  world = await RealWorld.start(17);
  await fillSampleDatabase({
    host: world.server.host,
    port: world.server.port,
    user: world.server.master.username,
    password: world.server.master.password,
    database: 'shop',
    ssl: { ca: world.storage.caPem },
  });
});
afterAll(async () => world.stop());
beforeEach(() => world.events.splice(0));

async function runtimeAt(time: string, overrides: Partial<Runtime> = {}): Promise<Runtime> {
  const runtime = world.runtime({ now: () => new Date(time), ...overrides });
  await mkdir(runtime.workDirectory);
  return runtime;
}

async function backUpAt(time: string, overrides: Partial<BackUpRequest> = {}, runtime: Partial<Runtime> = {}) {
  return backUp(
    {
      action: 'back-up',
      storage: world.storageSettings,
      database: world.databaseSettings,
      retentionDays: 30,
      dueAt: time,
      ...overrides,
    },
    await runtimeAt(time, runtime),
  );
}

const asked = () => ({ storage: world.storageSettings, database: 'shop' });
const metrics = () => world.events.filter(({ event }) => event === 'metric');

// The tests below are one story, told in order: each goes on where the one before it ended.

test('before the first backup there is nothing to list, and no age to tell', async () => {
  const runtime = await runtimeAt('2026-11-01T02:00:00Z');
  // The storage answers 403 for what is not there, as Amazon S3 does: that is never an empty list.
  const neither = { kind: 'MissingOrDenied' };
  await expect(list({ action: 'list', ...asked() }, runtime)).rejects.toMatchObject(neither);
  expect(await watch({ action: 'watch', ...asked() }, runtime)).toEqual({});
  expect(metrics()).toEqual([]);
  await expect(verify({ action: 'verify', ...asked(), backup: { kind: 'latest' } }, runtime)).rejects.toMatchObject(
    neither,
  );
});

test('a backup is completed with what the server holds, and has nothing but what the manifest names', async () => {
  // WHEN
  const answer = await backUpAt('2026-11-01T03:00:00Z');

  // THEN
  expect(answer).toMatchObject({ backup: FIRST, outcome: 'Completed', pruned: { deleted: [], kept: 1 } });
  const manifest = await show({ action: 'show', ...asked(), backup: FIRST }, await runtimeAt('2026-11-01T04:00:00Z'));
  expect(manifest).toMatchObject({
    format: 2,
    backup: FIRST,
    owner: { account: '123456789012', region: 'eu-central-1', database: 'shop' },
    libraryVersion: '1.2.3',
    engine: { name: 'postgres', serverVersion: world.server.version, serverMajor: 17 },
    master: world.server.master.username,
  });
  expect(manifest.databases.map(({ name }) => name).sort()).toEqual([SAMPLE_REPORTS_DATABASE, 'postgres', 'shop']);
  expect(manifest.roles.map(({ name }) => name)).toContain('shop_owner');
  expect(await world.storedKeys()).toEqual(
    expect.arrayContaining([...manifest.parts.map(({ number }) => `${FIRST}/${String(number).padStart(6, '0')}`)]),
  );
  expect((await world.storedKeys()).filter((key) => key.startsWith(`${FIRST}/`))).toHaveLength(
    manifest.parts.length + 1,
  );
  expect(JSON.stringify(world.events)).not.toContain(world.server.master.password);
  expect(metrics()).toEqual([
    expect.objectContaining({
      ...{ Database: 'shop', BackupFailed: 0, BackupAge: 0, StorageRetries: 0, BackupsPruned: 0 },
      ...{
        DatabaseSize: answer.databaseBytes,
        StoredSize: answer.storedBytes,
        BackupDuration: answer.durationMs / 1000,
      },
    }),
  ]);
});

test('the rows that the manifest counts are the rows of the tables', async () => {
  const manifest: Manifest = JSON.parse((await world.fetch(world.keys.manifest(FIRST))).toString());
  for (const { name, tables, largeObjects } of manifest.databases) {
    const counted = await world.sql(
      name,
      `SELECT format('%s.%s', nspname, relname) AS name, (xpath('/row/c/text()', query_to_xml(
         format('SELECT count(*) AS c FROM ONLY %I.%I', nspname, relname), false, true, '')))[1]::text AS rows
       FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
       WHERE relkind = 'r' AND nspname !~ '^(pg_|information_schema)' ORDER BY nspname, relname`,
    );
    const sorted = tables.map((table) => ({ name: `${table.schema}.${table.name}`, rows: String(table.rows) }));
    expect(sorted.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(
      counted.sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1)),
    );
    const [{ objects }] = await world.sql(name, 'SELECT count(*)::int AS objects FROM pg_largeobject_metadata');
    expect(largeObjects).toBe(objects);
  }
  expect(manifest.databases.find(({ name }) => name === 'shop')!.tables.length).toBeGreaterThan(5);
});

test('tar, cat and pg_restore, by hand, read the backup', async () => {
  // GIVEN the parts of the bucket
  const directory = await mkdtemp(path.join(tmpdir(), 'by-hand-'));
  for (const key of (await world.storedKeys()).filter((name) => /^20261101T030000Z\/\d{6}$/.test(name))) {
    await writeFile(path.join(directory, 'part'), await world.fetch(`${world.keys.folder}/${key}`));
    expect(spawnSync('tar', ['-xf', 'part'], { cwd: directory }).status).toBe(0);
  }
  const shop = path.join(directory, folderOfDatabase('shop'));

  // WHEN
  const sql = spawnSync('pg_restore', ['--file=-', shop], {
    env: { PATH: process.env.PATH },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });

  // THEN
  expect(sql.stderr).toBe('');
  expect(sql.status).toBe(0);
  expect(sql.stdout).toContain('PostgreSQL database dump complete');
  const reports = path.join(directory, folderOfDatabase(SAMPLE_REPORTS_DATABASE));
  expect(await readdir(reports)).toContain('toc.dat');
  await rm(directory, { recursive: true });
});

test('the same event delivered twice makes one backup', async () => {
  const before = await world.storedKeys();
  expect(await backUpAt('2026-11-01T03:00:00Z')).toMatchObject({ backup: FIRST, outcome: 'AlreadyCompleted' });
  expect(await world.storedKeys()).toEqual(before);
});

test('a run that finds the lock taken does nothing and says so', async () => {
  // GIVEN another run
  const connection = await resolveConnection(world.databaseSettings, await runtimeAt('2026-11-02T03:00:00Z'));
  const lock = (await WriterLock.take(connection, 'shop'))!;
  const before = await world.storedKeys();

  // THEN it waits for as long as it has time, then says so with a metric
  const soon = { remainingMs: () => 11_000 };
  expect(await backUpAt('2026-11-02T03:00:00Z', {}, soon)).toMatchObject({ backup: SECOND, outcome: 'Locked' });
  expect(metrics()).toEqual([expect.objectContaining({ Database: 'shop', BackupLocked: 1 })]);
  const request = { action: 'prune', storage: world.storageSettings, database: world.databaseSettings } as const;
  await expect(
    prune({ ...request, retentionDays: 1 }, await runtimeAt('2026-12-30T03:00:00Z', soon)),
  ).rejects.toMatchObject({
    kind: 'Locked',
  });
  expect(await world.storedKeys()).toEqual(before);

  // WHEN it ends
  await lock.verify();
  await lock.release();

  // THEN
  const next = await WriterLock.take(connection, 'shop');
  expect(next).toBeDefined();
  await next!.release();
});

test('fails before anything is written where the clock disagrees with the server', async () => {
  const before = await world.storedKeys();
  const ahead = new Date(Date.now() + 40 * DAY_MS).toISOString();
  await expect(backUpAt(ahead, {}, { maximumClockDifferenceMs: undefined })).rejects.toMatchObject({
    kind: 'Refused',
    message: expect.stringContaining('ahead of that of the database server'),
  });
  expect(await world.storedKeys()).toEqual(before);
});

test('fails before anything is written where the clock disagrees with the storage', async () => {
  const before = await world.storedKeys();
  const { openStorage } = await runtimeAt('2026-11-02T03:00:00Z');
  const withOtherClock: Runtime['openStorage'] = async (settings) =>
    Object.assign(Object.create(await openStorage(settings)), { clockOffsetMs: () => -100_000 * DAY_MS });
  await expect(
    backUpAt('2026-11-02T03:00:00Z', {}, { openStorage: withOtherClock, maximumClockDifferenceMs: 50_000 * DAY_MS }),
  ).rejects.toMatchObject({ kind: 'Refused', message: expect.stringContaining('the storage') });
  expect(await world.storedKeys()).toEqual(before);
});

/** Starts a run while another one has the lock, which gives it back when the run has found it taken. */
async function behindAnotherRun<T>(start: () => Promise<T>, meanwhile: () => void = () => undefined): Promise<T> {
  const connection = await resolveConnection(world.databaseSettings, await runtimeAt('2026-11-02T03:00:00Z'));
  const lock = (await WriterLock.take(connection, 'shop'))!;
  const take = jest.spyOn(WriterLock, 'take');
  const run = start();
  while (take.mock.results.length === 0) await sleep(20);
  expect(await take.mock.results[0].value).toBeUndefined();
  take.mockRestore();
  meanwhile();
  await lock.release();
  return run;
}

test('a run that finds the lock taken goes on when it is free', async () => {
  const request = { action: 'prune', storage: world.storageSettings, database: world.databaseSettings } as const;
  const runtime = await runtimeAt('2026-11-02T03:00:00Z');
  const pruned = await behindAnotherRun(async () => prune({ ...request, retentionDays: 1_000 }, runtime));
  expect(pruned).toMatchObject({ deleted: [] });
});

test('fails to verify a lock whose connection has ended', async () => {
  // GIVEN
  const connection = await resolveConnection(world.databaseSettings, await runtimeAt('2026-11-02T03:00:00Z'));
  const lock = (await WriterLock.take(connection, 'shop'))!;

  // WHEN
  await world.sql(
    'postgres',
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()",
  );

  // THEN
  await expect(lock.verify()).rejects.toMatchObject({ kind: 'DatabaseFault' });
  await expect(lock.verify()).rejects.toMatchObject({ kind: 'DatabaseFault' });
});

test('fails, naming it, for a database that the master may not enter', async () => {
  // GIVEN
  await world.sql('postgres', 'CREATE DATABASE closed', 'ALTER DATABASE closed WITH ALLOW_CONNECTIONS false');

  // WHEN
  const failure = backUpAt('2026-11-02T03:00:00Z');

  // THEN
  await expect(failure).rejects.toMatchObject({
    kind: 'BackupFailed',
    message: expect.stringContaining('The master user cannot connect to closed'),
  });
  expect(metrics()).toEqual([expect.objectContaining({ Database: 'shop', BackupFailed: 1 })]);
  const { backups } = await list({ action: 'list', ...asked() }, await runtimeAt('2026-11-02T04:00:00Z'));
  expect(backups.map(({ backup, state }) => [backup, state])).toEqual([
    [SECOND, 'Failed'],
    [FIRST, 'Completed'],
  ]);
  expect(backups[0].reason).toContain('closed');
  await world.sql('postgres', 'DROP DATABASE closed');
});

test('fails, naming the table, for rows that the master may not read', async () => {
  // GIVEN a table whose policies hold for its owner too
  await world.sql(
    'shop',
    'CREATE TABLE hidden_rows AS SELECT 1 AS id',
    'ALTER TABLE hidden_rows ENABLE ROW LEVEL SECURITY',
    'ALTER TABLE hidden_rows FORCE ROW LEVEL SECURITY',
  );

  // THEN
  await expect(backUpAt('2026-11-02T03:00:00Z')).rejects.toMatchObject({
    kind: 'BackupFailed',
    message: expect.stringContaining('table shop.hidden_rows: its row security hides rows'),
  });
  expect((await world.storedKeys()).filter((key) => key.startsWith(`${SECOND}/`))).toEqual([]);
  await world.sql('shop', 'DROP TABLE hidden_rows');
});

test('fails in good order when the time of the function is about to end', async () => {
  // GIVEN a table that somebody else holds, and 12 seconds
  const end = Date.now() + 12_000;
  const holder = spawnHolder();
  await holder.locked;

  // WHEN
  const failure = backUpAt('2026-11-02T03:00:00Z', {}, { remainingMs: () => end - Date.now() });

  // THEN
  await expect(failure).rejects.toMatchObject({
    kind: 'BackupFailed',
    message: expect.stringContaining('The time of the function was about to end'),
  });
  await holder.stop();
  const { backups } = await list({ action: 'list', ...asked() }, await runtimeAt('2026-11-02T04:00:00Z'));
  expect(backups[0]).toMatchObject({ backup: SECOND, state: 'Failed' });
});

test('a backup that failed can be run again, and names the one before it', async () => {
  const reports: Progress[] = [];
  const info = (event: string, report = {}) => void (event === 'progress' && reports.push(report as Progress));
  const log = { info, warn: () => undefined, progressIntervalMs: 0 };
  const reporting = withProgress(await runtimeAt('2026-11-02T03:00:00Z', { log }), 'back-up');
  const { openStorage, reportWork } = reporting;

  // WHEN
  const answer = await backUpAt('2026-11-02T03:00:00Z', {}, { openStorage, reportWork });

  // THEN
  expect(answer).toMatchObject({ backup: SECOND, outcome: 'Completed' });
  // AND it told its share as far as the first backup tells, and that no table was left
  expect(reports.at(-1)).toMatchObject({ direction: 'stored', tablesLeft: 0 });
  expect(reports.at(-1)!.totalBytes! / answer.storedBytes!).toBeCloseTo(1, 1);
  const manifest: Manifest = JSON.parse((await world.fetch(world.keys.manifest(SECOND))).toString());
  expect(manifest.previous).toBe(FIRST);
});

test('the age of the newest is told as a metric', async () => {
  const runtime = await runtimeAt('2026-11-02T05:00:00Z');
  expect(await watch({ action: 'watch', ...asked() }, runtime)).toEqual({ newest: SECOND, ageSeconds: 7200 });
  expect(metrics()).toEqual([
    expect.objectContaining({
      Database: 'shop',
      BackupAge: 7200,
      _aws: {
        Timestamp: Date.parse('2026-11-02T05:00:00Z'),
        CloudWatchMetrics: [
          {
            Namespace: 'ManagedDatabase',
            Dimensions: [['Database']],
            Metrics: [{ Name: 'BackupAge', Unit: 'Seconds' }],
          },
        ],
      },
    }),
  ]);
});

test('verify reads every part, and names one that is damaged or missing', async () => {
  const runtime = await runtimeAt('2026-11-02T05:00:00Z');
  const request = { action: 'verify', ...asked(), backup: { kind: 'backup', id: SECOND } } as const;
  const manifest: Manifest = JSON.parse((await world.fetch(world.keys.manifest(SECOND))).toString());
  expect(await verify(request, runtime)).toEqual({
    backup: SECOND,
    parts: manifest.parts.length,
    bytes: manifest.parts.reduce((sum, { size }) => sum + size, 0),
  });

  // GIVEN a byte that differs, then a part that is gone
  const key = world.keys.part(SECOND, manifest.parts.at(-1)!.number);
  const whole = await world.fetch(key);
  const damaged = Buffer.from(whole);
  damaged[damaged.length - 2000] = (damaged[damaged.length - 2000] + 1) % 256;
  await world.replace(key, damaged);
  await expect(verify(request, runtime)).rejects.toThrow(`Backup ${SECOND} is not whole: ${key} has SHA-256 `);
  await world.remove(key);
  await expect(verify(request, runtime)).rejects.toThrow(
    `Backup ${SECOND} is not whole: ${key} is missing, or reading it is denied`,
  );
  await world.replace(key, whole);
  await verify(request, runtime);
});

test('retention deletes the objects of what is too old, and never those of the newest', async () => {
  // GIVEN both backups far past their time
  const late = new Date(Date.parse('2026-11-02T03:00:00Z') + 100 * DAY_MS).toISOString();
  const request = { action: 'prune', storage: world.storageSettings, database: world.databaseSettings } as const;
  const before = await world.storedKeys();

  // WHEN it is only asked
  const dryRunAnswer = await prune({ ...request, retentionDays: 30, dryRun: true }, await runtimeAt(late));

  // THEN
  const reasons = [{ backup: SECOND, reason: 'the newest completed backup, which is always kept' }];
  expect(dryRunAnswer).toEqual({ deleted: [FIRST], kept: 1, reasons });
  expect(await world.storedKeys()).toEqual(before);

  // WHEN
  const pruned = await prune({ ...request, retentionDays: 30 }, await runtimeAt(late));

  // THEN
  expect(pruned).toEqual(dryRunAnswer);
  const left = await world.storedKeys();
  // The second had been run twice: the copy of its manifest is no longer needed.
  const { parts }: Manifest = JSON.parse((await world.fetch(world.keys.manifest(SECOND))).toString());
  const copy = `${SECOND}/${String(parts.at(-1)!.number + 1).padStart(6, '0')}`;
  expect(before).toContain(copy);
  expect(left).toEqual(before.filter((key) => !key.startsWith(`${FIRST}/`) && key !== copy));
  await verify({ action: 'verify', ...asked(), backup: { kind: 'latest' } }, await runtimeAt(late));
  expect(await prune({ ...request, retentionDays: 30 }, await runtimeAt(late))).toEqual({
    deleted: [],
    kept: 1,
    reasons,
    note: 'No completed backup but the newest, which is always kept, is older than 30 days.',
  });
});

test.each([0, 1.5])('fails for a retention of %p days, before anything is done', async (retentionDays) => {
  await expect(backUpAt('2026-11-03T03:00:00Z', { retentionDays })).rejects.toMatchObject({
    kind: 'InvalidRequest',
    message: `retentionDays is a whole number of days from 1 to 36500; got ${retentionDays}.`,
  });
});

test('fails with the remedy, and without the password, when the server does not know us', async () => {
  // GIVEN
  const secrets = {
    read: async (arn: string) =>
      arn.endsWith('database') ? '{"username":"shopmaster","password":"wr0ng pass"}' : '{}',
  };

  // WHEN
  const failure = backUpAt('2026-11-03T03:00:00Z', {}, { secrets });

  // THEN
  await expect(failure).rejects.toMatchObject({
    kind: 'DatabaseFault',
    message: expect.stringMatching(/as shopmaster: .*Check that the secret holds the current user name and password/),
  });
  await failure.catch((error) => expect(JSON.stringify([error, error.message])).not.toContain('wr0ng pass'));
});

test('fails where the server is not who it says it is', async () => {
  // GIVEN another authority
  const roots = process.env.PGSSLROOTCERT;
  delete process.env.PGSSLROOTCERT;

  // WHEN
  const failure = backUpAt('2026-11-03T03:00:00Z');

  // THEN
  await expect(failure).rejects.toMatchObject({
    kind: 'DatabaseFault',
    message: expect.stringContaining('TLS with a verified certificate is required'),
  });
  process.env.PGSSLROOTCERT = roots;
});

test('trusts the certificate authority that the database names, and no other', async () => {
  // GIVEN the server's authority in the request only
  const roots = process.env.PGSSLROOTCERT;
  delete process.env.PGSSLROOTCERT;
  const trusting = { ...world.databaseSettings, caCertificate: world.storage.caPem };

  // WHEN, THEN
  await expect(backUpAt('2026-11-04T03:00:00Z', { database: trusting })).resolves.toMatchObject({
    outcome: 'Completed',
  });
  process.env.PGSSLROOTCERT = roots;
  await expect(
    backUpAt('2026-11-05T03:00:00Z', { database: { ...trusting, caCertificate: CERTIFICATE } }),
  ).rejects.toMatchObject({ message: expect.stringContaining('TLS with a verified certificate is required') });
});

test.each([
  ['no JSON', 'pass{word'],
  ['no password', '{"username":"shopmaster"}'],
])('fails for a secret that holds %s, without quoting it', async (_, text) => {
  const failure = backUpAt('2026-11-03T03:00:00Z', {}, { secrets: { read: async () => text } });
  await expect(failure).rejects.toMatchObject({
    kind: 'DatabaseFault',
    message:
      'The secret arn:aws:secretsmanager:eu-central-1:123456789012:secret:database must hold ' +
      '{"username", "password"} in JSON.',
  });
});

/** A session that locks a table of the shop against everybody, in a process of its own. */
function spawnHolder() {
  const child = spawn('psql', ['--no-psqlrc', '--quiet'], {
    env: {
      PATH: process.env.PATH,
      PGHOST: world.server.host,
      PGPORT: String(world.server.port),
      PGUSER: world.server.master.username,
      PGPASSWORD: world.server.master.password,
      PGDATABASE: 'shop',
      PGSSLMODE: 'require',
    },
  });
  child.stdin.write('CREATE TABLE held (id int);\nBEGIN;\nLOCK TABLE held;\n\\echo locked\n');
  return {
    locked: once(child.stdout, 'data'),
    stop: async () => {
      child.stdin.end('ROLLBACK;\nDROP TABLE held;\n');
      await once(child, 'close');
    },
  };
}

test('fails at once where the last backup says that the time of the function is too short', async () => {
  process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE = '1769';
  try {
    // GIVEN a backup that took minutes, by its clock
    let now = Date.parse('2027-01-01T03:00:00Z');
    await backUpAt('2027-01-01T03:00:00Z', {}, { now: () => new Date((now += 60_000)) });

    // WHEN
    const failure = backUpAt('2027-01-02T03:00:00Z', {}, { remainingMs: () => 70_000 });

    // THEN
    await expect(failure).rejects.toMatchObject({
      kind: 'BackupFailed',
      message: expect.stringMatching(
        /^The backup is estimated to take \d+ s, and the function has 60 s\..*command line/,
      ),
    });
    expect((await world.storedKeys()).filter((key) => key.startsWith('20270102T030000Z/'))).toEqual([]);
  } finally {
    delete process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE;
  }
});

test('the time for which a backup waited for its turn is no part of the estimate of the next', async () => {
  process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE = '1769';
  try {
    // GIVEN a backup that had to wait for an hour, then took a minute or a few, by its clock
    let now = Date.parse('2027-01-03T03:00:00Z');
    const waited = await behindAnotherRun(
      async () => backUpAt('2027-01-03T03:00:00Z', {}, { now: () => new Date((now += 60_000)) }),
      () => (now += 60 * 60_000),
    );
    expect(waited).toMatchObject({ outcome: 'Completed' });

    // THEN half an hour is enough for the next
    const next = await backUpAt('2027-01-04T03:00:00Z', {}, { remainingMs: () => 30 * 60_000 });
    expect(next).toMatchObject({ outcome: 'Completed' });
  } finally {
    delete process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE;
  }
});

test('two runs by hand within one second make two backups', async () => {
  // GIVEN a clock that stands still until a run finds that its second has a backup
  let now = Date.parse('2027-01-05T12:00:00.900Z');
  const log = {
    info: (event: string) => void (now += event === 'backup-already-completed' ? 100 : 0),
    warn: jest.fn(),
  };
  const byHand = async () => {
    const runtime = { now: () => new Date(now), log };
    return backUpAt('2027-01-05T12:00:00Z', { dueAt: undefined }, runtime);
  };

  // THEN
  expect(await byHand()).toMatchObject({ backup: '20270105T120000Z', outcome: 'Completed' });
  expect(await byHand()).toMatchObject({ backup: '20270105T120001Z', outcome: 'Completed' });
});
