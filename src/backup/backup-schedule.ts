import { Token } from 'cdktf';
import { longestGapMs, toSchedulerExpressions } from './private/cron-expression';
import { InvalidInput, Problem } from '../private/invalid-input';

/** When backups are due. All times are UTC. */
export class BackupSchedule {
  /** Every hour, at minute 0. */
  public static hourly(): BackupSchedule {
    return BackupSchedule.cron('0 0 * * * *');
  }

  /** Every day at 03:00 UTC. */
  public static daily(): BackupSchedule {
    return BackupSchedule.cron('0 0 3 * * *');
  }

  /** Every Sunday at 03:00 UTC. */
  public static weekly(): BackupSchedule {
    return BackupSchedule.cron('0 0 3 * * SUN');
  }

  /** The first day of every month at 03:00 UTC. */
  public static monthly(): BackupSchedule {
    return BackupSchedule.cron('0 0 3 1 * *');
  }

  /**
   * The times that a cron expression of six fields names, in UTC: second, minute, hour, day of month, month, day of
   * week. `0 0 3 * * *` is every day at 03:00.
   *
   * The second is 0. Lists, ranges and steps (`0,30`, `1-5`, `5/10`) and names (`JAN`, `MON`) may be used; Sunday is 0 or
   * 7; `L` as day of month is the last one; as day of week, `5L` is the last Friday of the month and `5#3` its third.
   * Where both day fields are restricted, a day is due if either names it, as in every cron.
   *
   * EventBridge Scheduler starts the backups. Where one of its schedules cannot express the times exactly, several do,
   * or the expression is refused: two parts of the day fields must not share only some of their days, as the first of
   * the month and every Monday (`1 * MON`) do.
   *
   * An expression that is not of this form, names a date that no year has, or cannot be expressed exactly is refused by
   * the construct that takes the schedule.
   *
   * @param expression six fields, separated by spaces.
   */
  public static cron(expression: string): BackupSchedule {
    return BackupSchedule._takenBy('BackupSchedule.cron', expression);
  }

  /**
   * As `cron`, for a method of another class: errors name it.
   *
   * @internal
   */
  public static _takenBy(taker: string, expression: string): BackupSchedule {
    if (Token.isUnresolved(expression)) {
      return new BackupSchedule(expression, [], {
        rule: `${taker} takes an expression that is known when the program runs.`,
        value: expression,
        remedy: 'Write the expression out: it is translated for EventBridge Scheduler.',
      });
    }
    try {
      return new BackupSchedule(expression, toSchedulerExpressions(expression, taker));
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      return new BackupSchedule(expression, [], error.problem);
    }
  }

  /** The cron expression of six fields, as given. */
  public readonly expression: string;

  /**
   * The expressions of the EventBridge Scheduler schedules, `cron(…)` in UTC, which together start at exactly the times
   * of the expression, each time once.
   */
  public readonly schedulerExpressions: string[];

  /** @internal */
  public readonly _problems: readonly Problem[];

  private constructor(expression: string, schedulerExpressions: string[], problem?: Problem) {
    this.expression = expression;
    this.schedulerExpressions = schedulerExpressions;
    this._problems = problem ? [problem] : [];
  }

  /**
   * The longest time between two due times, in milliseconds.
   *
   * @internal
   */
  public _longestGapMs(): number {
    return longestGapMs(this.expression);
  }
}
