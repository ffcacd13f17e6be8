import { CronExpressionParser } from 'cron-parser';
import cronstrue from 'cronstrue';

/** The times of EventBridge Scheduler expressions, in words: `At 03:00, every day`. All times are UTC. */
export function scheduleInWords(expressions: readonly string[]): string {
  return expressions
    .map((expression) =>
      cronstrue.toString(standardCron(expression), {
        use24HourTimeFormat: true,
        verbose: true,
        throwExceptionOnParseError: true,
      }),
    )
    .join('; ');
}

/** The first times after a moment at which one of the expressions starts. */
export function nextRuns(expressions: readonly string[], after: Date, count: number): Date[] {
  return expressions
    .flatMap((expression) =>
      CronExpressionParser.parse(standardCron(expression), { tz: 'UTC', currentDate: after })
        .take(count)
        .map((date) => date.toDate()),
    )
    .sort((one, other) => one.getTime() - other.getTime())
    .slice(0, count);
}

/**
 * Scheduler's `cron(minutes hours day-of-month month day-of-week year)` as a standard expression of five fields. Scheduler
 * numbers Sunday as 1 and writes `?` for any day; our schedules are for every year.
 */
function standardCron(expression: string): string {
  const [, fields] = /^cron\((.*) \*\)$/.exec(expression) ?? [];
  const [minutes, hours, dayOfMonth, month, dayOfWeek] = (fields ?? '').split(' ');
  if (dayOfWeek === undefined) {
    throw new Error(`A schedule of backups has an expression cron(…) of every year; got ${expression}.`);
  }
  // The number after # counts the weeks.
  const weekday = dayOfWeek.replace(/(?<![#\d])\d/g, (day) => String(Number(day) - 1));
  return [minutes, hours, dayOfMonth, month, weekday].join(' ').replaceAll('?', '*');
}
