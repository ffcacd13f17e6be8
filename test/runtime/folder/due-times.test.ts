import { timeOfBackupId } from '../../../src/contract/backup-id';
import { idsDueBefore } from '../../../src/runtime/folder/due-times';
import { SchedulerEvaluator } from '../../backup/scheduler-evaluator';

const NOW = new Date('2026-11-23T12:00:00Z');

function take(expressions: readonly string[], count: number): string[] {
  const due = idsDueBefore(expressions, NOW);
  return Array.from({ length: count }, () => due.next().value as string);
}

test.each([
  'cron(0 3 * * ? *)',
  'cron(0,30 4-6 ? * 1,7 *)',
  'cron(5 0 L * ? *)',
  'cron(0 12 ? 3 6L *)',
  'cron(0 1 ? * 2#1 *)',
])('the due times of %s are those at which EventBridge Scheduler starts it', (expression) => {
  const ids = take([expression], 6);
  const from = timeOfBackupId(ids.at(-1)!).getTime();
  const due = new SchedulerEvaluator(expression).dueTimes(from, NOW.getTime()).sort((one, other) => other - one);
  expect(ids.map((id) => timeOfBackupId(id).getTime())).toEqual(due);
});

test('several expressions are one row of due times, the newest first and each once', () => {
  expect(take(['0 0 3 * * *', '0 0 3,9 * * *'], 4)).toEqual([
    '20261123T090000Z',
    '20261123T030000Z',
    '20261122T090000Z',
    '20261122T030000Z',
  ]);
});

test('fails for what is no cron expression', () => {
  expect(() => take(['every day'], 1)).toThrow('got "every day"');
});
