import { createHash } from 'node:crypto';
import { FaultyStore, RequestFault } from './faulty-store';
import { ActionError } from '../../../src/contract/action-error';
import { BackupId, backupIdOf } from '../../../src/contract/backup-id';
import { Manifest, MANIFEST_FORMAT } from '../../../src/contract/manifest';
import { ObjectKeys } from '../../../src/contract/object-keys';
import { DAY_MS } from '../../../src/contract/retention';
import { BackupFolder } from '../../../src/runtime/folder/backup-folder';
import { FolderWriter } from '../../../src/runtime/folder/folder-writer';
import { NO_LOCK } from '../../../src/runtime/folder/locked-catalog';
import { seal } from '../../../src/runtime/storage/sealed-json';
import * as fc from '../../support/properties';

jest.mock('../../../src/runtime/folder/read-again', () => {
  const actual = jest.requireActual('../../../src/runtime/folder/read-again');
  actual.READ_AGAIN_PAUSES_MS.fill(0);
  return actual;
});

const OWNER = { account: '123456789012', region: 'eu-central-1', database: 'shop' };
const KEYS = new ObjectKeys('nightly', 'shop');
const START = Date.parse('2026-11-01T03:00:00Z');
const RETENTION_DAYS = 3;
const DUE_TIMES = ['0 0 3 * * *'];
const SIGNAL = new AbortController().signal;
const LOG = { info: () => undefined, warn: () => undefined };

/** The folder as the program meets it, on a store that fails as it is told. */
class Model {
  readonly store = new FaultyStore();
  /** What runs said. */
  readonly completed = new Set<BackupId>();
  private attempts = 0;

  folder(now: Date): BackupFolder {
    return new BackupFolder(this.store, KEYS, { log: LOG, now: () => now });
  }

  /** One run as the action makes it, without a server: what it dumps is a few bytes. */
  async run(day: number, parts: number): Promise<void> {
    const now = new Date(START + day * DAY_MS);
    const id = backupIdOf(now);
    try {
      const writer = await this.folder(now).openForWriting({
        right: NO_LOCK,
        owner: OWNER,
        signal: SIGNAL,
        dueTimes: DUE_TIMES,
      });
      await writer.recover(id);
      const state = writer.entry(id)?.state;
      if (state !== 'Completed' && state !== 'Deleting') await this.backUp(writer, id, parts, now);
      if (writer.entry(id)?.state === 'Completed') this.completed.add(id);
      await writer.prune(RETENTION_DAYS);
    } catch {
      // A run that failed; what is wrong shows in the store.
    }
  }

  private async backUp(writer: FolderWriter, id: BackupId, count: number, now: Date): Promise<void> {
    try {
      await writer.start(id);
      const attempt = ++this.attempts;
      const first = writer.entry(id)!.reservedParts + 1;
      const bodies = Array.from({ length: count }, (_, index) => Buffer.from(`${id} ${attempt} ${index}`));
      await writer.reserve(id, first + count - 1);
      for (const [index, body] of bodies.entries()) {
        const sha256 = createHash('sha256').update(body).digest('hex');
        await writer.writePart(id, first + index, Buffer.from(body), sha256);
      }
      await writer.complete(manifestOf(id, bodies, first, now));
    } catch (error) {
      if (!(await writer.settle(id, (error as Error).message))) throw error;
    }
  }

  /** The list of completed backups, and what is wrong with them. */
  async inspect(day: number): Promise<{ completed: BackupId[]; running: BackupId[]; faults: string[] }> {
    this.store.begin();
    const folder = this.folder(new Date(START + day * DAY_MS));
    const entries = (await folder.readCatalog())?.entries ?? [];
    const faults: string[] = [];
    for (const entry of entries.filter(({ state }) => state === 'Completed')) {
      const backup = await folder.findBackup(entry).catch(() => undefined);
      if (!backup) faults.push(`${entry.id} has no manifest`);
      else faults.push(...(await backup.damagedParts(backup.manifest.parts, SIGNAL)));
    }
    const idsIn = (wanted: string) => entries.filter(({ state }) => state === wanted).map(({ id }) => id);
    return { completed: idsIn('Completed'), running: idsIn('Running'), faults };
  }

