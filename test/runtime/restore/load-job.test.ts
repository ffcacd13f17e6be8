import { ManifestDatabase } from '../../../src/contract/manifest';
import { LoadJob, loadError } from '../../../src/runtime/restore/load-job';

const logged: unknown[] = [];
const job = {
  log: { info: () => undefined, warn: (event: string, facts: object) => logged.push({ event, ...facts }) },
} as unknown as LoadJob;
const facts = { name: 'shop' } as ManifestDatabase;

test('a text has the number of failures and the first of them, the log has all of them', () => {
  const failures = Array.from({ length: 7 }, (_, index) => `trigger shop.orders t${index}: refused`);
  const error = loadError(job, facts, failures);
  expect(error).toMatchObject({
    kind: 'DatabaseFault',
    message:
      'Database shop could not be restored (7 failures): ' +
      `${failures.slice(0, 5).join('\n')}\nThe others are in the log.`,
  });
  expect(logged).toEqual(failures.map((message) => ({ event: 'not-restored', database: 'shop', message })));
});

test('one failure is the text', () => {
  expect(loadError(job, facts, ['table shop.orders: refused']).message).toBe(
    'Database shop could not be restored: table shop.orders: refused',
  );
});
