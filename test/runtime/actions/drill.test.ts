import { createHash } from 'node:crypto';
import { readdir, readFile, mkdir } from 'node:fs/promises';
import { Manifest } from '../../../src/contract/manifest';
import { DrillCheck, Proof } from '../../../src/contract/proof';
import { describeRemark } from '../../../src/contract/remark';
import { BackupSelector, DrillRequest } from '../../../src/contract/requests';
import { drill } from '../../../src/runtime/actions/drill';
import { prune } from '../../../src/runtime/actions/prune';
import { testConnection } from '../../../src/runtime/actions/test-connection';
import { watch } from '../../../src/runtime/actions/watch';
import { LeftOutWithExtensions } from '../../../src/runtime/restore/left-out-with-extensions';
import { Runtime } from '../../../src/runtime/runtime';
import { openObjectStore } from '../../../src/runtime/storage/s3-object-store';
import { seal } from '../../../src/runtime/storage/sealed-json';
import { installDrillServer } from '../../support/drill-server';
import { RealWorld } from '../real-world';
import { BACKUP, backedUp } from '../restore/sample-backup';

let world: RealWorld;
let uninstall: () => Promise<void>;

beforeAll(async () => {
  world = await RealWorld.start(17);
  uninstall = await installDrillServer();
  await world.sql(
    'shop',
    'CREATE ROLE clerk',
    ...['orders', 'lines', 'people', 'prices'].map(
      (name) => `CREATE TABLE ${name} (id integer PRIMARY KEY, name text)`,
    ),
    "INSERT INTO orders SELECT n, 'order ' || n FROM generate_series(1, 1000) n",
    'ALTER TABLE lines ADD FOREIGN KEY (id) REFERENCES orders',
    'GRANT SELECT ON orders TO clerk',
    'SELECT lo_create(0)',
    'CREATE TABLE things (n integer)',
    'INSERT INTO things VALUES (1), (1)',
    'CREATE INDEX with_seven_more_letters ON things (n)',
    'CREATE UNLOGGED TABLE passing ()',
  );
  await backedUp(world, '2026-11-22T03:00:00Z');
});
afterAll(async () => {
  await uninstall?.();
  await world?.stop();
});
beforeEach(() => world.events.splice(0));

let workDirectory: string;

async function drillOf(
  checks: DrillCheck[] = [],
  overrides: Partial<Runtime> = {},
  id?: string,
  more: Pick<DrillRequest, 'schedule' | 'events'> = {},
): Promise<Proof> {
  const runtime = world.runtime(overrides);
  workDirectory = runtime.workDirectory;
  await mkdir(workDirectory);
  const backup: BackupSelector = id === undefined ? { kind: 'latest' } : { kind: 'backup', id };
  const source = { storage: world.storageSettings, database: 'shop', backup };
  return drill({ action: 'drill', source, checks, ...more }, runtime);
}

async function storedProof(): Promise<Proof> {
  return JSON.parse((await world.fetch(world.keys.proof(BACKUP))).toString());
}

/** Processes with a word in their command line. */
async function processesWith(word: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(word));
}

async function expectNothingLeft(): Promise<void> {
  expect(await readdir(workDirectory)).not.toContain('server');
  expect(await processesWith(`${workDirectory}/server`)).toEqual([]);
}

test('a good backup is proved: it was restored, counted, and every check passed', async () => {
  const checks = [
    { database: 'shop', query: 'SELECT count(*) > 0 FROM pg_catalog.pg_tables', expect: 't' },
    { database: 'shop', query: 'SELECT 6 * 7', expect: '42' },
  ];

  const proof = await drillOf(checks);

  expect(proof).toMatchObject({
    ...{ format: 1, backup: BACKUP, state: 'Proved', libraryVersion: '1.2.3' },
    serverVersion: expect.stringMatching(/^18\./),
    checks: [
      { value: 't', passed: true },
      { value: '42', passed: true },
    ],
  });
  expect(proof.loaded!.tables).toBeGreaterThan(5);
  expect(proof.durations.restoreMs).toBeGreaterThan(0);
  expect(await storedProof()).toMatchObject(proof);
  await expectNothingLeft();
});

