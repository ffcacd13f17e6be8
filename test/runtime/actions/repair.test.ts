import { createHash } from 'node:crypto';
import { Manifest, MANIFEST_FORMAT } from '../../../src/contract/manifest';
import { ObjectKeys } from '../../../src/contract/object-keys';
import { RepairRequest } from '../../../src/contract/requests';
import { StorageSettings } from '../../../src/contract/storage-settings';
import { list } from '../../../src/runtime/actions/list';
import { prune } from '../../../src/runtime/actions/prune';
import { repair } from '../../../src/runtime/actions/repair';
import { watch } from '../../../src/runtime/actions/watch';
import { BackupFolder } from '../../../src/runtime/folder/backup-folder';
import { FolderWriter } from '../../../src/runtime/folder/folder-writer';
import { NO_LOCK } from '../../../src/runtime/folder/locked-catalog';
import { Runtime } from '../../../src/runtime/runtime';
import { MemoryStore } from '../memory-store';

const KEYS = new ObjectKeys('nightly', 'shop');
const OWNER = { account: '123456789012', region: 'eu-central-1', database: 'shop' };
const IDS = ['20261120T030000Z', '20261121T030000Z', '20261122T030000Z'];
const NOW = new Date('2026-11-23T12:00:00Z');
const storage = { path: 'nightly' } as StorageSettings;
const SIGNAL = new AbortController().signal;

let store: MemoryStore;

const runtime = (overrides: Partial<Runtime> = {}) =>
  ({
    now: () => NOW,
    remainingMs: () => Infinity,
    account: OWNER.account,
    region: OWNER.region,
    log: { info: () => undefined, warn: () => undefined },
    openStorage: async () => store,
    ...overrides,
  }) as unknown as Runtime;

const REQUEST = {
  action: 'repair',
  storage,
  database: { identifier: 'shop' },
  databaseGone: true,
} as unknown as RepairRequest;

const open = async (): Promise<FolderWriter> =>
  new BackupFolder(store, KEYS, runtime()).openForWriting({ right: NO_LOCK, owner: OWNER, signal: SIGNAL });

/** Three completed backups, each of one part. */
beforeEach(async () => {
  store = new MemoryStore();
  const writer = await open();
  for (const [index, id] of IDS.entries()) {
    const body = Buffer.from(`part of ${id}`);
    const time = `${id.slice(0, 4)}-${id.slice(4, 6)}-${id.slice(6, 8)}T03:05:00.000Z`;
    await writer.start(id);
    await writer.reserve(id, 1);
    const sha256 = createHash('sha256').update(body).digest('hex');
    await writer.writePart(id, 1, body, sha256);
    await writer.complete({
      format: MANIFEST_FORMAT,
      backup: id,
      owner: OWNER,
      previous: IDS[index - 1],
      startedAt: time,
      endedAt: time,
      engine: { serverVersion: '17.10' },
      databases: [],
      parts: [{ number: 1, size: body.length, sha256 }],
    } as unknown as Manifest);
  }
});

const loseLists = () => KEYS.catalogs.forEach((key) => store.objects.delete(key));
const newestFirst = [...IDS].reverse();

describe('with both lists gone', () => {
  beforeEach(loseLists);

  test('no action begins a new list, and each names the remedy', async () => {
    const before = new Map(store.objects);
    await expect(open()).rejects.toThrow('`cdktf-managed-database repair`');
    await expect(list({ action: 'list', storage, database: 'shop' }, runtime())).rejects.toThrow('repair');
    await expect(watch({ action: 'watch', storage, database: 'shop' }, runtime())).rejects.toThrow('repair');
    expect(store.objects).toEqual(before);
  });

  test.each([
    ['the newest that is named', { newest: '2026-11-22T03:00:00Z' }],
    ['the due times of a schedule', { dueTimes: ['0 0 3 * * *'] }],
    ['the due times of EventBridge Scheduler', { dueTimes: ['cron(0 3 ? * 1-7 *)'] }],
  ])('repair rebuilds the list from %s', async (_, from) => {
    expect(await repair({ ...REQUEST, ...from }, runtime())).toEqual({
      backups: newestFirst,
      added: newestFirst,
      notWhole: [],
    });
    const { backups } = await list({ action: 'list', storage, database: 'shop' }, runtime());
    expect(backups.map(({ backup }) => backup)).toEqual(newestFirst);
    expect((await open()).catalog.entries).toHaveLength(3);
  });

  test('repair goes on behind a damaged manifest, and names it', async () => {
    store.objects.set(KEYS.manifest(IDS[1]), Buffer.from('{'));
    const { backups, notWhole } = await repair({ ...REQUEST, dueTimes: ['0 0 3 * * *'] }, runtime());
    expect(backups).toEqual([IDS[2], IDS[0]]);
    expect(notWhole).toEqual([{ backup: IDS[1], reason: expect.stringContaining('is damaged') }]);
  });

  test('repair leaves out a backup whose part is missing', async () => {
    store.objects.delete(KEYS.part(IDS[2], 1));
    const { backups, notWhole } = await repair({ ...REQUEST, newest: IDS[2] }, runtime());
    expect(backups).toEqual([IDS[1], IDS[0]]);
    expect(notWhole).toEqual([{ backup: IDS[2], reason: expect.stringContaining('is missing') }]);
  });

  test('fails without anything to begin from, and where nothing is found', async () => {
    await expect(repair(REQUEST, runtime())).rejects.toMatchObject({ kind: 'InvalidRequest' });
    await expect(repair({ ...REQUEST, newest: '20250101T000000Z' }, runtime())).rejects.toMatchObject({
      kind: 'NotFound',
    });
    await expect(repair({ ...REQUEST, dueTimes: ['daily'] }, runtime())).rejects.toThrow('got "daily"');
  });
});

