import { CronExpressionParser } from 'cron-parser';
import { longestGapMs, toSchedulerExpressions } from '../../../src/backup/private/cron-expression';
import * as fc from '../../support/properties';
import { SchedulerEvaluator } from '../scheduler-evaluator';

const DAY_MS = 86_400_000;

describe('a cron expression becomes schedules of EventBridge Scheduler', () => {
  test.each([
    // every part of the syntax
    ['0 0 3 * * *', ['cron(0 3 * * ? *)']],
    ['0 * * ? * ?', ['cron(* * * * ? *)']],
    ['00 5,40 1-4 * * *', ['cron(5,40 1-4 * * ? *)']],
    ['0-0 */15 8-18/5 */10 * *', ['cron(0,15,30,45 8,13,18 1,11,21,31 * ? *)']],
    // steps that do not divide
    ['0 */7 0/9 * * *', ['cron(0,7,14,21,28,35,42,49,56 0,9,18 * * ? *)']],
    // names
    ['0 0 3 1 JAN,mar-May *', ['cron(0 3 1 1,3-5 ? *)']],
    ['0 0 3 * * mon-FRI', ['cron(0 3 ? * 2-6 *)']],
    // Sunday is 0, 7 and SUN
    ['0 0 3 * * 0', ['cron(0 3 ? * 1 *)']],
    ['0 0 3 * * 7', ['cron(0 3 ? * 1 *)']],
    ['0 0 3 * * 5-7', ['cron(0 3 ? * 1,6,7 *)']],
    ['0 0 3 * * */2', ['cron(0 3 ? * 1,3,5,7 *)']],
    // the last of a month, the n-th of a month
    ['0 0 3 L * *', ['cron(0 3 L * ? *)']],
    ['0 0 3 1,15,L * *', ['cron(0 3 1,15 * ? *)', 'cron(0 3 L * ? *)']],
    ['0 0 3 * * 5L', ['cron(0 3 ? * 6L *)']],
    ['0 0 3 * * SUNL,7L,FRIL', ['cron(0 3 ? * 6L *)', 'cron(0 3 ? * 1L *)']],
    ['0 0 3 * * MON#2', ['cron(0 3 ? * 2#2 *)']],
    // both day fields restricted, never on one day
    ['0 0 3 1 * FRIL', ['cron(0 3 1 * ? *)', 'cron(0 3 ? * 6L *)']],
    ['0 0 3 15 * MON#1', ['cron(0 3 15 * ? *)', 'cron(0 3 ? * 2#1 *)']],
    // both day fields restricted, one within the other
    ['0 0 3 15 * 0-6', ['cron(0 3 ? * * *)']],
    ['0 0 3 1-31 * MON', ['cron(0 3 * * ? *)']],
    ['0 0 3 1-7 * MON#1', ['cron(0 3 1-7 * ? *)']],
    ['0 0 3 30 FEB MON', ['cron(0 3 ? 2 2 *)']],
    ['0 0 3 31,L 1,3 *', ['cron(0 3 31 1,3 ? *)']],
  ])('%s', (expression, expected) => {
    expect(toSchedulerExpressions(expression).sort()).toEqual([...expected].sort());
  });

  test('none is longer than the 256 characters that Scheduler takes', () => {
    // GIVEN the values whose rendering is longest in each field
    const twoOfThree = (from: number, to: number, rest: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index).filter((each) => each % 3 !== rest);
    const expression = `0 ${twoOfThree(1, 59, 0)} ${twoOfThree(2, 23, 1)} ${twoOfThree(3, 31, 2)} ${twoOfThree(2, 12, 1)} *`;

    // WHEN
    const [rendered] = toSchedulerExpressions(expression);

    // THEN
    expect(rendered.length).toBeGreaterThan(200);
    expect(rendered.length).toBeLessThanOrEqual(256);
  });

  describe('fails', () => {
    test.each([
      ['of five', '0 3 * * *'],
      ['of seven', '0 0 3 * * ? *'],
      ['that are words', '@daily'],
    ])('on fields %s', (_what, expression) => {
      expect(() => toSchedulerExpressions(expression)).toThrow(
        'BackupSchedule.cron takes six fields: second, minute, hour, day of month, month, day of week. ' +
          `Got "${expression}". Put the second first, as in "0 0 3 * * *" for every day at 03:00 UTC.`,
      );
    });

    test.each([
      ['60 0 3 * * *', 'second 0', '60'],
      ['0 60 3 * * *', 'minute 0-59', '60'],
      ['0 H 3 * * *', 'minute 0-59', 'H'],
      ['0 -5 3 * * *', 'minute 0-59', '-5'],
      ['0 1.5 3 * * *', 'minute 0-59', '1.5'],
      ['0 */0 3 * * *', 'minute 0-59', '*/0'],
      ['0 5,5 3 * * *', 'minute 0-59', '5,5'],
      ['0 0 24 * * *', 'hour 0-23', '24'],
      ['0 0 22-2 * * *', 'hour 0-23', '22-2'],
      ['0 0 3, * * *', 'hour 0-23', '3,'],
      ['0 0 L * * *', 'hour 0-23', 'L'],
      ['0 0 3 0 * *', 'day of month 1-31 or L', '0'],
      ['0 0 3 32 * *', 'day of month 1-31 or L', '32'],
      ['0 0 3 15W * *', 'day of month 1-31 or L', '15W'],
      ['0 0 3 L-3 * *', 'day of month 1-31 or L', 'L-3'],
      ['0 0 3 1 13 *', 'month 1-12 or JAN-DEC', '13'],
      ['0 0 3 1 JANFEB *', 'month 1-12 or JAN-DEC', 'JANFEB'],
      ['0 0 3 1 NOV-FEB *', 'month 1-12 or JAN-DEC', 'NOV-FEB'],
      ['0 0 3 1 MON *', 'month 1-12 or JAN-DEC', 'MON'],
      ['0 0 3 * * 8', 'day of week 0-7 or SUN-SAT, 5L or 5#3', '8'],
      ['0 0 3 * * FRI-MON', 'day of week 0-7 or SUN-SAT, 5L or 5#3', 'FRI-MON'],
      ['0 0 3 * * 0,7', 'day of week 0-7 or SUN-SAT, 5L or 5#3', '0,7'],
      ['0 0 3 * * L', 'day of week 0-7 or SUN-SAT, 5L or 5#3', 'L'],
      ['0 0 3 * * 5#6', 'day of week 0-7 or SUN-SAT, 5L or 5#3', '5#6'],
      ['0 0 3 * * 1,5#2', 'day of week 0-7 or SUN-SAT, 5L or 5#3', '1,5#2'],
      ['every day at three o clock', 'second 0', 'every'],
    ])('on a field that is wrong: %s', (expression, rule, got) => {
      expect(() => toSchedulerExpressions(expression)).toThrow(
        `BackupSchedule.cron takes for the ${rule}; as lists, ranges from low to high, steps or *; each value once; ` +
          `not ${got}. Got "${expression}". Correct this field; a range that wraps is written as two, such as 22-23,0-2.`,
      );
    });

    test.each([
      ['0 0 3 30 2 *', '30', '2'],
      ['0 0 3 30-31 FEB *', '30-31', 'FEB'],
      ['0 0 3 31 4,6,9,11 *', '31', '4,6,9,11'],
    ])('on an impossible date: %s', (expression, day, month) => {
      expect(() => toSchedulerExpressions(expression)).toThrow(
        `BackupSchedule.cron takes a day that its month has, not day of month ${day} in month ${month}. ` +
          `Got "${expression}". Correct the date; L is the last day of a month.`,
      );
    });

    test.each(['30', '*', '0,30', '*/10'])('on second %s, which Scheduler does not know', (second) => {
      expect(() => toSchedulerExpressions(`${second} 15 3 * * MON`)).toThrow(
        `BackupSchedule.cron takes 0 for the second, not ${second}, because EventBridge Scheduler starts at whole minutes. ` +
          `Got "${second} 15 3 * * MON". Write "0 15 3 * * MON".`,
      );
    });

    test.each([
      ['0 0 3 1 * MON', 'day of month 1 and every MON', '2028-05-01'],
      ['0 0 3 13,L * FRI#2', 'day of month 13 and FRI number 2 of the month', '2028-10-13'],
      ['0 0 3 28,L * *', 'day of month 28 and the last day of the month', '2029-02-28'],
      ['0 0 3 25 12 0L', 'day of month 25 and the last SUN', '2033-12-25'],
    ])('on days that Scheduler cannot tell apart: %s', (expression, parts, date) => {
      expect(() => toSchedulerExpressions(expression)).toThrow(
        `BackupSchedule.cron takes days that EventBridge Scheduler can tell apart; ${parts} share some of their days, ` +
          `such as ${date}, which would start two backups. Got "${expression}". Leave one of them out.`,
      );
    });

    test.each(['0 3 * * ? *', '? 0 3 * * *', '0 ? 3 * * *', '0 0 ? * * *'])(
      'on ? outside of the day fields: %s',
      (expression) => {
        expect(() => toSchedulerExpressions(expression)).toThrow(
          `in the two day fields only, not for the ${['second', 'minute', 'hour', '', 'month'][expression.split(' ').indexOf('?')]}. Got "${expression}".`,
        );
      },
    );

    test('on an expression that is missing', () => {
      for (const nothing of ['', undefined as unknown as string]) {
        expect(() => toSchedulerExpressions(nothing)).toThrow('The expression of BackupSchedule.cron is required.');
      }
    });
  });

  test('the schedules start exactly when cron-parser says, each time once, or the refusal is true', () => {
    const refused = { malformed: 0, second: 0, overlap: 0 };
    let accepted = 0;
    let several = 0;

    fc.assert(
      fc.property(
        cronExpressions(),
        fc.integer({ min: 2024, max: 2120 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { minLength: 3, maxLength: 3 }),
        (expression, year, moments) => {
          const start = Date.UTC(year, 0, 1);
          const end = Date.UTC(year + 1, 0, 1);
          let schedules: string[];
          try {
            schedules = toSchedulerExpressions(expression);
          } catch (error) {
            refused[kindOfTrueRefusal(expression, error as Error)]++;
            return;
          }
          accepted++;
          several += schedules.length > 1 ? 1 : 0;
          const evaluators = schedules.map((schedule) => new SchedulerEvaluator(schedule));

          // A year of few times is compared whole, one of many also at its end and in stretches from random moments.
          let compared = start;
          for (const from of [start, ...moments.map((at) => start + Math.floor((end - start) * at)), end - DAY_MS]) {
            if (compared === end) break;
            const stretch = cronParserTimes(expression, from, end, from === start ? 400 : 100);
            compared = stretch.until;
            const times = evaluators.flatMap((evaluator) => evaluator.dueTimes(from, stretch.until));
            expect(times.sort((one, other) => one - other)).toEqual(stretch.times);
          }
        },
      ),
      { numRuns: 300 },
    );

    // The generator reaches every kind, and most of what it makes is put to the comparison.
    expect(accepted).toBeGreaterThan(80);
    expect(several).toBeGreaterThan(0);
    for (const count of Object.values(refused)) expect(count).toBeGreaterThan(0);
    process.stdout.write(`cron: ${JSON.stringify({ accepted, several, refused })}\n`);
  });
});

describe('the longest gap between two due times', () => {
  test.each([
    ['every minute', '0 * * * * *', 60_000],
    ['over the end of an hour', '0 0,20 * * * *', 40 * 60_000],
    ['within a day', '0 0 1,3,20 * * *', 17 * 3_600_000],
    ['over midnight', '0 30 9-17 * * *', 16 * 3_600_000],
    ['a weekend', '0 0 3 * * 1-5', 3 * DAY_MS],
    ['a weekend between its last and first time', '0 0 9,17 * * 1-5', 2 * DAY_MS + 16 * 3_600_000],
    ['a month without a 31st between two that have one', '0 0 3 31 * *', 61 * DAY_MS],
    ['two schedules', '0 0 3 1,15,L * *', 16 * DAY_MS],
    ['a year', '0 0 3 1 1 *', 366 * DAY_MS],
    ['eight years around 2100', '0 0 3 29 2 *', (8 * 365 + 1) * DAY_MS],
    ['forty years around 2100', '0 0 3 * 2 MON#5', (40 * 365 + 9) * DAY_MS],
  ])('is known for %s', (_what, expression, gap) => {
    expect(longestGapMs(expression)).toBe(gap);
  });

  test('is the one that counting every due time of 408 years finds', () => {
    fc.assert(
      fc.property(cronExpressions({ timesPerDay: 3 }), (expression) => {
        let schedules: string[];
        try {
          schedules = toSchedulerExpressions(expression);
        } catch {
          return;
        }
        const times = schedules
          .flatMap((schedule) => new SchedulerEvaluator(schedule).dueTimes(Date.UTC(1992, 0, 1), Date.UTC(2400, 0, 1)))
          .sort((one, other) => one - other);
        let longest = 0;
        for (let index = 1; index < times.length; index++) longest = Math.max(longest, times[index] - times[index - 1]);
        expect(longestGapMs(expression)).toBe(longest);
      }),
      { numRuns: 25 },
    );
  });

  test('fails where there is no such schedule', () => {
    expect(() => longestGapMs('0 0 3 30 2 *')).toThrow('takes a day that its month has');
  });
});

/** The next times that cron-parser gives, at most so many, and the moment up to which they are all. */
function cronParserTimes(
  expression: string,
  from: number,
  to: number,
  most: number,
): { times: number[]; until: number } {
  const cron = CronExpressionParser.parse(expression, { tz: 'UTC', currentDate: new Date(from - 1) });
  const times: number[] = [];
  while (times.length < most) {
    const time = cron.next().getTime();
    if (time >= to) return { times, until: to };
    times.push(time);
  }
  return { times, until: times[times.length - 1] + 1 };
}

/** The kind of a refusal, after a look at whether it is true. */
function kindOfTrueRefusal(expression: string, { message }: Error): 'malformed' | 'second' | 'overlap' {
  const parse = (text: string) => CronExpressionParser.parse(text, { tz: 'UTC', currentDate: new Date(0) });
  if (/takes for the |takes a day that its month has/.test(message)) {
    expect(() => parse(expression)).toThrow();
    return 'malformed';
  }
  if (message.includes('takes ? in the two day fields only')) {
    expect(expression.split(' ').some((text, index) => text.includes('?') && index !== 3 && index !== 5)).toBe(true);
    return 'malformed';
  }
  if (message.includes('takes 0 for the second')) {
    expect(parse(expression).fields.second.values).not.toEqual([0]);
    return 'second';
  }
  const namesADate = (text: string) => {
    try {
      return Boolean(parse(text));
    } catch {
      return false;
    }
  };
  // The day that the error names is due by two parts of the day fields, each taken alone.
  const [, date] = /share some of their days, such as (\d{4}-\d\d-\d\d)/.exec(message)!;
  const [, , , dayOfMonth, month, dayOfWeek] = expression.split(' ');
  const days = dayOfMonth.split(',').filter((each) => each !== 'L');
  const alone = [
    ...(days.length > 0 && !/^[*?]$/.test(dayOfMonth) ? [`${days} ${month} *`] : []),
    ...(dayOfMonth.includes('L') ? [`L ${month} *`] : []),
    ...(!/^[*?]$/.test(dayOfWeek) ? [`* ${month} ${dayOfWeek}`] : []),
  ];
  const midnight = Date.parse(date);
  const dueOn = alone.filter((part) => {
    // Alone, a part may name no date at all, such as day 31 of two months that have none: cron-parser refuses it.
    if (part === `${days} ${month} *` && !namesADate(`0 0 0 ${part}`)) return false;
    return cronParserTimes(`0 0 0 ${part}`, midnight, midnight + DAY_MS, 1).times[0] === midnight;
  });
  expect(dueOn.length).toBeGreaterThan(1);
  return 'overlap';
}

/** Cron expressions over the whole syntax, now and then of what must be refused. */
function cronExpressions(options: { timesPerDay?: number } = {}): fc.Arbitrary<string> {
  const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
  const weekdays = ['SUN', 'Mon', 'tue', 'WED', 'THU', 'FRI', 'SAT'];
  const weekday = value(0, 7, weekdays);
  const lastWeekday = weekday.map((day) => `${day}L`);
  const few = fc.oneof(value(0, 23), fc.uniqueArray(fc.nat(23), { minLength: 1, maxLength: options.timesPerDay ?? 5 }));
  return fc
    .tuple(
      fc.oneof({ arbitrary: fc.constantFrom('0', '00', '0-0', '*/60'), weight: 8 }, field(0, 59)),
      options.timesPerDay ? value(0, 59) : field(0, 59),
      options.timesPerDay ? few.map(String) : field(0, 23),
      fc.oneof(
        { arbitrary: fc.constantFrom('*', '?'), weight: 6 },
        { arbitrary: field(1, 31), weight: 3 },
        { arbitrary: fc.constant('L'), weight: 1 },
        { arbitrary: fc.tuple(field(1, 31), fc.constant('L')).map(String), weight: 1 },
      ),
      fc.oneof({ arbitrary: fc.constantFrom('*', '?'), weight: 2 }, field(1, 12, months)),
      fc.oneof(
        { arbitrary: fc.constantFrom('*', '?'), weight: 7 },
        { arbitrary: field(0, 7, weekdays), weight: 3 },
        { arbitrary: lastWeekday, weight: 1 },
        { arbitrary: fc.tuple(weekday, lastWeekday).map(String), weight: 1 },
        { arbitrary: fc.tuple(weekday, fc.integer({ min: 1, max: 5 })).map(([day, n]) => `${day}#${n}`), weight: 1 },
      ),
    )
    .map((fields) => fields.join(' '));
}

/** A field: `*`, values, ranges (some of them wrapping), steps (most of them not dividing), lists of these. */
function field(minimum: number, maximum: number, names: string[] = []): fc.Arbitrary<string> {
  const wrapping = fc
    .tuple(value(minimum, maximum, names), value(minimum, maximum, names))
    .map((ends) => ends.join('-'));
  const openStep = fc.tuple(
    fc.oneof(fc.constant('*'), value(minimum, maximum, names)),
    fc.integer({ min: 1, max: maximum }),
  );
  // Lists are cut from two halves of the field, for a value must not come twice.
  const list = fc
    .integer({ min: minimum, max: maximum - 1 })
    .chain((cut) => fc.tuple(value(cut + 1, maximum), item(minimum, cut), item(cut + 1, maximum)))
    .map(([single, low, high]) => (low.length % 2 === 0 ? [low, high] : [single, low]).join(','));
  return fc.oneof(
    { arbitrary: fc.constant('*'), weight: 6 },
    { arbitrary: value(minimum, maximum, names), weight: 10 },
    { arbitrary: item(minimum, maximum), weight: 8 },
    { arbitrary: openStep.map((parts) => parts.join('/')), weight: 6 },
    { arbitrary: list, weight: 6 },
    { arbitrary: wrapping, weight: 2 },
  );
}

/** A value, a range, or a range with a step, between two bounds. */
function item(minimum: number, maximum: number): fc.Arbitrary<string> {
  const bound = fc.integer({ min: minimum, max: maximum });
  const range = fc.tuple(bound, bound).map((ends) => ends.sort((one, other) => one - other).join('-'));
  return fc.oneof(
    value(minimum, maximum),
    range,
    fc.tuple(range, fc.integer({ min: 1, max: maximum - minimum + 1 })).map((parts) => parts.join('/')),
  );
}

/** A single value, as a number or by name. */
function value(minimum: number, maximum: number, names: string[] = []): fc.Arbitrary<string> {
  const number = fc.integer({ min: minimum, max: maximum }).map(String);
  return names.length === 0 ? number : fc.oneof(number, fc.constantFrom(...names));
}
