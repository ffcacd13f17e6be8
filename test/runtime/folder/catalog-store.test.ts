import * as fc from 'fast-check';
import { Catalog } from '../../../src/contract/catalog';
import { Manifest } from '../../../src/contract/manifest';
import { ObjectKeys } from '../../../src/contract/object-keys';
import {
  CatalogStore,
  decodeCatalog,
  encodeCatalog,
  rebuildCatalog,
  requireOwner,
} from '../../../src/runtime/folder/catalog-store';
import { LockedCatalog } from '../../../src/runtime/folder/locked-catalog';
import { writeManifest } from '../../../src/runtime/folder/manifest-store';
import { complete, emptyCatalog, entryOf, fail, start } from '../../../src/runtime/folder/transitions';
import { JsonLog } from '../../../src/runtime/log';
import { MemoryStore } from '../memory-store';

const OWNER = { account: '123456789012', region: 'eu-central-1', database: 'shop' };
const KEYS = new ObjectKeys('nightly', 'shop');
const [KEY_A, KEY_B] = KEYS.catalogs;
const AT = new Date('2026-11-22T03:00:00Z');
const FREE = { verify: async () => undefined };

let store: MemoryStore;
let said: string[];
let catalogs: CatalogStore;
beforeEach(() => {
  store = new MemoryStore();
  said = [];
  catalogs = new CatalogStore(store, KEYS, new JsonLog((line) => said.push(line)));
});

describe('the two objects', () => {
  test('are written in turn, and the highest generation counts', async () => {
    const one = await catalogs.write(emptyCatalog(OWNER));
    const two = await catalogs.write(start(one, '20261122T030000Z', AT));

    expect(store.calls).toEqual([`PUT ${KEY_B}`, `PUT ${KEY_A}`]);
    expect(await catalogs.read()).toEqual(two);
    store.objects.delete(KEY_A);
    expect(await catalogs.read()).toEqual(one);
  });

  test('one that is damaged leaves the other one, and it is said', async () => {
    const one = await catalogs.write(emptyCatalog(OWNER));
    await catalogs.write(start(one, '20261122T030000Z', AT));
    store.objects.set(KEY_A, store.objects.get(KEY_A)!.subarray(0, -10));

    expect(await catalogs.read()).toEqual(one);
    expect(said).toEqual([expect.stringContaining(KEY_A)]);
  });

  test('fails when none can be read, and does not take that for an empty folder', async () => {
    store.objects.set(KEY_A, Buffer.from('<html>'));
    await expect(catalogs.read()).rejects.toMatchObject({
      kind: 'StorageFault',
      message: expect.stringContaining(`The list of backups is damaged: ${KEY_A} cannot be read.`),
    });
  });

  test('fails for a format of the future', async () => {
    store.objects.set(KEY_A, encodeCatalog({ ...emptyCatalog(OWNER), format: 2 } as unknown as Catalog));
    await expect(catalogs.read()).rejects.toThrow('The list of backups has format 2; this version knows 1.');
  });
});

test('any change of a single byte is seen', () => {
  const body = encodeCatalog(start(emptyCatalog(OWNER), '20261122T030000Z', AT));
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), (position, difference) => {
      const changed = Buffer.from(body);
      changed[position] = (changed[position] + difference) % 256;
      expect(decodeCatalog(changed)).toBe('damaged');
    }),
  );
  expect(decodeCatalog(body)).toEqual(start(emptyCatalog(OWNER), '20261122T030000Z', AT));
});

test('the digest does not depend on the order of fields', () => {
  const { digest, ...catalog } = JSON.parse(encodeCatalog(emptyCatalog(OWNER)).toString());
  const reversed = Object.fromEntries(Object.entries({ digest, ...catalog }).reverse());
  expect(decodeCatalog(Buffer.from(JSON.stringify(reversed)))).toEqual(emptyCatalog(OWNER));
});