test('a check can only read, and has one statement; one that fails disproves the backup', async () => {
  const checks = [
    { database: 'shop', query: 'CREATE TABLE written ()', expect: '' },
    { database: 'shop', query: 'SELECT 1; COMMIT; CREATE TABLE written ()', expect: '1' },
    { database: 'shop', query: 'SELECT 6 * 7', expect: '43' },
    { database: 'nowhere', query: 'SELECT 1', expect: '1' },
  ];

  await expect(drillOf(checks)).rejects.toMatchObject({
    kind: 'VerificationFailed',
    message: expect.stringContaining('4 of 4 checks failed'),
    details: { state: 'Disproved' },
  });

  const { checks: results, state } = await storedProof();
  expect(state).toBe('Disproved');
  expect(results.map(({ error, value }) => error ?? value)).toEqual([
    'cannot execute CREATE TABLE in a read-only transaction',
    'cannot insert multiple commands into a prepared statement',
    '42',
    expect.stringContaining('database "nowhere" does not exist'),
  ]);
  await expectNothingLeft();
});

describe('a backup that says Completed and cannot be restored', () => {
  let body: Buffer;
  beforeEach(async () => (body = await world.fetch(world.keys.manifest(BACKUP))));
  afterEach(async () => {
    await world.replace(world.keys.manifest(BACKUP), body);
    for (const key of await catalogs()) await world.replace(key.name, key.body);
    saved = undefined;
  });

  let saved: { name: string; body: Buffer }[] | undefined;
  async function catalogs() {
    return (saved ??= await Promise.all(
      world.keys.catalogs.map(async (name) => ({ name, body: await world.fetch(name) })),
    ));
  }

  /** Changes words of the dump's table of contents, as many letters for as many, and the digests above them. */
  async function changeWords(from: string, to: string): Promise<void> {
    expect(to).toHaveLength(from.length);
    let part: Buffer;
    await change((manifest) => {
      const toc = manifest.files.find(({ name }: any) => name === 'shop/toc.dat');
      const { part: number } = toc.segments[0];
      expect(toc.segments).toHaveLength(1);
      const key = world.keys.part(BACKUP, number);
      part = parts.get(key)!;
      const at = part.indexOf(from);
      expect(at).toBeGreaterThan(0);
      const changed = Buffer.concat([part.subarray(0, at), Buffer.from(to), part.subarray(at + from.length)]);
      manifest.parts.find((each: any) => each.number === number).sha256 = sha256(changed);
      changedParts.set(key, changed);
    });
    for (const [key, bytes] of changedParts) await world.replace(key, bytes);
  }

  const parts = new Map<string, Buffer>();
  const changedParts = new Map<string, Buffer>();
  beforeEach(async () => {
    const { parts: all }: Manifest = JSON.parse(body.toString());
    for (const { number } of all) {
      const key = world.keys.part(BACKUP, number);
      parts.set(key, await world.fetch(key));
    }
  });
  afterEach(async () => {
    for (const key of changedParts.keys()) await world.replace(key, parts.get(key)!);
    changedParts.clear();
  });

  /** Stores a manifest that was changed by hand, and makes the list agree with it. */
  async function change(edit: (manifest: any) => void): Promise<void> {
    const { digest, ...manifest }: Manifest & { digest: string } = JSON.parse(body.toString());
    edit(manifest);
    const changed = seal(manifest);
    await world.replace(world.keys.manifest(BACKUP), changed);
    for (const { name, body: catalog } of await catalogs()) {
      const { digest: old, ...rest } = JSON.parse(catalog.toString());
      const text = JSON.stringify(rest).replaceAll(digest, JSON.parse(changed.toString()).digest);
      await world.replace(name, seal(JSON.parse(text)));
    }
  }

  const shop = (manifest: any) => manifest.databases.find(({ name }: any) => name === 'shop');

  test('fails with a count that is one too high', async () => {
    await change((manifest) => (shop(manifest).tables[0].rows += 1));
    await expect(drillOf()).rejects.toMatchObject({
      message: expect.stringContaining('does not hold what the backup'),
    });
    expect(await storedProof()).toMatchObject({ state: 'Disproved' });
    await expectNothingLeft();
  });

  test('fails for words that the newest server does not know', async () => {
    await changeWords('CREATE UNLOGGED TABLE', 'CREATE UNWRITTEN RELN');
    await expect(drillOf()).rejects.toMatchObject({
      message: expect.stringMatching(/syntax error at or near "UNWRITTEN"/),
    });
    expect(await storedProof()).toMatchObject({ state: 'Disproved', reason: expect.stringContaining('passing') });
    await expectNothingLeft();
  });

  test('fails for duplicate keys under a unique index, and names it', async () => {
    await changeWords('CREATE INDEX with_seven_more_letters', 'CREATE UNIQUE INDEX of_seven_letters');
    await expect(drillOf()).rejects.toMatchObject({
      message: expect.stringMatching(/could not create unique index/),
    });
    expect(await storedProof()).toMatchObject({ state: 'Disproved', reason: expect.stringContaining('duplicated') });
    await expectNothingLeft();
  });

  test('fails without one file of a database', async () => {
    await change((manifest) => {
      const index = manifest.files.findIndex(({ name }: any) => name.startsWith('shop/') && name.endsWith('.zst'));
      manifest.files.splice(index, 1);
    });
    await expect(drillOf()).rejects.toMatchObject({ kind: 'VerificationFailed' });
    await expectNothingLeft();
  });

  test('fails for a role that cannot be made, and names it', async () => {
    await change((manifest) =>
      manifest.roles.push({ name: 'pg_reserved', attributes: ['NOLOGIN'], connectionLimit: -1, settings: [] }),
    );
    await expect(drillOf()).rejects.toMatchObject({ message: expect.stringContaining('pg_reserved') });
    expect(await storedProof()).toMatchObject({ state: 'Disproved' });
    await expectNothingLeft();
  });

  test('fails without a database that the list of files has', async () => {
    await change((manifest) => (manifest.databases = manifest.databases.filter(({ name }: any) => name !== 'shop')));
    await expect(drillOf([{ database: 'shop', query: 'SELECT 1', expect: '1' }])).rejects.toMatchObject({
      message: expect.stringContaining('database "shop" does not exist'),
    });
    await expectNothingLeft();
  });

  test('is refused, before anything is read, where the databases do not fit on the disk', async () => {
    await change((manifest) => (shop(manifest).sizeBytes = 1e15));
    await expect(drillOf()).rejects.toMatchObject({
      kind: 'Refused',
      message: expect.stringMatching(/needs \d+ MiB of disk, and \d+ MiB are free\..*command line/),
    });
    expect(world.events.map(({ event }) => event)).not.toContain('drill-started');
  });

  test('fails by name, without a proof, for a locale that is not installed', async () => {
    await world.remove(world.keys.proof(BACKUP));
    await change((manifest) => (shop(manifest).collate = 'xx_YY.utf8'));
    await expect(drillOf()).rejects.toMatchObject({
      kind: 'Refused',
      message: expect.stringMatching(/The locales of all databases must be installed.* database shop: .*xx_YY/),
    });
    expect(await world.storedKeys()).not.toContain(`${BACKUP}/proof.json`);
    await expectNothingLeft();
  });
});

