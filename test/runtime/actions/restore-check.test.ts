import { sha256 } from '../../../packaging/digest';
import { Catalog } from '../../../src/contract/catalog';
import { Manifest, MANIFEST_FORMAT, Part } from '../../../src/contract/manifest';
import { ObjectKeys } from '../../../src/contract/object-keys';
import { BackupSelector, RestoreCheckRequest } from '../../../src/contract/requests';
import { StorageSettings } from '../../../src/contract/storage-settings';
import { restoreCheck } from '../../../src/runtime/actions/restore-check';
import { sampleOf } from '../../../src/runtime/folder/sample';
import { Runtime } from '../../../src/runtime/runtime';
import { seal } from '../../../src/runtime/storage/sealed-json';
import * as fc from '../../support/properties';
import { MemoryStore } from '../memory-store';

const KEYS = new ObjectKeys('backups', 'shop');
const OWNER = { account: '123456789012', region: 'eu-central-1', database: 'shop' };
const PLAN = { name: 'small', vcpu: 2, memoryGib: 4, storageGib: 20 };
const GIB = 1024 ** 3;

/** Seven parts of one word each. */
const PARTS = Array.from({ length: 7 }, (_, index) => Buffer.from(`part ${index + 1}`));

const MANIFEST: Manifest = {
  format: MANIFEST_FORMAT,
  backup: '20261122T030000Z',
  owner: OWNER,
  libraryVersion: '1.0.0',
  startedAt: '2026-11-22T03:00:00.000Z',
  endedAt: '2026-11-22T03:05:00.000Z',
  engine: { name: 'postgres', serverVersion: '16.4', serverMajor: 16, clientVersion: '18.6' },
  plan: PLAN,
  master: 'shopmaster',
  roles: [],
  memberships: [],
  remarks: [],
  databases: [
    {
      name: 'shop',
      owner: 'shopmaster',
      encoding: 'UTF8',
      collate: 'C.UTF-8',
      ctype: 'C.UTF-8',
      localeProvider: 'libc',
      sizeBytes: 3 * GIB,
      extensions: [{ name: 'old_snapshot', version: '1.0' }],
      tables: [],
      largeObjects: 0,
    },
  ],
  files: [],
  parts: PARTS.map((body, index) => ({ number: index + 1, size: body.length, sha256: sha256(body) })),
};

const CATALOG: Catalog = {
  format: 2,
  generation: 3,
  owner: OWNER,
  entries: [
    {
      id: '20261121T030000Z',
      state: 'Failed',
      startedAt: '2026-11-21T03:00:00Z',
      endedAt: '2026-11-21T03:01:00Z',
      reservedParts: 1,
    },
    {
      id: '20261122T030000Z',
      state: 'Completed',
      startedAt: '2026-11-22T03:00:00Z',
      endedAt: '2026-11-22T03:05:00Z',
      reservedParts: 7,
    },
    {
      id: '20261123T030000Z',
      state: 'Deleting',
      startedAt: '2026-11-23T03:00:00Z',
      endedAt: '2026-11-23T03:05:00Z',
      reservedParts: 7,
    },
    { id: '20261124T030000Z', state: 'Running', startedAt: '2026-11-24T03:00:00Z', reservedParts: 7 },
  ],
};

/** What the storage holds. */
let store: MemoryStore;
let objects: Map<string, Buffer>;

beforeEach(() => {
  store = new MemoryStore();
  ({ objects } = store);
  objects.set(KEYS.catalogs[1], seal(CATALOG));
  objects.set(KEYS.manifest(MANIFEST.backup), seal(MANIFEST));
  PARTS.forEach((body, index) => objects.set(KEYS.part(MANIFEST.backup, index + 1), body));
});

function check(
  target: Partial<RestoreCheckRequest['target']> = {},
  backup: BackupSelector = { kind: 'latest' },
  remainingMs = Infinity,
) {
  const runtime = {
    remainingMs: () => remainingMs,
    now: () => new Date('2026-11-25T00:00:00Z'),
    log: { info: () => undefined, warn: () => undefined },
    openStorage: async () => store,
  } as unknown as Runtime;
  const storage = { path: 'backups' } as StorageSettings;
  return restoreCheck(
    {
      action: 'restore-check',
      source: { storage, database: 'shop', backup },
      target: { engineMajor: 16, plan: PLAN, ...target },
      sourceDescription: 'the latest of shop',
    },
    runtime,
  );
}

