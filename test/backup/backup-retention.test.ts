import { TerraformStack, TerraformVariable, Testing, Token } from 'cdktf';
import { BackupRetention } from '../../src/backup/backup-retention';
import { newScheduledBackup, newStack } from '../support/synth';

describe('BackupRetention.days', () => {
  test.each([1, 30, 36_500])('keeps %d days', (days) => {
    expect(BackupRetention.days(days).numberOfDays).toBe(days);
  });

  test('accepts a token, whose value only the deployment knows', () => {
    // GIVEN
    const variable = new TerraformVariable(new TerraformStack(Testing.app(), 'Stack'), 'Days', { type: 'number' });

    // WHEN
    const retention = BackupRetention.days(variable.numberValue);

    // THEN
    expect(Token.isUnresolved(retention.numberOfDays)).toBe(true);
  });

  test.each([0, 1.5, -1, 36_501, NaN, Infinity])('fails on %d days', (days) => {
    expect(() => newScheduledBackup(newStack(), undefined, { retention: BackupRetention.days(days) })).toThrow(
      `The retention is a whole number of days from 1 to 36500. Got ${days}. Give such a number; the newest completed backup is kept in any case. (at stack/Backup)`,
    );
  });

  test('fails without a number of days', () => {
    const retention = BackupRetention.days(undefined as unknown as number);
    expect(() => newScheduledBackup(newStack(), undefined, { retention })).toThrow(
      'The number of days of BackupRetention.days is required. Got nothing.',
    );
  });
});