describe('what a drill reports', () => {
  const metrics = () => world.events.filter(({ event }) => event === 'metric');
  const request = { schedule: 'orders-nightly', events: true } as const;

  test('a proved backup: metrics with both dimensions', async () => {
    await drillOf([], {}, undefined, { schedule: request.schedule });
    expect(metrics()).toHaveLength(1);
    expect(metrics()[0]).toMatchObject({ Database: 'shop', Schedule: 'orders-nightly', DrillFailed: 0, ProofAge: 0 });
    expect(metrics()[0].DrillDuration).toBeGreaterThan(0);
  });

  test('one that could not be tried, and one that is not there, count as failed', async () => {
    await expect(drillOf([], {}, '20010101T000000Z', request)).rejects.toMatchObject({ kind: 'NotFound' });
    expect(metrics()).toMatchObject([{ DrillFailed: 1, Schedule: 'orders-nightly' }]);
    expect(metrics()[0]).not.toHaveProperty('ProofAge');
  });

  test('where no backup was made yet, nothing has failed', async () => {
    const runtime = world.runtime();
    const source = { storage: world.storageSettings, database: 'empty', backup: { kind: 'latest' } } as const;
    await expect(drill({ action: 'drill', source, ...request }, runtime)).rejects.toMatchObject({
      kind: 'MissingOrDenied',
    });
    expect(metrics()).toEqual([]);
    expect(world.events.map(({ event }) => event)).toContain('nothing-to-drill');
  });

  test('watch reports the age of the newest proof, and counts from the schedule where there is none', async () => {
    const proof = await drillOf();
    const at = new Date(Date.parse(proof.endedAt) + 3_600_000);
    const asked = { action: 'watch', storage: world.storageSettings, database: 'shop' } as const;
    const drillsSince = new Date(at.getTime() - 7_200_000).toISOString();
    const runtime = world.runtime({ now: () => at });

    expect(await watch({ ...asked, drillsSince }, runtime)).toMatchObject({ proofAgeSeconds: 3600 });
    expect(metrics().at(-1)).toMatchObject({ ProofAge: 3600 });
    expect(await watch(asked, runtime)).not.toHaveProperty('proofAgeSeconds');

    await world.replace(world.keys.proof(BACKUP), seal({ ...proof, state: 'Disproved' }));
    expect(await watch({ ...asked, drillsSince }, runtime)).toMatchObject({ proofAgeSeconds: 7200 });
  });
});

