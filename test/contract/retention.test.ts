import { backupIdOf } from '../../src/contract/backup-id';
import { CatalogEntry } from '../../src/contract/catalog';
import { DAY_MS, expiredBackups, retentionDaysError, expiredFailures } from '../../src/contract/retention';
import * as fc from '../support/properties';

const NOW = new Date('2026-11-22T03:00:00Z');

const entries = fc
  .uniqueArray(
    fc.record({
      ageSeconds: fc.integer({ min: 0, max: 90 * 86_400 }),
      durationSeconds: fc.integer({ min: 0, max: 7200 }),
      state: fc.constantFrom<CatalogEntry['state']>('Running', 'Completed', 'Failed', 'Deleting'),
      isSwept: fc.boolean(),
    }),
    { selector: ({ ageSeconds }) => ageSeconds },
  )
  .map((drawn) =>
    drawn.map(({ ageSeconds, durationSeconds, state, isSwept }): CatalogEntry => {
      const ended = NOW.getTime() - ageSeconds * 1000;
      const started = new Date(ended - durationSeconds * 1000);
      return {
        id: backupIdOf(new Date(ended)),
        state,
        startedAt: started.toISOString(),
        endedAt: state === 'Running' ? undefined : new Date(ended).toISOString(),
        reservedParts: 1,
        sweepsLeft: state === 'Failed' && !isSwept ? 1 : undefined,
      };
    }),
  );

const ageOf = (entry: CatalogEntry) => NOW.getTime() - Date.parse(entry.endedAt!);

describe('expired backups', () => {
  test('never hold the newest completed one, and hold every older one that is past its time', () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 1, max: 60 }), (catalog, days) => {
        // WHEN
        const expired = expiredBackups(catalog, days, NOW);

        // THEN
        const completed = catalog.filter(({ state }) => state === 'Completed').sort((a, b) => ageOf(b) - ageOf(a));
        const newest = completed.at(-1);
        expect(expired).toEqual(
          completed.filter((entry) => entry !== newest && ageOf(entry) > days * DAY_MS).map(({ id }) => id),
        );
      }),
    );
  });

  test('are none where the only newer one is from the future', () => {
    const completedAt = (endedAt: string): CatalogEntry => ({
      id: backupIdOf(new Date(endedAt)),
      state: 'Completed',
      startedAt: endedAt,
      endedAt,
      reservedParts: 1,
    });
    const [older, newest, future] = ['2026-10-01T03:00:00Z', '2026-10-02T03:00:00Z', '2027-01-01T03:00:00Z'].map(
      completedAt,
    );
    expect(expiredBackups([newest, future], 30, NOW)).toEqual([]);
    expect(expiredBackups([older, newest, future], 30, NOW)).toEqual([older.id]);
  });

  test('are counted from their completion, not from their name', () => {
    // GIVEN a backup whose run was due 31 days ago and was completed 29 days ago
    const late: CatalogEntry = {
      id: '20261022T030000Z',
      state: 'Completed',
      startedAt: '2026-10-22T03:00:00Z',
      endedAt: '2026-10-24T03:00:00Z',
      reservedParts: 1,
    };
    const newer: CatalogEntry = { ...late, id: '20261121T030000Z', endedAt: '2026-11-21T03:10:00Z' };

    // THEN
    expect(expiredBackups([late, newer], 30, NOW)).toEqual([]);
    expect(expiredBackups([late, newer], 28, NOW)).toEqual([late.id]);
  });
});

test('a failure is forgotten only when it has left nothing and is past its time', () => {
  fc.assert(
    fc.property(entries, fc.integer({ min: 1, max: 60 }), (catalog, days) => {
      const forgotten = new Set(expiredFailures(catalog, days, NOW));
      for (const entry of catalog) {
        expect(forgotten.has(entry.id)).toBe(
          entry.state === 'Failed' && entry.sweepsLeft === undefined && ageOf(entry) > days * DAY_MS,
        );
      }
    }),
  );
});

test.each([0, -1, 1.5, NaN, Infinity, 36_501])('fails for %p days', (days) => {
  expect(retentionDaysError(days)).toBe('is a whole number of days from 1 to 36500');
});

test.each([1, 30, 36_500])('takes %p days', (days) => {
  expect(retentionDaysError(days)).toBeUndefined();
});
