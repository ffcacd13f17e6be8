import { newestCompleted, selectBackup } from '../../src/contract/backup-selection';
import { CatalogEntry } from '../../src/contract/catalog';

const NOW = new Date('2026-11-22T00:00:00Z');

const entry = (id: string, state: CatalogEntry['state'], endedAt: string): CatalogEntry => ({
  id,
  state,
  startedAt: '2026-11-01T00:00:00.000Z',
  endedAt,
  reservedParts: 1,
});

// A run by hand was started after the one of the night, and was completed before it.
const NIGHT = entry('20261120T030000Z', 'Completed', '2026-11-20T05:00:00.000Z');
const BY_HAND = entry('20261120T040000Z', 'Completed', '2026-11-20T04:30:00.000Z');
const FAILED = entry('20261121T030000Z', 'Failed', '2026-11-21T03:00:01.000Z');
const DELETING = entry('20261019T030000Z', 'Deleting', '2026-10-19T03:00:01.000Z');
const ENTRIES = [DELETING, NIGHT, BY_HAND, FAILED];

test('the latest is the one that was completed last', () => {
  expect(selectBackup(ENTRIES, { kind: 'latest' }, NOW)).toBe(NIGHT);
});

test('before a time is the last one that was completed before it', () => {
  expect(selectBackup(ENTRIES, { kind: 'before', time: '2026-11-20T05:00:00Z' }, NOW)).toBe(BY_HAND);
  expect(selectBackup(ENTRIES, { kind: 'before', time: '2026-11-20T05:00:01Z' }, NOW)).toBe(NIGHT);
});

test('fails to find what is not completed', () => {
  expect(selectBackup(ENTRIES, { kind: 'backup', id: NIGHT.id }, NOW)).toBe(NIGHT);
  expect(selectBackup(ENTRIES, { kind: 'backup', id: FAILED.id }, NOW)).toBeUndefined();
  expect(selectBackup(ENTRIES, { kind: 'backup', id: DELETING.id }, NOW)).toBeUndefined();
  expect(selectBackup([FAILED, DELETING], { kind: 'latest' }, NOW)).toBeUndefined();
});

test('a backup from the future is the latest only where there is no other', () => {
  const future = entry('20270101T030000Z', 'Completed', '2027-01-01T03:05:00.000Z');
  expect(newestCompleted([...ENTRIES, future], NOW)).toBe(NIGHT);
  expect(selectBackup([...ENTRIES, future], { kind: 'latest' }, NOW)).toBe(NIGHT);
  expect(newestCompleted([future], NOW)).toBe(future);
});