test('a role that may read the folder and write proofs is all that a drill needs', async () => {
  const folder = `customer-backups/${world.keys.folder}`;
  const statements = [
    { actions: ['s3:GetObject'], keys: `${folder}/*` },
    { actions: ['s3:PutObject', 's3:DeleteObject'], keys: `${folder}/*/proof.json` },
  ];
  const keys = JSON.stringify(await world.storage.createKeysFor(statements));
  const secrets = { read: async () => keys };
  const { log, region } = world.runtime();
  const openStorage: Runtime['openStorage'] = async (settings) => openObjectStore(settings, { secrets, log, region });

  const before = await world.storedKeys();
  const tested = { action: 'test-drill', storage: world.storageSettings, database: 'shop' } as const;
  expect(await testConnection(tested, world.runtime({ secrets }))).toMatchObject({ state: 'Passed', warnings: [] });
  expect(await world.storedKeys()).toEqual(before);
  expect((await drillOf([], { secrets, openStorage })).state).toBe('Proved');
  await expect(
    testConnection({ ...tested, action: 'test-connection' }, world.runtime({ secrets })),
  ).rejects.toMatchObject({ kind: 'ConnectionTestFailed' });
});

test('two drills at once do not disturb each other', async () => {
  const runtimes = [world.runtime(), world.runtime()];
  const source = { storage: world.storageSettings, database: 'shop', backup: { kind: 'latest' } } as const;
  const proofs = await Promise.all(
    runtimes.map(async (runtime) => {
      await mkdir(runtime.workDirectory);
      return drill({ action: 'drill', source }, runtime);
    }),
  );
  expect(proofs.map(({ state }) => state)).toEqual(['Proved', 'Proved']);
  expect(await storedProof()).toMatchObject({ state: 'Proved' });
});

test('an interrupted drill leaves neither a proof nor a server', async () => {
  await world.remove(world.keys.proof(BACKUP));
  const interruption = new AbortController();
  const failure = drillOf([], {
    interruption: interruption.signal,
    log: {
      info: (event) => event === 'database-restored' && interruption.abort(),
      warn: () => undefined,
    },
  });
  await expect(failure).rejects.toThrow();
  expect(await world.storedKeys()).not.toContain(`${BACKUP}/proof.json`);
  await expectNothingLeft();
});

