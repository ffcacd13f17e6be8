import { mkdir } from 'node:fs/promises';
import { BackupId } from '../../../src/contract/backup-id';
import { Catalog } from '../../../src/contract/catalog';
import { DAY_MS } from '../../../src/contract/retention';
import { backUp } from '../../../src/runtime/actions/back-up';
import { verify } from '../../../src/runtime/actions/verify';
import { BackupFolder } from '../../../src/runtime/folder/backup-folder';
import { Interruption, MemoryStore } from '../memory-store';
import { RealWorld } from '../real-world';

// Real dumps of a real server; only the storage is one that can be stopped at any of its calls.

const DAY_ONE = Date.parse('2026-11-01T03:00:00Z');
/** The third run, on day 4, lets only the first one go; the fourth, on day 5, the second too. */
const RETENTION_DAYS = 3;

let world: RealWorld;
beforeAll(async () => {
  world = await RealWorld.start(17);
  await world.sql('shop', 'CREATE TABLE orders AS SELECT n AS id FROM generate_series(1, 100) n');
});
afterAll(async () => world.stop());

async function backUpOn(store: MemoryStore, day: number) {
  const due = new Date(DAY_ONE + day * DAY_MS);
  const runtime = world.runtime({ now: () => due, openStorage: async () => store });
  await mkdir(runtime.workDirectory);
  return backUp(
    {
      action: 'back-up',
      storage: world.storageSettings,
      database: world.databaseSettings,
      retentionDays: RETENTION_DAYS,
      dueAt: due.toISOString(),
    },
    runtime,
  );
}

async function catalogOf(store: MemoryStore): Promise<Catalog> {
  store.restart();
  return (await new BackupFolder(store, world.keys, world.runtime()).readCatalog())!;
}

const completedIn = (catalog: Catalog): BackupId[] =>
  catalog.entries.filter(({ state }) => state === 'Completed').map(({ id }) => id);

async function verifyAll(store: MemoryStore): Promise<BackupId[]> {
  const completed = completedIn(await catalogOf(store));
  for (const id of completed) {
    await verify(
      { action: 'verify', storage: world.storageSettings, database: 'shop', backup: { kind: 'backup', id } },
      world.runtime({ openStorage: async () => store }),
    );
  }
  return completed;
}

/** What is in the store beside the catalog and the objects of completed backups. */
async function leftovers(store: MemoryStore): Promise<string[]> {
  const owned = new Set<string>([...world.keys.catalogs, world.keys.record]);
  for (const id of await verifyAll(store)) {
    owned.add(world.keys.manifest(id));
    const { manifest } = await new BackupFolder(store, world.keys, world.runtime()).openBackup({ id });
    manifest.parts.forEach(({ number }) => owned.add(world.keys.part(id, number)));
  }
  return [...store.objects.keys()].filter((key) => !owned.has(key));
}

/** Two backups, of which a third one lets the older go. */
async function storeBeforeThird(): Promise<MemoryStore> {
  const store = new MemoryStore();
  await backUpOn(store, 0);
  await backUpOn(store, 1);
  store.restart();
  return store;
}

let callsOfThird: string[];
let beforeThird: ReadonlyMap<string, Buffer>;
beforeAll(async () => {
  const store = await storeBeforeThird();
  beforeThird = new Map(store.objects);
  await backUpOn(store, 4);
  callsOfThird = [...store.calls];
});

const KINDS: (Pick<Interruption, 'kind' | 'takesEffect'> & { readonly first: number })[] = [
  { kind: 'kill', takesEffect: false, first: 0 },
  { kind: 'kill', takesEffect: true, first: 2 },
  { kind: 'cut', takesEffect: false, first: 4 },
  { kind: 'cut', takesEffect: true, first: 6 },
];

test.each(KINDS)(
  'after a $kind at any call (takesEffect $takesEffect) completed backups are whole, and later runs clear up',
  async ({ kind, takesEffect, first }) => {
    expect(callsOfThird.length).toBeGreaterThan(12);
    // Every second call is stopped in one of the ways; the folder's own test stops each call in all of them.
    for (let call = 1 + first; call <= callsOfThird.length; call += 2 * KINDS.length) {
      // GIVEN
      const store = new MemoryStore();
      beforeThird.forEach((body, key) => store.objects.set(key, body));
      store.restart({ call, kind, takesEffect });

      // WHEN the third run is stopped at this call
      const answer = await backUpOn(store, 4).catch(() => undefined);

      // THEN whatever is said to be completed can be read, and the newest one before it was not lost
      const completed = await verifyAll(store);
      const expected = ['20261102T030000Z', ...(answer ? ['20261105T030000Z'] : [])];
      expect({ stoppedAt: callsOfThird[call - 1], completed }).toEqual({
        stoppedAt: callsOfThird[call - 1],
        completed: expect.arrayContaining(expected),
      });

      // WHEN the same event is delivered again, and a day passes
      await backUpOn(store, 4);
      await backUpOn(store, 5);

      // THEN
      expect({
        stoppedAt: callsOfThird[call - 1],
        left: await leftovers(store),
        completed: await verifyAll(store),
      }).toEqual({
        stoppedAt: callsOfThird[call - 1],
        left: [],
        completed: ['20261105T030000Z', '20261106T030000Z'],
      });
    }
  },
);
