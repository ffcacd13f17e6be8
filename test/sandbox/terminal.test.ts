import { duration, tableLines } from '../../sandbox/terminal';

test('tableLines puts columns below one another, and no space at the end', () => {
  expect(tableLines([['a', 'long'], ['longer', 'b'], ['c']])).toEqual(['a       long', 'longer  b', 'c']);
  expect(tableLines([])).toEqual([]);
});

test.each([
  [0, '0.0 s'],
  [1234, '1.2 s'],
  [65_000, '1 min 05 s'],
  [3_600_000, '60 min 00 s'],
])('%d ms is %s', (milliseconds, text) => expect(duration(milliseconds)).toBe(text));
