import { Lazy } from 'cdktf';
import { BackupSchedule } from '../../src/backup/backup-schedule';
import { newScheduledBackup, newStack } from '../support/synth';

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

  const attempt = (schedule: BackupSchedule) => () => newScheduledBackup(newStack(), undefined, { schedule });

  test('fails on a token, which cannot be translated', () => {
    expect(attempt(BackupSchedule.cron(Lazy.stringValue({ produce: () => '0 0 3 * * *' })))).toThrow(
      'BackupSchedule.cron takes an expression that is known when the program runs. Got a value that only Terraform knows. Write the expression out: it is translated for EventBridge Scheduler. (at stack/Backup)',
    );
  });

  test.each([
    ['0 3 * * *', 'BackupSchedule.cron takes six fields'],
    // The daily form of AWS: read with the second first it would be hourly.
    ['0 3 * * ? *', 'BackupSchedule.cron takes ? in the two day fields only, not for the month.'],
    [undefined as unknown as string, 'The expression of BackupSchedule.cron is required. Got nothing.'],
  ])('fails on %j, with the path of the construct that takes it', (expression, message) => {
    expect(attempt(BackupSchedule.cron(expression))).toThrow(message);
    expect(attempt(BackupSchedule.cron(expression))).toThrow('(at stack/Backup)');
  });
});
