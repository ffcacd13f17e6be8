import { TerminalLog } from '../../../src/cli/output/terminal-log';

const lines: string[] = [];
const log = new TerminalLog(
  (line) => lines.push(line),
  () => new Date('2026-11-22T03:00:05Z'),
);

beforeEach(() => {
  lines.length = 0;
});

test('an event is one line with its fields in words', () => {
  log.info('database-stored', { backup: '20261122T030000Z', parts: 3, storedBytes: 1_200_000, durationMs: 2_500 });
  expect(lines).toEqual([
    '03:00:05  database stored: backup 20261122T030000Z, parts 3, stored bytes 1.2 MB, duration 2.5s',
  ]);
});

test('a warning is marked, and cannot break its line', () => {
  log.warn('leftovers-not-deleted', { reason: 'first\nsecond' });
  expect(lines).toEqual(['03:00:05  warning: leftovers not deleted: reason first?second']);
});

test.each(['backup-failed', 'backup-completed', 'restored', 'failed', 'metric'])(
  '%s is not shown: the result repeats it',
  (event) => {
    log.info(event, { reason: 'it failed' });
    log.warn(event, { reason: 'it failed' });
    expect(lines).toEqual([]);
  },
);
