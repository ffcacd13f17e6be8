import { CronExpressionParser } from 'cron-parser';
import { BackupSchedule } from '../../../src/backup/backup-schedule';
import { nextRuns, scheduleInWords } from '../../../src/cli/deployed/schedule-times';

const NOW = new Date('2026-11-24T12:34:56Z');

test.each([
  '0 0 * * * *',
  '0 0 3 * * *',
  '0 0 3 * * SUN',
  '0 0 3 1 * *',
  '0 15,45 22-23,0-2 * * MON-FRI',
  '0 30 4 L * *',
  '0 30 4 * * 5L',
  '0 30 4 * * 5#3',
  '0 30 4 * JAN,JUL 0',
  '0 0 0 29 2 *',
  '0 0 3 1,L * *',
])('the next runs of %s are those that the program declared', (expression) => {
  // GIVEN the expressions of EventBridge Scheduler for it
  const { schedulerExpressions } = BackupSchedule.cron(expression);
  // WHEN
  const runs = nextRuns(schedulerExpressions, NOW, 5);
  // THEN
  const declared = CronExpressionParser.parse(expression, { tz: 'UTC', currentDate: NOW }).take(5);
  expect(runs).toEqual(declared.map((date) => date.toDate()));
});

test.each([
  ['0 0 * * * *', 'Every hour, every day'],
  ['0 0 3 * * *', 'At 03:00, every day'],
  ['0 0 3 * * SUN', 'At 03:00, only on Sunday'],
  ['0 0 3 1 * *', 'At 03:00, on day 1 of the month'],
  ['0 30 4 * * 5L', 'At 04:30, on the last Friday of the month'],
  ['0 30 4 * * 5#3', 'At 04:30, on the third Friday of the month'],
  ['0 0 3 1,L * *', 'At 03:00, on day 1 of the month; At 03:00, on the last day of the month'],
])('%s is shown as "%s"', (expression, words) => {
  expect(scheduleInWords(BackupSchedule.cron(expression).schedulerExpressions)).toBe(words);
});

test('fails for an expression that no schedule of backups has', () => {
  expect(() => nextRuns(['rate(5 minutes)'], NOW, 5)).toThrow('rate(5 minutes)');
});
