import * as fc from 'fast-check';
import { BackupId, backupIdOf } from '../../../src/contract/backup-id';
import { completedBackups } from '../../../src/contract/backup-selection';
import { Catalog } from '../../../src/contract/catalog';
import { DAY_MS, expiredBackups, expiredFailures } from '../../../src/contract/retention';
import {
  complete,
  deadRuns,
  deletingBackups,
  emptyCatalog,
  entryOf,
  fail,
  markDeleting,
  MAXIMUM_REASON_LENGTH,
  recoverDeadRuns,
  remove,
  reserve,
  start,
  markSwept,
  awaitingFinalSweep,
} from '../../../src/runtime/folder/transitions';

const OWNER = { account: '123456789012', region: 'eu-central-1', database: 'shop' };
const START = new Date('2026-11-22T03:00:00Z').getTime();
const FACTS = { storedBytes: 1, databaseBytes: 1, serverVersion: '17.10' };
const RETENTION_DAYS = 3;

/** The storage and the steps of a run on it, each of which can be the last thing that a run does. */
class Model {
  catalog: Catalog = emptyCatalog(OWNER);
  readonly objects = new Set<string>();
  /** What the present run has sent and the store has not taken yet. */
  private sent: string[] = [];

  /** The steps of one run, in the order that the program keeps. */
  *run(id: BackupId, parts: number, failsAfter: number, now: Date): Generator<void> {
    const state = entryOf(this.catalog, id)?.state;
    if (state === 'Completed' || state === 'Deleting') {
      return;
    }
    const once = awaitingFinalSweep(this.catalog);
    const dead = deadRuns(this.catalog);
    for (const entry of [...once, ...dead]) {
      yield* this.deleteAll(entry.id);
    }
    this.catalog = start(
      recoverDeadRuns(
        markSwept(
          this.catalog,
          once.map((entry) => entry.id),
        ),
        now,
      ),
      id,
      now,
    );
    yield;
    const first = entryOf(this.catalog, id)!.reservedParts + 1;
    this.catalog = reserve(this.catalog, id, first + parts - 1);
    yield;
    const written: string[] = [];
    for (let part = first; part < first + parts; part++) {
      if (part - first === failsAfter) {
        this.catalog = fail(this.catalog, id, 'cut off', now);
        yield;
        yield* this.deleteAll(id);
        return;
      }
      this.sent.push(`${id}/${part}`);
      yield;
      written.push(this.sent.pop()!);
      this.objects.add(written.at(-1)!);
      yield;
    }
    this.objects.add(`${id}/manifest ${written.join(' ')}`);
    yield;
    this.catalog = complete(this.catalog, id, FACTS, now);
    yield;
    yield* this.prune(now);
  }

  private *prune(now: Date): Generator<void> {
    this.catalog = markDeleting(this.catalog, expiredBackups(this.catalog.entries, RETENTION_DAYS, now));
    yield;
    const going = deletingBackups(this.catalog).map(({ id }) => id);
    for (const id of going) {
      yield* this.deleteAll(id);
    }
    this.catalog = remove(this.catalog, [...going, ...expiredFailures(this.catalog.entries, RETENTION_DAYS, now)]);
    yield;
  }

  private *deleteAll(id: BackupId): Generator<void> {
    const { reservedParts } = entryOf(this.catalog, id)!;
    for (const object of [...this.objects].filter((name) => name.startsWith(`${id}/`))) {
      const part = Number(object.split('/')[1]);
      if (Number.isNaN(part) || part <= reservedParts) {
        this.objects.delete(object);
        yield;
      }
    }
  }

  /** What the run that was killed had sent: it may yet land. */
  takeSent(): string[] {
    return this.sent.splice(0);
  }

  land(objects: readonly string[]): void {
    objects.forEach((object) => this.objects.add(object));
  }

  /** What is wrong with the storage; plain comparisons, since it is asked after every step of thousands of runs. */
  faults(): string[] {
    const faults: string[] = [];
    for (const entry of this.catalog.entries.filter(({ state }) => state === 'Completed')) {
      const manifest = [...this.objects].find((name) => name.startsWith(`${entry.id}/manifest `));
      const parts = manifest?.slice(`${entry.id}/manifest `.length).split(' ') ?? ['its manifest'];
      faults.push(...parts.filter((part) => !this.objects.has(part)).map((part) => `${entry.id} lacks ${part}`));
    }
    for (const object of this.objects) {
      const [id, name] = object.split('/');
      const entry = entryOf(this.catalog, id);
      if (!entry || (!name.startsWith('manifest') && Number(name) > entry.reservedParts)) {
        faults.push(`${object} is out of reach of every deletion to come`);
      }
    }
    return faults;
  }
}

