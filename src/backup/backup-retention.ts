import { Token } from 'cdktf';
import { retentionDaysError } from '../contract/retention';
import { Problem } from '../private/invalid-input';
import { required } from '../private/rules';

/**
 * How long completed backups are kept. A backup is deleted after a later one has completed; the newest completed backup
 * is never deleted, however old it is.
 */
export class BackupRetention {
  /**
   * Keeps each completed backup for this many days of 24 hours after its completion.
   *
   * @param numberOfDays a whole number of days from 1 to 36500. Another number is refused by the construct that takes
   * the retention.
   */
  public static days(numberOfDays: number): BackupRetention {
    return new BackupRetention(numberOfDays);
  }

  /** Days of 24 hours for which each completed backup is kept. */
  public readonly numberOfDays: number;

  /** @internal */
  public readonly _problems: readonly Problem[];

  private constructor(numberOfDays: number) {
    this.numberOfDays = numberOfDays;
    const problem = daysProblem(numberOfDays);
    this._problems = problem ? [problem] : [];
  }
}

function daysProblem(days: number): Problem | undefined {
  const remedy = 'Give such a number; the newest completed backup is kept in any case.';
  const error = Token.isUnresolved(days) ? undefined : retentionDaysError(days);
  return (
    required('The number of days of BackupRetention.days', days, remedy) ??
    (error ? { rule: `The retention ${error}.`, value: days, remedy } : undefined)
  );
}
