import { CronExpressionParser, CronFieldCollection } from 'cron-parser';
import { DAY_MS } from '../../contract/retention';
import { InvalidInput } from '../../private/invalid-input';
import { required } from '../../private/rules';

/** The names of cron's days of the week, Sunday first, as cron numbers them from 0 and Scheduler from 1. */
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** The six fields in their order, and what each takes: said in errors. */
const FIELDS = [
  { name: 'second', takes: '0' },
  { name: 'minute', takes: '0-59' },
  { name: 'hour', takes: '0-23' },
  { name: 'day of month', takes: '1-31 or L' },
  { name: 'month', takes: '1-12 or JAN-DEC' },
  { name: 'day of week', takes: '0-7 or SUN-SAT, 5L or 5#3' },
];

/** Day of month and day of week, which may be `?`. */
const DAY_FIELDS = [3, 5];

/**
 * The form of a field, stricter than cron-parser, which also reads `H` (a random value, another one at every synthesis) and
 * runs names together (`JANFEB` as 12).
 */
const FIELD_FORM = (() => {
  const names = 'JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC';
  const value = `(?:\\d{1,2}|${names}|${WEEKDAYS.join('|')})`;
  const item = `(?:[*?L]|${value}(?:-${value}|L|#\\d)?)(?:/\\d+)?`;
  return new RegExp(`^${item}(?:,${item})*$`, 'i');
})();

/** A day of the calendar; the day of the week counts from Sunday, 0. */
interface CalendarDay {
  readonly year: number;
  readonly month: number;
  readonly dayOfMonth: number;
  readonly dayOfWeek: number;
  readonly daysInMonth: number;
}

/** Days that one schedule can name: Scheduler's two day fields, the same in words, and the days themselves. */
interface DayPart {
  readonly fields: { readonly dayOfMonth: string; readonly dayOfWeek: string };
  readonly words: string;
  includes(day: CalendarDay): boolean;
}

/** A cron expression, taken apart. */
interface Cron {
  readonly minutes: number[];
  readonly hours: number[];
  readonly months: number[];
  /** Every due day is in exactly one of them. */
  readonly dayParts: DayPart[];
}

const BACKUP_TAKER = 'BackupSchedule.cron';

/** A six-field cron expression, and the method that took it: errors name that. */
interface TakenExpression {
  readonly expression: string;
  readonly taker: string;
}

/**
 * The cron expressions of EventBridge Scheduler which together start at exactly the times that a six-field cron
 * expression names, seconds first, in UTC; no two of them start at the same time.
 *
 * @param taker the method that took the expression
 * @throws where the expression is none, names no date, or names times that Scheduler cannot express exactly.
 */
export function toSchedulerExpressions(expression: string, taker = BACKUP_TAKER): string[] {
  const { minutes, hours, months, dayParts } = parse({ expression, taker });
  return dayParts.map(({ fields: { dayOfMonth, dayOfWeek } }) => {
    const time = `${render(minutes, 0, 59)} ${render(hours, 0, 23)}`;
    return `cron(${time} ${dayOfMonth} ${render(months, 1, 12)} ${dayOfWeek} *)`;
  });
}

/**
 * The longest time in milliseconds between two successive due times of a six-field cron expression. It is exact, over
 * the 400 years after which the calendar repeats itself: the 29th of February may stay away for eight years.
 *
 * @throws as `toSchedulerExpressions`.
 */
export function longestGapMs(expression: string): number {
  const { minutes, hours, months, dayParts } = parse({ expression, taker: BACKUP_TAKER });
  const times = hours.flatMap((hour) => minutes.map((minute) => (hour * 60 + minute) * 60_000));
  const withinDay = longestStep(times);
  const overnight = DAY_MS - times[times.length - 1] + times[0];

  const dayFields = expression.trim().split(/\s+/).slice(3).join(' ');
  const betweenDays = longestStepOfDays.get(dayFields) ?? longestStep(dueDaysOf(months, dayParts));
  longestStepOfDays.set(dayFields, betweenDays);
  return Math.max(withinDay, betweenDays - DAY_MS + overnight);
}

/** The longest step between due days by the three fields that choose days: a program often has many such schedules. */
const longestStepOfDays = new Map<string, number>();

/** The due days of 400 years, and the first one after them. */
function dueDaysOf(months: Cron['months'], dayParts: Cron['dayParts']): number[] {
  const dueDays = calendar(2100, 400, months)
    .filter((day) => dayParts.some((part) => part.includes(day)))
    .map(({ year, month, dayOfMonth }) => Date.UTC(year, month - 1, dayOfMonth));
  return [...dueDays, dueDays[0] + 146_097 * DAY_MS];
}

