import { createHash } from 'node:crypto';
import { Manifest, MANIFEST_FORMAT } from '../../../src/contract/manifest';
import { ObjectKeys } from '../../../src/contract/object-keys';
import { BackupFolder } from '../../../src/runtime/folder/backup-folder';
import { FolderWriter } from '../../../src/runtime/folder/folder-writer';
import { NO_LOCK } from '../../../src/runtime/folder/locked-catalog';
import { MemoryStore } from '../memory-store';

const OWNER = { account: '123456789012', region: 'eu-central-1', database: 'shop' };
const KEYS = new ObjectKeys('nightly', 'shop');
const ID = '20261122T030000Z';
const NOW = new Date('2026-11-22T03:05:00Z');
const SIGNAL = new AbortController().signal;
const BODY = Buffer.from('the only part');

let store: MemoryStore;
let folder: BackupFolder;

beforeEach(() => {
  store = new MemoryStore();
  const log = { info: () => undefined, warn: () => undefined };
  folder = new BackupFolder(store, KEYS, { log, now: () => NOW });
});

const open = async () => folder.openForWriting({ right: NO_LOCK, owner: OWNER, signal: SIGNAL });

async function begin(writer: FolderWriter, id = ID): Promise<Manifest> {
  await writer.start(id);
  const number = writer.entry(id)!.reservedParts + 1;
  await writer.reserve(id, number);
  await writer.writePart(id, number, BODY);
  return {
    format: MANIFEST_FORMAT,
    backup: id,
    owner: OWNER,
    startedAt: NOW.toISOString(),
    endedAt: NOW.toISOString(),
    engine: { serverVersion: '17.10' },
    databases: [],
    parts: [{ number, size: BODY.length, sha256: createHash('sha256').update(BODY).digest('hex') }],
  } as unknown as Manifest;
}

/** Makes the next PUT of a key fail as if it had no answer. @returns what does it late */
function hold(wanted: string): () => void {
  const put = store.put.bind(store);
  let land: () => void = () => {
    throw new Error(`There was no PUT of ${wanted}.`);
  };
  store.put = async (key, body) => {
    if (key !== wanted) return put(key, body);
    const late = Buffer.from(body);
    land = () => void store.objects.set(key, late);
    store.put = put;
    throw new Error('no answer');
  };
  return () => land();
}

test('a completed backup is listed again where both lists are older than its completion', async () => {
  // GIVEN lists of the time when it ran
  const writer = await open();
  const manifest = await begin(writer);
  const older = KEYS.catalogs.map((key) => [key, store.objects.get(key)!] as const);
  await writer.complete(manifest);
  older.forEach(([key, body]) => store.objects.set(key, body));
  expect((await folder.readCatalog())!.entries).toMatchObject([{ id: ID, state: 'Running' }]);

  // WHEN the next run looks
  const next = await open();
  await next.recover('20261123T030000Z');

  // THEN
  expect(next.entry(ID)).toMatchObject({ state: 'Completed' });
  const backup = await folder.selectBackup({ kind: 'latest' });
  expect(await backup.damagedParts(backup.manifest.parts, SIGNAL)).toEqual([]);
});

test.each([
  ['a list', (key: string) => key.includes('/catalog.')],
  ['the manifest', (key: string) => key.endsWith('manifest.json')],
  ['the part', (key: string) => key.endsWith('/000001')],
])('fails to complete where the storage answers the PUT of %s and stores nothing', async (_, isLost) => {
  const put = store.put.bind(store);
  const loseFrom = isLost(KEYS.part(ID, 1)) ? 0 : 1;
  let parts = 0;
  store.put = async (key, body) => {
    if (key === KEYS.part(ID, 1)) parts += 1;
    return isLost(key) && parts >= loseFrom ? undefined : put(key, body);
  };
  const writer = await open();
  const manifest = await begin(writer);
  await expect(writer.complete(manifest)).rejects.toThrow('The storage took');
});

