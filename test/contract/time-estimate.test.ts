import { describeEstimate, estimateTime, SHORTEST_PAST_RUN_MS } from '../../src/contract/time-estimate';
import * as fc from '../support/properties';

const GB = 1e9;
const past = { bytes: 10 * GB, durationMs: 400_000, memoryMib: 1769 };
const available = { milliseconds: 890_000, memoryMib: 1769 };

test.each([
  [17, 'enough'],
  [18, 'scarce'],
  [22, 'scarce'],
  [23, 'too little'],
])('a database of %d GB, where 10 GB took 400 s of 890: %s', (gigabytes, verdict) => {
  expect(estimateTime(gigabytes * GB, past, available)?.verdict).toBe(verdict);
});

test('more memory than the past run had is never too little', () => {
  expect(estimateTime(100 * GB, past, { ...available, memoryMib: 3538 })?.verdict).toBe('scarce');
});

test('a short run, one from a terminal and one without a limit say nothing', () => {
  expect(estimateTime(GB, { ...past, durationMs: SHORTEST_PAST_RUN_MS - 1 }, available)).toBeUndefined();
  expect(estimateTime(GB, { ...past, memoryMib: undefined }, available)).toBeUndefined();
  expect(estimateTime(GB, past, { milliseconds: Infinity })).toBeUndefined();
});

test('a larger database never has a better verdict, more time never a worse one', () => {
  const order = ['enough', 'scarce', 'too little'];
  const rank = (bytes: number, milliseconds: number) =>
    order.indexOf(estimateTime(bytes, past, { ...available, milliseconds })!.verdict);
  fc.assert(
    fc.property(
      fc.nat(1e12),
      fc.nat(1e12),
      fc.integer({ min: 1, max: 1e6 }),
      fc.nat(1e6),
      (bytes, more, time, longer) => {
        expect(rank(bytes + more, time)).toBeGreaterThanOrEqual(rank(bytes, time));
        expect(rank(bytes, time + longer)).toBeLessThanOrEqual(rank(bytes, time));
      },
    ),
  );
});

test('the estimate names the ways out', () => {
  const text = describeEstimate('The backup', estimateTime(23 * GB, past, available)!, available);
  expect(text).toMatch(
    /^The backup is estimated to take 920 s, and the function has 890 s\. .*more memory.*command line/,
  );
});
