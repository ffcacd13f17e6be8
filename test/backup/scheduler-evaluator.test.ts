import { SchedulerEvaluator } from './scheduler-evaluator';

const due = (expression: string, from: string, to: string) =>
  new SchedulerEvaluator(expression)
    .dueTimes(Date.parse(from), Date.parse(to))
    .map((time) => new Date(time).toISOString().slice(0, 16));

describe('an evaluator of the rules of EventBridge Scheduler', () => {
  test.each([
    ['cron(15 10 ? * 6L *)', '2026-03-01Z', '2026-05-01Z', ['2026-03-27T10:15', '2026-04-24T10:15']],
    ['cron(0 0 ? * 3#2 *)', '2026-11-01Z', '2026-12-01Z', ['2026-11-10T00:00']],
    ['cron(0 3 L * ? *)', '2028-02-01Z', '2028-04-01Z', ['2028-02-29T03:00', '2028-03-31T03:00']],
    ['cron(0 8 1 * ? *)', '2026-01-01Z', '2026-03-01Z', ['2026-01-01T08:00', '2026-02-01T08:00']],
    ['cron(0 18 ? * 2-6 *)', '2026-11-20Z', '2026-11-24Z', ['2026-11-20T18:00', '2026-11-23T18:00']],
    ['cron(0/30 20-21 22 11 ? *)', '2026-11-22T20:30Z', '2026-11-22T21:30Z', ['2026-11-22T20:30', '2026-11-22T21:00']],
  ])('knows when %s starts', (expression, from, to, times) => {
    expect(due(expression, from, to)).toEqual(times);
  });

  test.each([
    'cron(0 3 * * * *)',
    'cron(0 3 ? * ? *)',
    'cron(0 3 ? * 2,6L *)',
    'cron(0 24 * * ? *)',
    'cron(0 3 * * ?)',
  ])('fails on %s', (expression) => {
    expect(() => new SchedulerEvaluator(expression)).toThrow();
  });
});
