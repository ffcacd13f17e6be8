import { readdir, readFile, mkdir } from 'node:fs/promises';
import { Manifest } from '../../../src/contract/manifest';
import { DrillCheck, Proof } from '../../../src/contract/proof';
import { BackupSelector } from '../../../src/contract/requests';
import { drill } from '../../../src/runtime/actions/drill';
import { prune } from '../../../src/runtime/actions/prune';
import { Runtime } from '../../../src/runtime/runtime';
import { seal } from '../../../src/runtime/storage/sealed-json';
import { installDrillServer } from '../../support/drill-server';
import { RealWorld } from '../real-world';
import { BACKUP, backedUp, filledAndBackedUp } from '../restore/sample-backup';

let world: RealWorld;
let uninstall: () => Promise<void>;

beforeAll(async () => {
  world = await RealWorld.start(17);
  uninstall = await installDrillServer();
  await filledAndBackedUp(world);
});
afterAll(async () => {
  await uninstall?.();
  await world?.stop();
});
beforeEach(() => world.events.splice(0));

let workDirectory: string;

async function drillOf(checks: DrillCheck[] = [], overrides: Partial<Runtime> = {}, id?: string): Promise<Proof> {
  const runtime = world.runtime(overrides);
  workDirectory = runtime.workDirectory;
  await mkdir(workDirectory);
  const backup: BackupSelector = id === undefined ? { kind: 'latest' } : { kind: 'backup', id };
  const source = { storage: world.storageSettings, database: 'shop', backup };
  return drill({ action: 'drill', source, checks }, runtime);
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

test('an interrupted drill leaves neither a proof nor a server', async () => {
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

test('the proof goes with its backup', async () => {
  await drillOf([], {}, BACKUP);
  expect(await world.storedKeys()).toContain(`${BACKUP}/proof.json`);
  await backedUp(world, '2026-11-23T03:00:00Z');
  const runtime = world.runtime({ now: () => new Date(Date.now() + 40 * 86_400_000) });
  await mkdir(runtime.workDirectory);
  const request = { storage: world.storageSettings, database: world.databaseSettings, retentionDays: 1 };
  expect(await prune({ action: 'prune', ...request }, runtime)).toMatchObject({
    deleted: expect.arrayContaining([BACKUP]),
  });
  expect((await world.storedKeys()).filter((key) => key.startsWith(`${BACKUP}/`))).toEqual([]);
});
