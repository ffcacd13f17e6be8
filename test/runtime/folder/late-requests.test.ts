import { createHash } from 'node:crypto';
import { Manifest, MANIFEST_FORMAT } from '../../../src/contract/manifest';
import { ObjectKeys } from '../../../src/contract/object-keys';
import { BackupFolder } from '../../../src/runtime/folder/backup-folder';
import { FolderWriter } from '../../../src/runtime/folder/folder-writer';
import { NO_LOCK } from '../../../src/runtime/folder/locked-catalog';
import { ReadResult } from '../../../src/runtime/storage/object-store';
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
  const sha256 = createHash('sha256').update(BODY).digest('hex');
  await writer.writePart(id, number, BODY, sha256);
  return {
    format: MANIFEST_FORMAT,
    backup: id,
    owner: OWNER,
    startedAt: NOW.toISOString(),
    endedAt: NOW.toISOString(),
    engine: { serverVersion: '17.10' },
    databases: [],
    parts: [{ number, size: BODY.length, sha256 }],
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

describe('where both lists are older than backups that were completed', () => {
  const DUE = '0 0 3 * * *';
  const BY_HAND = '20261122T113000Z';
  const SCHEDULED = '20261123T030000Z';
  const now = new Date('2026-11-24T03:00:00Z');
  const later = (id: string) => {
    folder = new BackupFolder(store, KEYS, { log: { info: () => undefined, warn: () => undefined }, now: () => now });
    return folder
      .openForWriting({ right: NO_LOCK, owner: OWNER, signal: SIGNAL, dueTimes: [DUE] })
      .then(async (next) => {
        await next.recover(id);
        return next.catalog.entries.filter(({ state }) => state === 'Completed').map((entry) => entry.id);
      });
  };

  /** One that is listed, one by hand and one at a due time that are not. */
  async function completeThree(change: (manifest: Manifest) => Manifest = (manifest) => manifest): Promise<void> {
    const writer = await open();
    await writer.complete(await begin(writer));
    const older = KEYS.catalogs.map((key) => [key, store.objects.get(key)!] as const);
    await writer.complete({ ...(await begin(writer, BY_HAND)), previous: ID });
    await writer.complete(change({ ...(await begin(writer, SCHEDULED)), previous: BY_HAND }));
    older.forEach(([key, body]) => store.objects.set(key, body));
  }

  test('the next run lists them, also the one that was made at no due time', async () => {
    await completeThree();
    expect(await later('20261124T030000Z')).toEqual([ID, BY_HAND, SCHEDULED]);
  });

  test('the next run lists them where the lists are those of the empty folder', async () => {
    await open();
    const empty = KEYS.catalogs.map((key) => [key, store.objects.get(key)!] as const);
    await completeThree();
    empty.forEach(([key, body]) => store.objects.set(key, body));
    expect(await later('20261124T030000Z')).toEqual([ID, BY_HAND, SCHEDULED]);
  });

  test('one bad read of a manifest hides none', async () => {
    await completeThree();
    const get = store.get.bind(store);
    let isFirst = true;
    store.get = async (key) => {
      if (key !== KEYS.manifest(SCHEDULED) || !isFirst) return get(key);
      isFirst = false;
      return { kind: 'missing' };
    };
    expect(await later('20261124T030000Z')).toEqual([ID, BY_HAND, SCHEDULED]);
  });

  test('one of another database, in a folder that was copied, is neither listed nor deleted', async () => {
    await completeThree((manifest) => ({ ...manifest, owner: { ...OWNER, database: 'other' } }));
    expect(await later('20261124T030000Z')).toEqual([ID]);
    expect(store.objects.has(KEYS.manifest(SCHEDULED))).toBe(true);
  });
});

test.each([
  ['folder.json', [KEYS.record]],
  ['one of the lists', [KEYS.catalogs[0]]],
])('fails for a folder whose %s is of another database, before anything is written', async (_, foreign) => {
  await open();
  const own = new Map(store.objects);
  store.objects.clear();
  await folder.openForWriting({ right: NO_LOCK, owner: { ...OWNER, database: 'other' }, signal: SIGNAL });
  const mixed = new Map([...store.objects].map(([key, body]) => [key, foreign.includes(key) ? body : own.get(key)!]));
  store.objects.clear();
  mixed.forEach((body, key) => store.objects.set(key, body));
  await expect(open()).rejects.toMatchObject({ kind: 'Refused', message: expect.stringContaining('database other') });
  expect(store.objects).toEqual(mixed);
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

test.each<[string, (body: Buffer) => ReadResult]>([
  ['a flipped byte', (body) => ({ kind: 'found', body: Buffer.concat([body.subarray(1), body.subarray(0, 1)]) })],
  ['a 404', () => ({ kind: 'missing' })],
  [
    'a 403',
    () => ({ kind: 'denied', fault: { faultClass: 'permission', operations: ['GET'], summary: '', remedy: '' } }),
  ],
])('%s at the first read of every object is no verdict', async (_, spoil) => {
  // GIVEN every second read of an object is right
  const spoiled = new Map<string, boolean>();
  const get = store.get.bind(store);
  store.get = async (key) => {
    const read = await get(key);
    spoiled.set(key, !spoiled.get(key));
    return spoiled.get(key) && read.kind === 'found' ? spoil(read.body) : read;
  };

  // WHEN
  const writer = await open();
  await writer.complete(await begin(writer));

  // THEN
  const next = await open();
  await next.recover('20261123T030000Z');
  expect(next.catalog.entries).toMatchObject([{ id: ID, state: 'Completed' }]);
  const backup = await folder.selectBackup({ kind: 'latest' });
  expect(await backup.damagedParts(backup.manifest.parts, SIGNAL)).toEqual([]);
});

test.each([
  ['folder.json', KEYS.record],
  ['a manifest', KEYS.manifest(ID)],
])('%s at the key of a list is no list', async (_, key) => {
  const writer = await open();
  await writer.complete(await begin(writer));
  store.objects.set(KEYS.catalogs[0], store.objects.get(key)!);
  expect((await folder.readCatalog())!.entries).toMatchObject([{ id: ID, state: 'Completed' }]);
  const next = await open();
  await next.recover('20261123T030000Z');
  expect(next.catalog.entries).toMatchObject([{ id: ID, state: 'Completed' }]);
});

test('where nothing of a folder reads as it was written, the way to it is suspected before the list', async () => {
  await open();
  const get = store.get.bind(store);
  store.get = async (key) =>
    (await get(key)).kind === 'found' ? { kind: 'found', body: Buffer.from('<html>') } : get(key);
  await expect(folder.readCatalog()).rejects.toThrow(/folder\.json.*test-connection.*repair/);
});

test('no write of the list has the key and the generation of one that got no answer', async () => {
  const writer = await open();
  const sent: string[] = [];
  const put = store.put.bind(store);
  store.put = async (key, body) => {
    sent.push(`${key} ${(JSON.parse(body.toString()) as { generation: number }).generation}`);
    if (sent.length === 1) throw new Error('no answer');
    return put(key, body);
  };
  await expect(writer.start(ID)).rejects.toThrow('no answer');
  await writer.start(ID);
  expect(new Set(sent).size).toBe(3);
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