function parse(taken: TakenExpression): Cron {
  const { expression, taker } = taken;
  const remedy = 'Put the second first, as in "0 0 3 * * *" for every day at 03:00 UTC.';
  const missing = required(`The expression of ${taker}`, expression, remedy);
  if (missing) {
    throw InvalidInput.of(missing.rule, missing.value, missing.remedy);
  }
  const texts = String(expression).trim().split(/\s+/);
  if (texts.length !== FIELDS.length) {
    throw InvalidInput.of(
      `${taker} takes six fields: ${FIELDS.map(({ name }) => name).join(', ')}.`,
      expression,
      remedy,
    );
  }
  texts.forEach((text, index) => verifyForm(text, index, taken));
  const fields = fieldsOf(texts);
  if (!fields) {
    texts.forEach((text, index) => verifyValue(text, index, taken));
    throw InvalidInput.of(
      `${taker} takes a day that its month has, not day of month ${texts[3]} in month ${texts[4]}.`,
      expression,
      'Correct the date; L is the last day of a month.',
    );
  }
  if (fields.second.values.some((second) => second !== 0)) {
    throw InvalidInput.of(
      `${taker} takes 0 for the second, not ${texts[0]}, because EventBridge Scheduler starts at whole minutes.`,
      expression,
      `Write "${['0', ...texts.slice(1)].join(' ')}".`,
    );
  }
  const months = [...fields.month.values];
  const parts = dayPartsOf(fields);
  return {
    minutes: [...fields.minute.values],
    hours: [...fields.hour.values],
    months,
    dayParts: parts.length < 2 ? parts : disjoint(parts, calendar(2028, 28, months), taken),
  };
}

function verifyForm(text: string, index: number, taken: TakenExpression): void {
  const { expression, taker } = taken;
  if (text.includes('?') && !DAY_FIELDS.includes(index)) {
    throw InvalidInput.of(
      `${taker} takes ? in the two day fields only, not for the ${FIELDS[index].name}.`,
      expression,
      'Put the second first: the daily form of AWS, "0 3 * * ? *", is "0 0 3 * * ?" here.',
    );
  }
  if (!FIELD_FORM.test(text)) throw fieldError(text, index, taken);
}

/** Whether a field alone is what the parser refuses: its values, not the date that they name together. */
function verifyValue(text: string, index: number, taken: TakenExpression): void {
  const alone = ['0', '0', '0', '*', '*', '*'].map((any, at) => (at === index ? text : any));
  if (!fieldsOf(alone)) throw fieldError(text, index, taken);
}

function fieldError(text: string, index: number, { expression, taker }: TakenExpression): InvalidInput {
  const { name, takes } = FIELDS[index];
  return InvalidInput.of(
    `${taker} takes for the ${name} ${takes}; as lists, ranges from low to high, steps or *; each value once; not ${text}.`,
    expression,
    'Correct this field; a range that wraps is written as two, such as 22-23,0-2.',
  );
}

function fieldsOf(texts: string[]): CronFieldCollection | undefined {
  try {
    return CronExpressionParser.parse(texts.join(' '), { tz: 'UTC' }).fields;
  } catch {
    return undefined;
  }
}

/** The days of the day fields, a part for each schedule. As in every cron, two restricted fields add up. */
function dayPartsOf({ dayOfMonth, dayOfWeek }: CronFieldCollection): DayPart[] {
  return [
    ...(dayOfMonth.isWildcard && !dayOfWeek.isWildcard ? [] : partsOfMonth(dayOfMonth)),
    ...(dayOfWeek.isWildcard ? [] : partsOfWeek(dayOfWeek)),
  ];
}

function partsOfMonth({ values, hasLastChar }: CronFieldCollection['dayOfMonth']): DayPart[] {
  const days = values.filter((value) => typeof value === 'number');
  const parts: DayPart[] = [];
  if (days.length > 0) {
    const listed = render(days, 1, 31);
    parts.push({
      fields: { dayOfMonth: listed, dayOfWeek: '?' },
      words: `day of month ${listed}`,
      includes: ({ dayOfMonth }) => days.some((day) => day === dayOfMonth),
    });
  }
  if (hasLastChar) {
    parts.push({
      fields: { dayOfMonth: 'L', dayOfWeek: '?' },
      words: 'the last day of the month',
      includes: ({ dayOfMonth, daysInMonth }) => dayOfMonth === daysInMonth,
    });
  }
  return parts;
}

