import { TerminalLog } from '../../../src/cli/output/terminal-log';

const lines: string[] = [];
const log = new TerminalLog(
  (text) => lines.push(text.trimEnd()),
  false,
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

describe('progress', () => {
  const PROGRESS = {
    direction: 'read',
    doneBytes: 1_200_000_000,
    totalBytes: 2_600_000_000,
    bytesPerSecond: 35_000_000,
  };

  test('is a line in a log', () => {
    log.info('progress', PROGRESS);
    expect(lines).toEqual(['03:00:05  read 46 %, 1.2 GB of 2.6 GB, 35 MB/s, 40s to go']);
    expect(log.progressIntervalMs).toBe(60_000);
  });

  test('names the tables that are left and what is being built', () => {
    log.info('progress', { ...PROGRESS, tablesLeft: 12, current: ['INDEX public a', 'TABLE DATA public b'] });
    log.info('progress', { ...PROGRESS, doneBytes: PROGRESS.totalBytes, tablesLeft: 0, current: ['INDEX public a'] });
    expect(lines).toEqual([
      '03:00:05  read 46 %, 1.2 GB of 2.6 GB, 35 MB/s, 40s to go, 12 tables left, INDEX public a, TABLE DATA public b',
      '03:00:05  read 100 %, 2.6 GB of 2.6 GB, 35 MB/s, INDEX public a',
    ]);
  });

  test('of a first backup has no total, and of the next ones an estimate', () => {
    log.info('progress', { direction: 'stored', doneBytes: 1_200_000_000, bytesPerSecond: 35_000_000, tablesLeft: 1 });
    log.info('progress', { ...PROGRESS, direction: 'stored' });
    expect(lines).toEqual([
      '03:00:05  stored 1.2 GB, 35 MB/s, 1 table left',
      '03:00:05  stored 46 %, 1.2 GB of about 2.6 GB, 35 MB/s, 40s to go',
    ]);
  });

  test('is a bar on a terminal, which is erased before other text', () => {
    const written: string[] = [];
    const terminal = new TerminalLog(
      (text) => written.push(text),
      true,
      () => new Date('2026-11-22T03:00:05Z'),
    );
    terminal.info('progress', { ...PROGRESS, tablesLeft: 12, current: ['INDEX public with_a_long_name'] });
    terminal.info('parts-read', {});
    terminal.eraseBar();
    expect(written).toEqual([
      '\r\u001b[2K[#########...........] read 46 %, 1.2 GB of 2.6 GB, 35 MB/s, 40s to go, 12 tabl',
      '\r\u001b[2K',
      '03:00:05  parts read\n',
    ]);
    expect(terminal.progressIntervalMs).toBeLessThan(1_000);
  });
});