const runs = fc.array(
  fc.record({
    /** Days since the run before; 0 runs the same id again. */
    days: fc.integer({ min: 0, max: 5 }),
    parts: fc.integer({ min: 1, max: 3 }),
    failsAfter: fc.oneof(fc.constant(Infinity), fc.integer({ min: 0, max: 2 })),
    killedAfter: fc.oneof(fc.constant(Infinity), fc.integer({ min: 0, max: 25 })),
    /** When a part lands that was on its way when the run was killed; no request outlives the whole next run. */
    late: fc.constantFrom('never', 'before the next run', 'during the next run'),
  }),
  { maxLength: 8 },
);

test('whatever is killed between any two steps, a completed backup has all its objects, and nothing is lost sight of', () => {
  fc.assert(
    fc.property(runs, (drawn) => {
      // GIVEN
      const model = new Model();
      let time = START;
      let onTheWay: string[] = [];

      for (const { days, parts, failsAfter, killedAfter, late } of drawn) {
        // WHEN
        time += days * DAY_MS;
        const before = completedBackups(model.catalog.entries).at(-1);
        const steps = model.run(backupIdOf(new Date(time)), parts, failsAfter, new Date(time + 1000));
        const faults: string[] = [];
        for (let step = 0; step < killedAfter && !steps.next().done; step++) {
          faults.push(...model.faults());
        }
        model.land(onTheWay);
        const sent = model.takeSent();
        model.land(late === 'before the next run' ? sent : []);
        onTheWay = late === 'during the next run' ? sent : [];

        // THEN
        expect([...faults, ...model.faults()]).toEqual([]);
        const after = completedBackups(model.catalog.entries).at(-1);
        expect(before === undefined || after!.endedAt! >= before.endedAt!).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});

test('two undisturbed runs after a kill leave nothing of it in the storage', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 12 }), (killedAfter) => {
      // GIVEN a run that was killed, with a part on its way
      const model = new Model();
      const killed = model.run('20261122T030000Z', 3, Infinity, new Date(START));
      for (let step = 0; step < killedAfter && !killed.next().done; step++);
      const completed = entryOf(model.catalog, '20261122T030000Z')?.state === 'Completed';
      const onTheWay = model.takeSent();

      // WHEN
      [...model.run('20261123T030000Z', 1, Infinity, new Date(START + DAY_MS))];
      model.land(onTheWay);
      [...model.run('20261124T030000Z', 1, Infinity, new Date(START + 2 * DAY_MS))];

      // THEN
      const left = [...model.objects].filter((name) => name.startsWith('20261122T030000Z/'));
      expect(left.length > 0).toBe(completed);
    }),
  );
});

test('parts of a second attempt are numbered behind those of the first', () => {
  // GIVEN
  const at = new Date(START);
  const failed = fail(reserve(start(emptyCatalog(OWNER), 'A', at), 'A', 5), 'A', 'cut off', at);

  // WHEN
  const again = start(failed, 'A', at);

  // THEN
  expect(again.entries).toEqual([{ id: 'A', state: 'Running', startedAt: at.toISOString(), reservedParts: 5 }]);
});

test('a reservation never goes down', () => {
  const catalog = reserve(reserve(start(emptyCatalog(OWNER), 'A', new Date()), 'A', 5), 'A', 3);
  expect(entryOf(catalog, 'A')!.reservedParts).toBe(5);
});

test('entries stay in the order of their ids', () => {
  const at = new Date(START);
  const catalog = start(start(emptyCatalog(OWNER), 'B', at), 'A', at);
  expect(catalog.entries.map(({ id }) => id)).toEqual(['A', 'B']);
});

test('a long reason is cut, so that the list stays readable in one go', () => {
  const catalog = fail(start(emptyCatalog(OWNER), 'A', new Date()), 'A', 'x'.repeat(10_000), new Date());
  expect(entryOf(catalog, 'A')!.reason).toHaveLength(MAXIMUM_REASON_LENGTH);
});

test('fails to start what is completed, and to complete what does not run', () => {
  const at = new Date(START);
  const completed = complete(start(emptyCatalog(OWNER), 'A', at), 'A', FACTS, at);
  expect(() => start(completed, 'A', at)).toThrow('Backup A cannot start: it is Completed.');
  expect(() => complete(completed, 'A', FACTS, at)).toThrow('Backup A is Completed, not Running.');
  expect(() => fail(completed, 'A', 'late', at)).toThrow('Backup A is Completed, not Running.');
  expect(() => reserve(completed, 'B', 1)).toThrow('Backup B is not in the catalog, not Running.');
});

test('a completed backup is never dropped from the list, whoever asks', () => {
  const at = new Date(START);
  const completed = complete(start(emptyCatalog(OWNER), 'A', at), 'A', FACTS, at);
  expect(remove(completed, ['A']).entries).toHaveLength(1);
  expect(remove(markDeleting(completed, ['A']), ['A']).entries).toHaveLength(0);
});