describe('in the hands of the writer', () => {
  test('fails for the folder of another database', async () => {
    await catalogs.write(emptyCatalog({ ...OWNER, account: '999999999999' }));
    await expect(LockedCatalog.open(catalogs, FREE, OWNER)).rejects.toMatchObject({
      kind: 'Refused',
      message:
        'This folder holds the backups of database shop of account 999999999999 in eu-central-1, not of database ' +
        'shop of account 123456789012 in eu-central-1. Give each database a bucket or a path of its own.',
    });
    expect(() => requireOwner(emptyCatalog(OWNER), { ...OWNER })).not.toThrow();
  });

  test('fails to begin a list where nothing can be read back, and leaves the old one alone', async () => {
    // GIVEN a store that hides what is there
    await catalogs.write(emptyCatalog(OWNER));
    const before = new Map(store.objects);
    store.get = async () => store.answerForMissing;

    // THEN
    await expect(LockedCatalog.open(catalogs, FREE, OWNER)).rejects.toThrow('Allow s3:GetObject on the folder');
    expect(store.objects).toEqual(before);
  });

  test('fails without a lock, before anything is written', async () => {
    const lost = {
      verify: async () => {
        throw new Error('lock lost');
      },
    };
    const catalog = await LockedCatalog.open(catalogs, lost, OWNER);
    await expect(catalog.apply((current) => start(current, '20261122T030000Z', AT))).rejects.toThrow('lock lost');
    expect(store.objects.size).toBe(0);
  });

  test('a write that lands after its answer was given up does not undo the next one', async () => {
    // GIVEN a running backup whose completion got no answer
    const id = '20261122T030000Z';
    const catalog = await LockedCatalog.open(catalogs, FREE, OWNER);
    await catalog.apply((current) => start(current, id, AT));
    let late: [string, Buffer] | undefined;
    const put = store.put.bind(store);
    store.put = async (key, body) => {
      late = [key, body];
      throw new Error('no answer');
    };
    const facts = { storedBytes: 1, databaseBytes: 1, serverVersion: '17.10' };
    await expect(catalog.apply((current) => complete(current, id, facts, AT))).rejects.toThrow('no answer');
    store.put = put;

    // WHEN the run is written down as failed, and then the completion lands
    await catalog.reread();
    await catalog.apply((current) => fail(current, id, 'no answer', AT));
    await store.put(...late!);

    // THEN
    expect(entryOf((await catalogs.read())!, id)!.state).toBe('Failed');
  });
});

describe('rebuilt from manifests', () => {
  const manifest = (backup: string, previous?: string) =>
    ({
      format: 1,
      backup,
      previous,
      owner: OWNER,
      startedAt: '2026-11-22T03:00:00.000Z',
      endedAt: '2026-11-22T03:10:00.000Z',
      engine: { name: 'postgres', serverVersion: '17.10', serverMajor: 17, clientVersion: '18.6' },
      databases: [{ sizeBytes: 1000 }, { sizeBytes: 500 }],
      parts: [
        { number: 3, size: 10, sha256: '' },
        { number: 4, size: 20, sha256: '' },
      ],
    }) as unknown as Manifest;

  test('goes back from the newest as far as there are manifests', async () => {
    // GIVEN three backups, of which retention has deleted the oldest
    await writeManifest(store, KEYS, manifest('20261122T030000Z', '20261121T030000Z'));
    await writeManifest(store, KEYS, manifest('20261121T030000Z', '20261120T030000Z'));

    // WHEN
    const catalog = await rebuildCatalog(store, KEYS, '20261122T030000Z');

    // THEN
    expect(catalog.owner).toEqual(OWNER);
    expect(catalog.entries.map(({ id }) => id)).toEqual(['20261121T030000Z', '20261122T030000Z']);
    expect(catalog.entries[0]).toEqual({
      id: '20261121T030000Z',
      state: 'Completed',
      startedAt: '2026-11-22T03:00:00.000Z',
      endedAt: '2026-11-22T03:10:00.000Z',
      reservedParts: 4,
      storedBytes: 30,
      databaseBytes: 1500,
      serverVersion: '17.10',
    });
  });

  test('fails where the named one has no manifest', async () => {
    await expect(rebuildCatalog(store, KEYS, '20261122T030000Z')).rejects.toThrow(
      'There is no nightly/shop/20261122T030000Z/manifest.json: name the newest completed backup.',
    );
  });
});
