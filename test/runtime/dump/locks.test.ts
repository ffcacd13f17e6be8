import { lockMode } from '../../../src/runtime/dump/locks';

/** A server with default settings: 64 * 100. */
const DEFAULT = { capacity: 6400, used: 50 };

test.each([
  [1, 'parallel'],
  [740, 'parallel'],
  [2140, 'parallel'],
  [3386, 'parallel'],
  [3387, 'snapshot first'],
  [10_000, 'snapshot first'],
])('%p tables on a server with default settings are dumped in the mode %p', (tables, mode) => {
  expect(lockMode(tables, DEFAULT)).toBe(mode);
});

test('locks that others hold count', () => {
  expect(lockMode(2140, { capacity: 6400, used: 5000 })).toBe('snapshot first');
});