  /** Objects that belong to no completed backup. */
  async orphans(): Promise<string[]> {
    const folder = this.folder(new Date(START + 1000 * DAY_MS));
    const owned = new Set<string>([...KEYS.catalogs, KEYS.record, KEYS.connectionTest(0)]);
    for (const entry of (await folder.readCatalog())?.entries ?? []) {
      if (entry.state !== 'Completed') continue;
      owned.add(KEYS.manifest(entry.id));
      const { manifest } = await folder.openBackup(entry);
      manifest.parts.forEach(({ number }) => owned.add(KEYS.part(entry.id, number)));
    }
    return [...this.store.objects.keys()].filter((key) => !owned.has(key));
  }
}

function manifestOf(id: BackupId, bodies: readonly Buffer[], first: number, now: Date): Manifest {
  return {
    format: MANIFEST_FORMAT,
    backup: id,
    owner: OWNER,
    startedAt: now.toISOString(),
    endedAt: now.toISOString(),
    engine: { name: 'postgres', serverVersion: '17.10', serverMajor: 17, clientVersion: '17.10' },
    databases: [],
    parts: bodies.map((body, index) => ({
      number: first + index,
      size: body.length,
      sha256: createHash('sha256').update(body).digest('hex'),
    })),
  } as unknown as Manifest;
}

const FAULTS: readonly RequestFault[] = [
  'answer-lost',
  'refused',
  'held',
  'repeated-later',
  'lie',
  'missing',
  'denied',
];

interface DrawnRun {
  readonly days: number;
  readonly parts: number;
  readonly fault: { readonly at: number; readonly kind: RequestFault; readonly delay: number };
  readonly killedAfter: number;
}

const drawnRuns = fc.array(
  fc.record({
    /** Days since the run before; 0 runs the same id again. */
    days: fc.integer({ min: 0, max: 3 }),
    /** More than the sample that is read back, too. */
    parts: fc.integer({ min: 1, max: 9 }),
    fault: fc.record({
      at: fc.integer({ min: 0, max: 60 }),
      kind: fc.constantFrom(...FAULTS),
      /** Requests after which a late one lands: within this run or the next. */
      delay: fc.integer({ min: 1, max: 60 }),
    }),
    killedAfter: fc.oneof(fc.constant(Infinity), fc.integer({ min: 0, max: 60 })),
  }),
  { minLength: 1, maxLength: 6 },
);

async function runAll(model: Model, runs: readonly DrawnRun[]): Promise<number> {
  let day = 0;
  for (const { days, parts, fault, killedAfter } of runs) {
    day += days;
    // No request is held for longer than a day and the run behind it.
    if (days > 0) model.store.land(1);
    if (days > 1) model.store.land();
    model.store.begin([...Array<RequestFault>(fault.at).fill('none'), fault.kind], killedAfter, fault.delay);
    await model.run(day, parts);
  }
  return day;
}

test('whatever one request meets, and wherever runs are killed: what was said to be completed can be restored', async () => {
  await fc.assert(
    fc.asyncProperty(drawnRuns, async (runs) => {
      // GIVEN
      const model = new Model();
      const day = await runAll(model, runs);
      model.store.land();

      // WHEN two undisturbed runs follow
      model.store.begin();
      await model.run(day + 1, 1);
      const after = await model.inspect(day + 1);
      const oldest = backupIdOf(new Date(START + (day + 1 - RETENTION_DAYS) * DAY_MS));
      const lost = [...model.completed].filter((id) => id >= oldest && !after.completed.includes(id));
      model.store.begin();
      await model.run(day + 2, 1);
      const last = await model.inspect(day + 2);

      // THEN the list is right after the first, and nothing is left behind after the second
      expect({ lost, ...after, completed: [] }).toEqual({ lost: [], running: [], faults: [], completed: [] });
      expect({ running: last.running, faults: last.faults, orphans: await model.orphans() }).toEqual({
        running: [],
        faults: [],
        orphans: [],
      });
    }),
    { numRuns: 1500 },
  );
});

