import { selectBackup } from '../../src/contract/backup-selection';
import { CatalogEntry } from '../../src/contract/catalog';

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
  expect(selectBackup(ENTRIES, { kind: 'latest' })).toBe(NIGHT);
});

test('before a time is the last one that was completed before it', () => {
  expect(selectBackup(ENTRIES, { kind: 'before', time: '2026-11-20T05:00:00Z' })).toBe(BY_HAND);
  expect(selectBackup(ENTRIES, { kind: 'before', time: '2026-11-20T05:00:01Z' })).toBe(NIGHT);
});

test('fails to find what is not completed', () => {
  expect(selectBackup(ENTRIES, { kind: 'backup', id: NIGHT.id })).toBe(NIGHT);
  expect(selectBackup(ENTRIES, { kind: 'backup', id: FAILED.id })).toBeUndefined();
  expect(selectBackup(ENTRIES, { kind: 'backup', id: DELETING.id })).toBeUndefined();
  expect(selectBackup([FAILED, DELETING], { kind: 'latest' })).toBeUndefined();
});