function partsOfWeek({ values, nthDay }: CronFieldCollection['dayOfWeek']): DayPart[] {
  const days = [...new Set(values.filter((value) => typeof value === 'number').map((day) => day % 7))];
  const lastDays = values.filter((value) => typeof value === 'string').map((text) => parseInt(text, 10) % 7);
  const parts: DayPart[] = lastDays.map((last) => ({
    fields: { dayOfMonth: '?', dayOfWeek: `${last + 1}L` },
    words: `the last ${WEEKDAYS[last]}`,
    includes: ({ dayOfMonth, dayOfWeek, daysInMonth }) => dayOfWeek === last && dayOfMonth > daysInMonth - 7,
  }));
  if (nthDay > 0) {
    const [nth] = days;
    parts.push({
      fields: { dayOfMonth: '?', dayOfWeek: `${nth + 1}#${nthDay}` },
      words: `${WEEKDAYS[nth]} number ${nthDay} of the month`,
      includes: ({ dayOfMonth, dayOfWeek }) => dayOfWeek === nth && Math.ceil(dayOfMonth / 7) === nthDay,
    });
  } else if (days.length > 0) {
    const numbers = days.map((day) => day + 1);
    parts.push({
      fields: { dayOfMonth: '?', dayOfWeek: render(numbers, 1, 7) },
      words: `every ${days.map((day) => WEEKDAYS[day]).join(',')}`,
      includes: ({ dayOfWeek }) => days.includes(dayOfWeek),
    });
  }
  return parts;
}

/**
 * The parts without those that another one holds whole. Scheduler cannot leave days out of a part, so two that share
 * some of their days would start two backups at once there.
 */
function disjoint(parts: DayPart[], days: CalendarDay[], { expression, taker }: TakenExpression): DayPart[] {
  const holds = (outer: DayPart, inner: DayPart) => days.every((day) => !inner.includes(day) || outer.includes(day));
  const needed = parts.filter(
    (part, index) =>
      !parts.some((other, at) => at !== index && holds(other, part) && (at < index || !holds(part, other))),
  );
  for (const [index, part] of needed.entries()) {
    for (const other of needed.slice(index + 1)) {
      const shared = days.find((day) => part.includes(day) && other.includes(day));
      if (shared) {
        const date = new Date(Date.UTC(shared.year, shared.month - 1, shared.dayOfMonth)).toISOString().slice(0, 10);
        throw InvalidInput.of(
          `${taker} takes days that EventBridge Scheduler can tell apart; ${part.words} and ${other.words} share some of their days, such as ${date}, which would start two backups.`,
          expression,
          'Leave one of them out.',
        );
      }
    }
  }
  return needed;
}

/** Every day of these months. Any 28 years without an exception of the leap rule show all fourteen calendars. */
function calendar(firstYear: number, years: number, months: readonly number[]): CalendarDay[] {
  return Array.from({ length: years }, (_, index) => firstYear + index).flatMap((year) =>
    months.flatMap((month) => {
      const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
      const firstWeekday = new Date(Date.UTC(year, month - 1, 1)).getUTCDay();
      return Array.from({ length: daysInMonth }, (_, index) => {
        return { year, month, dayOfMonth: index + 1, dayOfWeek: (firstWeekday + index) % 7, daysInMonth };
      });
    }),
  );
}

/** The largest difference of neighbours in an ascending list; 0 for a single one. */
function longestStep(ascending: number[]): number {
  return ascending.slice(1).reduce((longest, value, index) => Math.max(longest, value - ascending[index]), 0);
}

/**
 * Ascending values as a Scheduler field: `*` for all, else a list with runs as ranges. Without ranges, an expression
 * could be longer than the 256 characters that Scheduler takes; with them, none is longer than 240.
 */
function render(values: readonly number[], minimum: number, maximum: number): string {
  if (values.length === maximum - minimum + 1) {
    return '*';
  }
  const runs: number[][] = [];
  for (const value of values) {
    const run = runs[runs.length - 1];
    if (run && value === run[run.length - 1] + 1) {
      run.push(value);
    } else {
      runs.push([value]);
    }
  }
  return runs.map((run) => (run.length > 2 ? `${run[0]}-${run[run.length - 1]}` : run.join(','))).join(',');
}