describe('an id that is run again', () => {
  /** The first run fails at its manifest, whose PUT has no answer; the second completes. */
  async function runTwice(): Promise<() => void> {
    const land = hold(KEYS.manifest(ID));
    const first = await open();
    await expect(first.complete(await begin(first))).rejects.toThrow('no answer');
    expect(await first.settle(ID, 'no answer')).toBe(false);
    const second = await open();
    await second.recover(ID);
    await second.complete(await begin(second));
    return land;
  }

  test.each([
    ['PUT', (land: () => void) => land()],
    ['DELETE', () => void store.objects.delete(KEYS.manifest(ID))],
  ])('keeps its backup where a late %s of the first run meets the manifest', async (_, happen) => {
    // GIVEN
    const land = await runTwice();
    const manifest = store.objects.get(KEYS.manifest(ID))!;

    // WHEN
    happen(land);

    // THEN it can be read at once
    const backup = await folder.selectBackup({ kind: 'backup', id: ID });
    expect(await backup.damagedParts(backup.manifest.parts, SIGNAL)).toEqual([]);
    // AND the next run puts the manifest back
    await (await open()).recover();
    expect(store.objects.get(KEYS.manifest(ID))).toEqual(manifest);
  });

  test('has one manifest once the next run has looked', async () => {
    await runTwice();
    const parts = [...store.objects.keys()].filter((key) => /\/\d{6}$/.test(key));
    expect(parts).toHaveLength(2);
    await (await open()).recover();
    expect([...store.objects.keys()].filter((key) => /\/\d{6}$/.test(key))).toEqual([parts[0]]);
    expect((await open()).entry(ID)).not.toHaveProperty('manifestCopy');
  });
});

test('a write of the list that lands late does not undo what was written after it', async () => {
  // GIVEN a run whose completion got no answer, and which was then listed as failed
  const writer = await open();
  const id = '20261123T030000Z';
  await begin(writer, id);
  const next = KEYS.catalogs.find((key) => !isNewest(key))!;
  const land = hold(next);
  await expect(writer.reserve(id, 40)).rejects.toThrow('no answer');
  expect(await writer.settle(id, 'no answer')).toBe(false);

  // WHEN
  land();

  // THEN
  expect((await folder.readCatalog())!.entries).toMatchObject([{ id, state: 'Failed' }]);
});

test('the lock is verified before every write of the list and of a manifest, and before every deletion', async () => {
  // GIVEN a run that died, and one whose right to write is watched
  await begin(await open(), '20261121T030000Z');
  let verified = 0;
  const unverified: string[] = [];
  const watched = (operation: 'put' | 'delete') => {
    const original = store[operation].bind(store) as (key: string, body: Buffer) => Promise<void>;
    store[operation] = async (key: string, body?: Buffer) => {
      const isPart = operation === 'put' && /\/\d{6}$/.test(key);
      if (!isPart && verified-- <= 0) unverified.push(`${operation} ${key}`);
      return original(key, body!);
    };
  };
  watched('put');
  watched('delete');
  const right = { verify: async () => void (verified += 1) };

  // WHEN it clears up, backs up, and deletes what it began
  const writer = await folder.openForWriting({ right, owner: OWNER, signal: SIGNAL });
  await writer.recover(ID);
  await writer.complete(await begin(writer));
  const failing = '20261123T030000Z';
  await begin(writer, failing);
  await writer.deletePart(failing, 1);
  await writer.settle(failing, 'on purpose');

  // THEN
  expect(unverified).toEqual([]);
});

test('fails where the lock is lost, and deletes nothing', async () => {
  const writer = await open();
  await writer.complete(await begin(writer));
  await begin(writer, '20261123T030000Z');
  let isLost = false;
  const right = { verify: async () => (isLost ? Promise.reject(new Error('the lock is lost')) : undefined) };
  const next = await folder.openForWriting({ right, owner: OWNER, signal: SIGNAL });
  const before = new Map(store.objects);
  isLost = true;
  // What cannot be deleted now is left to the next run.
  await next.recover();
  await expect(next.start('20261124T030000Z')).rejects.toThrow('the lock is lost');
  await expect(next.deletePart('20261123T030000Z', 1)).rejects.toThrow('the lock is lost');
  expect(store.objects).toEqual(before);
});

function isNewest(key: string): boolean {
  const generationOf = (each: string) => JSON.parse(store.objects.get(each)!.toString()).generation as number;
  return KEYS.catalogs.every((other) => generationOf(key) >= generationOf(other));
}