describe('a restore check', () => {
  test('answers with the backup that latest means and hands the description back', async () => {
    expect(await check()).toEqual({
      backup: '20261122T030000Z',
      sourceDescription: 'the latest of shop',
      serverVersion: '16.4',
      databaseBytes: 3 * GIB,
      remarks: [],
    });
  });

  test('takes the extended form of an id', async () => {
    expect((await check({}, { kind: 'backup', id: '2026-11-22T03:00:00Z' })).backup).toBe('20261122T030000Z');
  });

  test.each([
    ['20261121T030000Z', 'Failed'],
    ['20261123T030000Z', 'Deleting'],
    ['20261124T030000Z', 'Running'],
  ])('fails for backup %s, which is %s', async (id, state) => {
    await expect(check({}, { kind: 'backup', id })).rejects.toThrow(
      `backups/shop has no completed backup that is backup ${id}: that one is ${state}.`,
    );
  });

  test('fails where nothing was completed before a time', async () => {
    await expect(check({}, { kind: 'before', time: '2026-11-22T03:05:00Z' })).rejects.toMatchObject({
      kind: 'NotFound',
    });
  });

  test('fails in a folder without a list', async () => {
    objects.clear();
    await expect(check()).rejects.toMatchObject({ kind: 'MissingOrDenied' });
    store.answerForMissing = { kind: 'missing' };
    await expect(check()).rejects.toThrow('It holds no list of backups at all: check its name.');
  });

  test.each([
    [
      'a plan of fewer vCPU',
      { plan: { ...PLAN, name: 'tiny', vcpu: 1 } },
      'vCPU is 1 vCPU in plan tiny, 2 vCPU in the source’s small',
    ],
    [
      'a plan of less memory',
      { plan: { ...PLAN, name: 'tiny', memoryGib: 2 } },
      'memory is 2 GiB in plan tiny, 4 GiB in the source’s small',
    ],
    [
      'a plan of less storage',
      { plan: { ...PLAN, name: 'tiny', storageGib: 19 } },
      'storage is 19 GiB in plan tiny, 20 GiB in the source’s small',
    ],
    ['an older engine', { engineMajor: 15 }, 'PostgreSQL 15, the backup is of 16.4'],
    [
      'an engine without an extension',
      { engineMajor: 17 },
      'for PostgreSQL 17 it has no old_snapshot, which database shop uses',
    ],
  ])('fails for %s', async (_, target, message) => {
    await expect(check(target)).rejects.toMatchObject({
      kind: 'Refused',
      message: expect.stringContaining(message.replace('’', "'")),
    });
    expect(store.calls.filter((key) => /\/\d{6}$/.test(key))).toEqual([]);
  });

  test('fails where the databases outgrew the storage', async () => {
    const [database] = MANIFEST.databases;
    const grown: Manifest = { ...MANIFEST, databases: [{ ...database, sizeBytes: 20 * GIB + 1 }] };
    objects.set(KEYS.manifest(MANIFEST.backup), seal(grown));
    await expect(check()).rejects.toThrow('20 GiB in plan small, 20.1 GiB of databases');
  });

  test('tells every broken rule at once', async () => {
    const plan = { name: 'tiny', vcpu: 1, memoryGib: 1, storageGib: 1 };
    const error = await check({ engineMajor: 15, plan }).catch((thrown) => thrown);
    expect(error.details).toHaveLength(5);
  });

  test('fails where the load would not end within the time of the function, by the time of the backup', async () => {
    process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE = '1769';
    try {
      objects.set(KEYS.manifest(MANIFEST.backup), seal({ ...MANIFEST, functionMemoryMib: 1769 }));
      const withTime = async (milliseconds: number) => check(undefined, undefined, milliseconds);
      await expect(withTime(600_000)).rejects.toMatchObject({
        kind: 'Refused',
        message: expect.stringMatching(
          /^The restore of backup 20261122T030000Z is estimated to take 690 s.*command line/,
        ),
      });
      expect(await withTime(720_000)).toMatchObject({ backup: MANIFEST.backup });
    } finally {
      delete process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE;
    }
  });

  test.each([1, 4, 7])('fails where part %d is missing or damaged', async (number) => {
    const key = KEYS.part(MANIFEST.backup, number);
    objects.set(key, Buffer.from(`Part ${number}`));
    await expect(check()).rejects.toThrow(`The part ${key} has SHA-256`);
    objects.delete(key);
    await expect(check()).rejects.toThrow(`The part ${key} is missing`);
  });

  test('fails where the manifest is damaged or gone', async () => {
    objects.set(KEYS.manifest(MANIFEST.backup), Buffer.from('{'));
    await expect(check()).rejects.toMatchObject({ kind: 'VerificationFailed' });
    objects.delete(KEYS.manifest(MANIFEST.backup));
    await expect(check()).rejects.toMatchObject({ kind: 'NotFound' });
  });

  test('samples the first, the last and no more than five parts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 }), (count) => {
        const parts = Array.from({ length: count }, (_, index) => ({ number: index + 1 }) as Part);
        const sample = sampleOf(parts);
        expect(sample).toHaveLength(Math.min(count, 5));
        expect(new Set(sample).size).toBe(sample.length);
        if (count > 0) expect([sample[0], sample.at(-1)]).toEqual([parts[0], parts.at(-1)]);
      }),
    );
  });
});