const HARMS: Record<string, (body: Buffer) => Buffer | undefined> = {
  lost: () => undefined,
  damaged: (body) => flippedAt(body, Math.floor(body.length / 2)),
  cut: (body) => body.subarray(0, body.length / 2),
};

const OBJECTS = [...KEYS.catalogs, KEYS.record];

test('one object of the list or folder.json that is lost or damaged, wherever in whatever run, costs no backup', async () => {
  const drawnHarm = fc.record({
    key: fc.constantFrom(...OBJECTS),
    harm: fc.constantFrom(...Object.keys(HARMS)),
    at: fc.integer({ min: 0, max: 150 }),
  });
  await fc.assert(
    fc.asyncProperty(drawnRuns, drawnHarm, async (runs, { key, harm, at }) => {
      // GIVEN runs that meet nothing else, but may be killed
      const model = new Model();
      const change = () => {
        const body = model.store.objects.get(key);
        const changed = body && HARMS[harm](body);
        if (changed) model.store.objects.set(key, changed);
        else model.store.objects.delete(key);
      };
      model.store.later(at, change);
      let day = 0;
      for (const { days, parts, killedAfter } of runs) {
        day += days;
        model.store.begin([], killedAfter);
        await model.run(day, parts);
      }
      model.store.land();

      // WHEN the next run is a good one
      model.store.begin();
      await model.run(day + 1, 1);

      // THEN
      const after = await model.inspect(day + 1);
      const oldest = backupIdOf(new Date(START + (day + 1 - RETENTION_DAYS) * DAY_MS));
      const lost = [...model.completed].filter((id) => id >= oldest && !after.completed.includes(id));
      expect({ lost, running: after.running, faults: after.faults }).toEqual({ lost: [], running: [], faults: [] });
      expect(after.completed.at(-1)).toBe(backupIdOf(new Date(START + (day + 1) * DAY_MS)));
    }),
    { numRuns: 700 },
  );
});

test.each(Array.from({ length: 12 }, (_, index) => index + 1))(
  'a backup is not completed where the storage took part %i of 12 and keeps nothing',
  async (lost) => {
    const model = new Model();
    const put = model.store.put.bind(model.store);
    model.store.put = async (key, body) => {
      if (key !== KEYS.part(backupIdOf(new Date(START)), lost)) await put(key, body);
    };
    await model.run(0, 12);
    expect([...model.completed]).toEqual([]);
    expect(await model.inspect(0)).toEqual({ completed: [], running: [], faults: [] });
  },
);

test('a bit that flips is noticed in a manifest, a catalog and folder.json', async () => {
  const body = seal(manifestOf('20261101T030000Z', [Buffer.from('part')], 1, new Date(START)));
  const folder = new Model();
  for (let bit = 0; bit < body.length * 8; bit++) {
    folder.store.objects.set(KEYS.manifest('20261101T030000Z'), flippedAt(body, Math.floor(bit / 8), bit % 8));
    await expect(folder.folder(new Date(START)).findBackup({ id: '20261101T030000Z' })).rejects.toMatchObject({
      kind: 'VerificationFailed',
    });
  }
});

function flipBit(byte: number, bit: number): number {
  const isSet = Math.floor(byte / 2 ** bit) % 2 === 1;
  return isSet ? byte - 2 ** bit : byte + 2 ** bit;
}

function flippedAt(body: Buffer, position: number, bit = 0): Buffer {
  const changed = Buffer.from(body);
  changed[position] = flipBit(changed[position], bit);
  return changed;
}

test('keys that the storage refuses are said to be refused, not a list that was lost', async () => {
  const model = new Model();
  await model.run(0, 1);
  const refused = new ActionError('StorageFault', 'The storage refused the access key.');
  model.store.get = async () => Promise.reject(refused);
  await expect(model.folder(new Date(START)).readCatalog()).rejects.toBe(refused);
});