test('a backup that is deleted under its drill ends it with that reason, and keeps no proof', async () => {
  const request = { storage: world.storageSettings, database: world.databaseSettings, retentionDays: 1 };
  await backedUp(world, '2026-11-22T04:00:00Z');
  const later = world.runtime({ now: () => new Date(Date.now() + 40 * 86_400_000) });
  await mkdir(later.workDirectory);
  let pruning: Promise<unknown> | undefined;
  const failure = drillOf(
    [],
    {
      log: {
        info: (event) => {
          if (event === 'drill-started') pruning = prune({ action: 'prune', ...request }, later);
        },
        warn: () => undefined,
      },
    },
    BACKUP,
  );
  await expect(failure).rejects.toMatchObject({
    kind: 'NotFound',
    message: expect.stringContaining('was deleted while'),
  });
  expect(await pruning).toMatchObject({ deleted: [BACKUP] });
  expect((await world.storedKeys()).filter((key) => key.startsWith(`${BACKUP}/`))).toEqual([]);
  await expectNothingLeft();
});

describe('an extension that the server of the drill lacks', () => {
  test('is named as not proved, with all that depends on it, and the rest is proved', async () => {
    await world.sql(
      'shop',
      'CREATE EXTENSION sandbox_cron',
      "INSERT INTO sandbox_cron.reference VALUES (3, 'mine')",
      'CREATE TABLE planned (job sandbox_cron.reference, n integer)',
      'INSERT INTO planned VALUES (NULL, 1), (NULL, 2)',
      'CREATE VIEW plans AS SELECT n FROM planned',
      'GRANT SELECT ON planned TO PUBLIC',
      "COMMENT ON EXTENSION sandbox_cron IS 'of ours'",
    );
    await backedUp(world, '2026-11-23T03:00:00Z');

    const proof = await drillOf(
      [{ database: 'shop', query: 'SELECT count(*) FROM things', expect: '2' }],
      {},
      '20261123T030000Z',
    );

    expect(proof.state).toBe('Proved');
    const notProved = proof.notProved.map(describeRemark);
    expect(notProved).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^database shop: extension sandbox_cron: the server of the drill does not have it\..* 3 objects, 1 of them tables, with 2 rows$/,
        ),
        expect.stringMatching(/^database shop: table public\.planned: the server refused it/),
        expect.stringMatching(/^database shop: view public\.plans: the server refused it/),
      ]),
    );
    await expectNothingLeft();
  });

  test('says nothing about what fails for another reason', () => {
    const database = { name: 'shop', extensions: [{ name: 'postgis', version: '3' }], tables: [] };
    const leftOut = new LeftOutWithExtensions(database, new Set(['postgis']));
    expect(leftOut.takes('ERROR:  duplicate key value violates unique constraint "k"')).toBe(false);
    expect(leftOut.takes('ERROR:  type "public.geometry" does not exist')).toBe(true);
    expect(new LeftOutWithExtensions(database, new Set()).takes('type "x" does not exist')).toBe(false);
  });
});

test('the proof goes with its backup', async () => {
  const id = '20261124T030000Z';
  await backedUp(world, '2026-11-24T03:00:00Z');
  await drillOf([], {}, id);
  expect(await world.storedKeys()).toContain(`${id}/proof.json`);
  await backedUp(world, '2026-11-25T03:00:00Z');
  const runtime = world.runtime({ now: () => new Date(Date.now() + 40 * 86_400_000) });
  await mkdir(runtime.workDirectory);
  const request = { storage: world.storageSettings, database: world.databaseSettings, retentionDays: 1 };
  expect(await prune({ action: 'prune', ...request }, runtime)).toMatchObject({
    deleted: expect.arrayContaining([id]),
  });
  expect((await world.storedKeys()).filter((key) => key.startsWith(`${id}/`))).toEqual([]);
});

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
