import { Token } from 'cdktf';
import { faultOfRetentionDays } from '../contract/retention';

/**
 * How long completed backups are kept. A backup is deleted after a later one has completed; the newest completed backup
 * is never deleted, however old it is.
 */
export class BackupRetention {
  /**
   * Keeps each completed backup for this many days of 24 hours from its completion.
   *
   * @param numberOfDays a whole number of days from 1 to 36500.
   * @throws if it is not. A token, whose value is not known yet, passes.
   */
  public static days(numberOfDays: number): BackupRetention {
    const fault = Token.isUnresolved(numberOfDays) ? undefined : faultOfRetentionDays(numberOfDays);
    if (fault) {
      throw new Error(
        `BackupRetention.days: the retention ${fault}; got ${numberOfDays}. ` +
          'Give such a number; the newest completed backup is kept in any case.',
      );
    }
    return new BackupRetention(numberOfDays);
  }

  /** Days of 24 hours for which each completed backup is kept. */
  public readonly numberOfDays: number;

  private constructor(numberOfDays: number) {
    this.numberOfDays = numberOfDays;
  }
}
