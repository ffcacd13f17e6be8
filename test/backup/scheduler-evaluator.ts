/**
 * When EventBridge Scheduler starts a `cron(…)` schedule, by the rules that AWS publishes in "Schedule types in
 * EventBridge Scheduler", section "Cron-based schedules"
 * (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based), and by the length that
 * CreateSchedule takes (https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html):
 *
 * - six fields: minutes 0-59, hours 0-23, day of month 1-31, month 1-12 or JAN-DEC, day of week 1-7 or SUN-SAT, year;
 * - `,` lists, `-` ranges, `*` everything, `/` increments, and `?` in exactly one of the two day fields;
 * - `L` as day of month is the last one; `6L` as day of week is the last Friday; `3#2` the second Tuesday;
 * - such a day of week stands alone: with a list Quartz, whose syntax this is, promises nothing.
 *
 * It knows nothing of the code under test. What the rules do not name is an error.
 */
export class SchedulerEvaluator {
  private readonly minutes: Set<number>;
  private readonly hours: Set<number>;
  private readonly months: Set<number>;
  private readonly dayOfMonth: string;
  private readonly dayOfWeek: string;
  private readonly days: Set<number>;

  constructor(expression: string) {
    const match = /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) \*\)$/.exec(expression);
    if (!match || expression.length > 256) {
      throw new Error(`not a cron expression of Scheduler's: ${expression}`);
    }
    const [, minutes, hours, dayOfMonth, months, dayOfWeek] = match;
    if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
      throw new Error(`exactly one day field must be ?: ${expression}`);
    }
    this.minutes = valuesOf(minutes, 0, 59);
    this.hours = valuesOf(hours, 0, 23);
    this.months = valuesOf(months, 1, 12);
    this.dayOfMonth = dayOfMonth;
    this.dayOfWeek = dayOfWeek;
    if (dayOfWeek === '?') {
      this.days = dayOfMonth === 'L' ? new Set() : valuesOf(dayOfMonth, 1, 31);
    } else {
      this.days = /^[1-7](L|#[1-5])$/.test(dayOfWeek) ? new Set([Number(dayOfWeek[0])]) : valuesOf(dayOfWeek, 1, 7);
    }
  }

  /** The due times from one moment, which counts, to another, which does not; in milliseconds, ascending. */
  public dueTimes(from: number, to: number): number[] {
    const times: number[] = [];
    for (let day = from - (from % 86_400_000); day < to; day += 86_400_000) {
      if (!this.isDue(new Date(day))) continue;
      for (const hour of this.hours) {
        for (const minute of this.minutes) {
          const time = day + (hour * 60 + minute) * 60_000;
          if (time >= from && time < to) times.push(time);
        }
      }
    }
    return times;
  }

  private isDue(date: Date): boolean {
    const day = date.getUTCDate();
    if (!this.months.has(date.getUTCMonth() + 1)) return false;
    const week = 7 * 86_400_000;
    if (this.dayOfMonth === 'L') return new Date(date.getTime() + 86_400_000).getUTCDate() === 1;
    if (this.dayOfWeek === '?') return this.days.has(day);
    if (!this.days.has(date.getUTCDay() + 1)) return false;
    if (this.dayOfWeek.endsWith('L')) return new Date(date.getTime() + week).getUTCMonth() !== date.getUTCMonth();
    const [, nth] = this.dayOfWeek.split('#');
    return nth === undefined || (day > 7 * (Number(nth) - 1) && day <= 7 * Number(nth));
  }
}

function valuesOf(field: string, minimum: number, maximum: number): Set<number> {
  const values = new Set<number>();
  for (const item of field.split(',')) {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(item);
    if (!match) throw new Error(`not a field of Scheduler's: ${field}`);
    const [, first, last, step] = match;
    const from = first === undefined ? minimum : Number(first);
    const to = last !== undefined ? Number(last) : first === undefined || step !== undefined ? maximum : from;
    if (from < minimum || to > maximum || from > to) throw new Error(`outside ${minimum}-${maximum}: ${field}`);
    for (let value = from; value <= to; value += Number(step ?? 1)) values.add(value);
  }
  return new Set([...values].sort((one, other) => one - other));
}
