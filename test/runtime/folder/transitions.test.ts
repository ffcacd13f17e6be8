import { CatalogEntry } from '../../../src/contract/catalog';
import {
  complete,
  emptyCatalog,
  entryOf,
  fail,
  listCompleted,
  markDeleting,
  MAXIMUM_REASON_LENGTH,
  remove,
  reserve,
  start,
} from '../../../src/runtime/folder/transitions';

const OWNER = { account: '123456789012', region: 'eu-central-1', database: 'shop' };
const START = new Date('2026-11-22T03:00:00Z').getTime();
const completedAs = (id: string): CatalogEntry => ({
  id,
  state: 'Completed',
  startedAt: '2026-11-22T03:00:00.000Z',
  endedAt: '2026-11-22T03:05:00.000Z',
  reservedParts: 1,
});

test('parts of a second attempt are numbered behind those of the first', () => {
  // GIVEN
  const at = new Date(START);
  const failed = fail(reserve(start(emptyCatalog(OWNER), 'A', at), 'A', 5), 'A', 'cut off', at);

  // WHEN
  const again = start(failed, 'A', at);

  // THEN
  expect(again.entries).toEqual([
    { id: 'A', state: 'Running', startedAt: at.toISOString(), reservedParts: 5, formerParts: 5 },
  ]);
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
  const completed = complete(start(emptyCatalog(OWNER), 'A', at), completedAs('A'));
  expect(() => start(completed, 'A', at)).toThrow('Backup A cannot start: it is Completed.');
  expect(() => complete(completed, completedAs('A'))).toThrow('Backup A is Completed, not Running.');
  expect(() => fail(completed, 'A', 'late', at)).toThrow('Backup A is Completed, not Running.');
  expect(() => reserve(completed, 'B', 1)).toThrow('Backup B is not in the catalog, not Running.');
});

test('a completed backup is never dropped from the list', () => {
  const at = new Date(START);
  const completed = complete(start(emptyCatalog(OWNER), 'A', at), completedAs('A'));
  expect(remove(completed, ['A']).entries).toHaveLength(1);
  expect(remove(markDeleting(completed, ['A']), ['A']).entries).toHaveLength(0);
});

test('a completed backup is listed whatever the list said of it, and keeps every part number that was reserved', () => {
  const at = new Date(START);
  const failed = fail(reserve(start(emptyCatalog(OWNER), 'A', at), 'A', 5), 'A', 'cut off', at);
  expect(entryOf(listCompleted(failed, [completedAs('A')]), 'A')).toEqual({ ...completedAs('A'), reservedParts: 5 });
  expect(listCompleted(failed, [completedAs('B')]).entries.map(({ id }) => id)).toEqual(['A', 'B']);
});
