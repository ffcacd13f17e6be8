import { CronExpressionParser } from 'cron-parser';
import { ActionError } from '../../contract/action-error';
import { BackupId, backupIdOf } from '../../contract/backup-id';

/** A cron expression of EventBridge Scheduler: minute, hour, day of month, month, day of week, year. */
const SCHEDULER_FORM = /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) \*\)$/;

/**
 * The ids of the backups that were due before a moment, the newest first, without end.
 *
 * @param expressions six-field cron expressions, seconds first, UTC, or expressions of EventBridge Scheduler
 * @throws InvalidRequest for an expression that is neither.
 */
export function* idsDueBefore(expressions: readonly string[], moment: Date): Generator<BackupId> {
  const schedules = expressions.map((expression) => cronBefore(expression, moment));
  const next = schedules.map((schedule) => schedule.prev().getTime());
  for (;;) {
    const newest = Math.max(...next);
    if (!Number.isFinite(newest)) return;
    yield backupIdOf(new Date(newest));
    next.forEach((time, index) => {
      if (time === newest) next[index] = schedules[index].prev().getTime();
    });
  }
}

function cronBefore(expression: string, moment: Date) {
  try {
    return CronExpressionParser.parse(plainCron(expression), { currentDate: moment, tz: 'UTC' });
  } catch (error) {
    throw new ActionError(
      'InvalidRequest',
      `Due times are six-field cron expressions, seconds first, such as "0 0 3 * * *", or cron(…) of EventBridge ` +
        `Scheduler; got ${JSON.stringify(expression)}: ${(error as Error).message}`,
    );
  }
}

/** Scheduler counts the days of the week from 1, Sunday; cron from 0. */
function plainCron(expression: string): string {
  const [, minute, hour, dayOfMonth, month, dayOfWeek] = SCHEDULER_FORM.exec(expression) ?? [];
  return minute === undefined
    ? expression
    : `0 ${minute} ${hour} ${dayOfMonth} ${month} ${dayOfWeek.replace(/(?<!#)\b[1-7](?=$|[-,L#])/g, (day) => String(+day - 1))}`;
}
