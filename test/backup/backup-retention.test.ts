import { TerraformStack, TerraformVariable, Testing, Token } from 'cdktf';
import { BackupRetention } from '../../src/backup/backup-retention';

describe('BackupRetention.days', () => {
  test.each([1, 30, 36_500])('keeps %d days', (days) => {
    expect(BackupRetention.days(days).numberOfDays).toBe(days);
  });

  test('lets a token pass, whose value only the deployment knows', () => {
    // GIVEN
    const variable = new TerraformVariable(new TerraformStack(Testing.app(), 'Stack'), 'Days', { type: 'number' });

    // WHEN
    const retention = BackupRetention.days(variable.numberValue);

    // THEN
    expect(Token.isUnresolved(retention.numberOfDays)).toBe(true);
  });

  test.each([0, 1.5, -1, 36_501, NaN, Infinity])('fails on %d days', (days) => {
    expect(() => BackupRetention.days(days)).toThrow(
      new Error(
        `BackupRetention.days: the retention is a whole number of days from 1 to 36500; got ${days}. ` +
          'Give such a number; the newest completed backup is kept in any case.',
      ),
    );
  });
});