test.each([
  ['lost', (key: string) => void store.objects.delete(key)],
  ['damaged', (key: string) => void store.objects.set(key, store.objects.get(key)!.subarray(1))],
])('one object of the list or folder.json that is %s changes nothing', async (_, harm) => {
  const whole = new Map(store.objects);
  for (const key of [...KEYS.catalogs, KEYS.record]) {
    whole.forEach((body, each) => store.objects.set(each, body));
    harm(key);
    const { backups } = await list({ action: 'list', storage, database: 'shop' }, runtime());
    expect(backups.map(({ backup }) => backup)).toEqual(newestFirst);
    const writer = await open();
    await writer.recover();
    expect(writer.catalog.entries.map(({ state }) => state)).toEqual(['Completed', 'Completed', 'Completed']);
    // Any change writes both objects again.
    await writer.start('20261123T030000Z');
    const warned = jest.fn();
    const reading = new BackupFolder(store, KEYS, runtime({ log: { info: warned, warn: warned } })).readCatalog();
    expect((await reading)!.entries).toHaveLength(4);
    expect(warned).not.toHaveBeenCalled();
  }
});

test('fails for format 1, by name', async () => {
  KEYS.catalogs.forEach((key) => store.objects.set(key, Buffer.from('{"format":1,"generation":7,"entries":[]}')));
  await expect(list({ action: 'list', storage, database: 'shop' }, runtime())).rejects.toThrow(
    'has format 1; this version reads format 2',
  );
});

test('a clock that is 40 days ahead of the storage stops a prune before anything is deleted', async () => {
  // GIVEN
  const before = new Map(store.objects);
  store.clockOffsetMs = () => -40 * 86_400_000;
  const request = {
    action: 'prune',
    storage,
    database: REQUEST.database,
    databaseGone: true,
    retentionDays: 1,
  } as const;

  // THEN
  await expect(prune(request, runtime())).rejects.toMatchObject({
    kind: 'Refused',
    message: expect.stringContaining('is 57600 minutes ahead of that of the storage'),
  });
  expect(store.objects).toEqual(before);

  // WHEN the clock is right
  store.clockOffsetMs = () => 1000;
  expect(await prune(request, runtime())).toEqual({
    deleted: [IDS[0], IDS[1]],
    kept: 1,
    reasons: [{ backup: IDS[2], reason: 'the newest completed backup, which is always kept' }],
  });
  expect([...store.objects.keys()].filter((key) => key.includes(IDS[0]) || key.includes(IDS[1]))).toEqual([]);
});

test('nothing is deleted where the newest backup cannot be read', async () => {
  store.objects.delete(KEYS.manifest(IDS[2]));
  const request = {
    action: 'prune',
    storage,
    database: REQUEST.database,
    databaseGone: true,
    retentionDays: 1,
  } as const;
  await expect(prune(request, runtime())).rejects.toThrow('Nothing was deleted');
  expect(store.objects.has(KEYS.manifest(IDS[0]))).toBe(true);
});

describe('when the account is gone with the database', () => {
  const elsewhere = () => runtime({ account: undefined, region: 'us-east-1' });
  const request = { ...REQUEST, newest: IDS[2] };

  test.each([
    ['folder.json', () => loseLists()],
    ['the newest manifest', () => [...KEYS.catalogs, KEYS.record].forEach((key) => store.objects.delete(key))],
  ])('a repair elsewhere works for the owner that %s names', async (_name, lose) => {
    lose();
    expect(await repair(request, elsewhere())).toMatchObject({ backups: newestFirst });
    expect((await open()).catalog.owner).toEqual(OWNER);
  });

  test('fails for a folder of another database', async () => {
    await expect(
      repair({ ...request, database: { identifier: 'other' } } as RepairRequest, elsewhere()),
    ).rejects.toMatchObject({ kind: 'NotFound' });
  });
});
