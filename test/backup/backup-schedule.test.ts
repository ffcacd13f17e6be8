import { Lazy } from 'cdktf';
import { BackupSchedule } from '../../src/backup/backup-schedule';

const HOUR_MS = 3_600_000;

describe('BackupSchedule', () => {
  test.each([
    ['hourly', BackupSchedule.hourly(), '0 0 * * * *', 'cron(0 * * * ? *)', HOUR_MS],
    ['daily', BackupSchedule.daily(), '0 0 3 * * *', 'cron(0 3 * * ? *)', 24 * HOUR_MS],
    ['weekly', BackupSchedule.weekly(), '0 0 3 * * SUN', 'cron(0 3 ? * 1 *)', 7 * 24 * HOUR_MS],
    ['monthly', BackupSchedule.monthly(), '0 0 3 1 * *', 'cron(0 3 1 * ? *)', 31 * 24 * HOUR_MS],
  ])('%s is due at the documented time', (_name, schedule, expression, schedulerExpression, gap) => {
    expect(schedule.expression).toBe(expression);
    expect(schedule.schedulerExpressions).toEqual([schedulerExpression]);
    expect(schedule._longestGapMs()).toBe(gap);
  });

  test('cron keeps the expression as it was given', () => {
    const schedule = BackupSchedule.cron(' 0  30 3 15,L * ?');

    expect(schedule.expression).toBe(' 0  30 3 15,L * ?');
    expect(schedule.schedulerExpressions).toEqual(['cron(30 3 15 * ? *)', 'cron(30 3 L * ? *)']);
  });

  test('fails on a token, which cannot be translated', () => {
    expect(() => BackupSchedule.cron(Lazy.stringValue({ produce: () => '0 0 3 * * *' }))).toThrow(
      new Error(
        'BackupSchedule.cron takes an expression that is known at synth, where it is translated for EventBridge ' +
          'Scheduler; got a token. Write the expression itself, not a variable or an attribute.',
      ),
    );
  });

  test('fails on five fields', () => {
    expect(() => BackupSchedule.cron('0 3 * * *')).toThrow(
      new Error(
        'BackupSchedule.cron takes six fields: second, minute, hour, day of month, month, day of week; ' +
          'got "0 3 * * *". Put the second first, as in "0 0 3 * * *" for every day at 03:00 UTC.',
      ),
    );
  });
});
