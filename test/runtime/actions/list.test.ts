import { CatalogEntry } from '../../../src/contract/catalog';
import { BackupSummary } from '../../../src/contract/requests';
import { MAXIMUM_PAGE_BYTES, pageOf } from '../../../src/runtime/actions/list';
import * as fc from '../../support/properties';

const entries = fc.uniqueArray(fc.integer({ min: 0, max: 99_999 }), { maxLength: 60 }).chain((numbers) =>
  fc.tuple(
    ...numbers
      .sort((one, other) => one - other)
      .map((number) =>
        fc.record({
          id: fc.constant(`20261122T0${String(number).padStart(5, '0')}Z`),
          state: fc.constantFrom<CatalogEntry['state']>('Running', 'Completed', 'Failed', 'Deleting'),
          startedAt: fc.constant('2026-11-22T03:00:00.000Z'),
          reservedParts: fc.nat(),
          reason: fc.option(fc.string({ maxLength: 300 }), { nil: undefined }),
        }),
      ),
  ),
);

test('the pages together are the whole list, newest first, without what is going', () => {
  fc.assert(
    fc.property(entries, fc.integer({ min: 1, max: 3000 }), (catalog, maximumBytes) => {
      // WHEN
      const listed: BackupSummary[] = [];
      let before: string | undefined;
      do {
        const page = pageOf(catalog, before, maximumBytes);
        // One that is too long by itself has a page of its own; two brackets are not counted.
        const bytes = Buffer.byteLength(JSON.stringify(page.backups));
        expect(page.backups.length === 1 || bytes <= maximumBytes + 2).toBe(true);
        listed.push(...page.backups);
        before = page.next;
      } while (before !== undefined);

      // THEN
      const visible = catalog.filter(({ state }) => state !== 'Deleting').reverse();
      expect(listed.map(({ backup }) => backup)).toEqual(visible.map(({ id }) => id));
    }),
  );
});

test('ten years of hourly failures with long reasons fit into answers below 6 MB', () => {
  const catalog = Array.from({ length: 87_600 }, (_, index): CatalogEntry => ({
    id: new Date(index * 3_600_000).toISOString(),
    state: 'Failed',
    startedAt: '2026-11-22T03:00:00.000Z',
    reservedParts: 0,
    reason: '"'.repeat(1000),
  }));
  expect(Buffer.byteLength(JSON.stringify(pageOf(catalog, undefined)))).toBeLessThan(MAXIMUM_PAGE_BYTES + 1000);
});
