import { mkdir } from 'node:fs/promises';
import {
  AlarmDefinition,
  AlarmState,
  evaluateAlarm,
  metricPoints,
  MetricPoint,
  pointsOf,
} from '../../sandbox/aws/alarm-evaluation';
import { BackupSchedule } from '../../src';
import { nextRuns } from '../../src/cli/deployed/schedule-times';
import { backupIdOf } from '../../src/contract/backup-id';
import { CATALOG_FORMAT, CatalogEntry } from '../../src/contract/catalog';
import { ObjectKeys } from '../../src/contract/object-keys';
import { backUp } from '../../src/runtime/actions/back-up';
import { watch } from '../../src/runtime/actions/watch';
import { JsonLog } from '../../src/runtime/log';
import { seal } from '../../src/runtime/storage/sealed-json';
import { MemoryStore } from '../runtime/memory-store';
import { RealWorld } from '../runtime/real-world';
import { newDatabase, newScheduledBackup, newStack, newStorage, Synthesized } from '../support/synth';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Terraform applies in the middle of an hour. */
const DEPLOYED = Date.parse('2026-11-22T10:40:00Z');
const OWNER = { account: '123456789012', region: 'eu-central-1', database: 'orders' };
const EVALUATED_EVERY_MS = 300_000;
/** From a log line to the metric. */
const DELAY_MS = 120_000;

type Result = 'Completed' | 'Failed' | 'nothing';

/** What happens to one scheduled backup after its deployment. */
interface Story {
  readonly schedule: BackupSchedule;
  readonly days: number;
  readonly resultOf: (due: Date, index: number) => Result;
  /** Hours after the deployment, from and to. */
  readonly paused?: readonly [number, number];
  /** Whether the hourly watch works at a moment. */
  readonly isWatched?: (hours: number) => boolean;
}

/** The metric lines of one real run, to be repeated at other times. */
let lines: { readonly [result in Exclude<Result, 'nothing'>]: string[] };

beforeAll(async () => {
  const world = await RealWorld.start(17, 'orders');
  const run = async (endpoint: string) => {
    const written: string[] = [];
    const runtime = world.runtime({ log: new JsonLog((line) => written.push(line)) });
    await mkdir(runtime.workDirectory);
    const database = { ...world.databaseSettings, endpoint };
    const request = { storage: world.storageSettings, database, retentionDays: 30, schedule: 'orders-backup' };
    await backUp({ action: 'back-up', ...request }, runtime).catch(() => undefined);
    return written.filter((line) => line.includes('"_aws"'));
  };
  lines = { Completed: await run(world.databaseSettings.endpoint), Failed: await run('127.0.0.1:1') };
  await world.stop();
});

test('a real run that completes and one that fails report what the alarms read', () => {
  const valuesOf = (written: string[]) =>
    metricPoints(written).map(({ metric, value }) => [metric, metric === 'BackupFailed' ? value : value >= 0]);
  expect(valuesOf(lines.Completed)).toEqual([
    ['BackupAge', true],
    ['BackupFailed', 0],
    ...['BackupDuration', 'DatabaseSize', 'StoredSize', 'BackupRate', 'StorageRetries', 'BackupsPruned'].map((name) => [
      name,
      true,
    ]),
  ]);
  expect(valuesOf(lines.Failed)).toEqual([['BackupFailed', 1]]);
});

const hourly = BackupSchedule.hourly();
const daily = BackupSchedule.daily();
const monthly = BackupSchedule.monthly();
const always = () => 'Completed' as const;
const never = () => 'nothing' as const;
const first = (count: number, result: Result, then: Result) => (_: Date, index: number) =>
  index < count ? result : then;

/** Hours between two due times, at most. */
const GAP = new Map([
  [hourly, 1],
  [daily, 24],
  [monthly, 31 * 24],
]);

// Case, story, notifications of the alarm on the age, notifications of the alarm on failures. `OK` at the beginning is the
// first state of a new alarm, or of one whose watch was paused.
const CASES: [string, Story, AlarmState[], AlarmState[]][] = [
  ['hourly, good', { schedule: hourly, days: 3, resultOf: always }, ['OK'], ['OK']],
  ['daily, good', { schedule: daily, days: 7, resultOf: always }, ['OK'], ['OK']],
  ['monthly, good', { schedule: monthly, days: 100, resultOf: always }, ['OK'], ['OK']],
  ['hourly, never', { schedule: hourly, days: 1, resultOf: never }, ['OK', 'ALARM'], []],
  ['daily, never', { schedule: daily, days: 4, resultOf: never }, ['OK', 'ALARM'], []],
  ['monthly, never', { schedule: monthly, days: 70, resultOf: never }, ['OK', 'ALARM'], []],
  [
    'hourly, late',
    { schedule: hourly, days: 2, resultOf: first(9, 'nothing', 'Completed') },
    ['OK', 'ALARM', 'OK'],
    ['OK'],
  ],
  [
    'daily, late',
    { schedule: daily, days: 5, resultOf: first(3, 'nothing', 'Completed') },
    ['OK', 'ALARM', 'OK'],
    ['OK'],
  ],
  [
    'monthly, late',
    { schedule: monthly, days: 110, resultOf: first(3, 'nothing', 'Completed') },
    ['OK', 'ALARM', 'OK'],
    ['OK'],
  ],
  [
    'daily, failed once',
    { schedule: daily, days: 3, resultOf: (_, index) => (index === 1 ? 'Failed' : 'Completed') },
    ['OK'],
    ['OK', 'ALARM', 'OK'],
  ],
  ['daily, always failing', { schedule: daily, days: 4, resultOf: () => 'Failed' }, ['OK', 'ALARM'], ['ALARM']],
  [
    'hourly, failed then good',
    { schedule: hourly, days: 1, resultOf: first(4, 'Failed', 'Completed') },
    ['OK', 'ALARM', 'OK'],
    ['ALARM', 'OK'],
  ],
  [
    'monthly, failed then good',
    { schedule: monthly, days: 70, resultOf: first(1, 'Failed', 'Completed') },
    ['OK'],
    ['ALARM', 'OK'],
  ],
  ['daily, paused for good', { schedule: daily, days: 10, resultOf: always, paused: [24, 1e9] }, ['OK'], ['OK']],
  ['daily, paused 1 day', { schedule: daily, days: 6, resultOf: always, paused: [24, 48] }, ['OK', 'OK'], ['OK']],
  // The newest backup is too old after the pause: the next one, or `back-up` by hand, ends the alarm.
  [
    'daily, paused 5 days',
    { schedule: daily, days: 10, resultOf: always, paused: [24, 144] },
    ['OK', 'OK', 'ALARM', 'OK'],
    ['OK'],
  ],
  [
    'daily, watch fails',
    { schedule: daily, days: 3, resultOf: never, isWatched: (hours) => hours < 24 },
    ['OK', 'INSUFFICIENT_DATA'],
    [],
  ],
  [
    'daily, one watch lost',
    { schedule: daily, days: 3, resultOf: always, isWatched: (hours) => Math.floor(hours) !== 20 },
    ['OK'],
    ['OK'],
  ],
  ['first 3 hours, daily', { schedule: daily, days: 1 / 8, resultOf: always }, ['OK'], []],
  ['first 3 hours, monthly', { schedule: monthly, days: 1 / 8, resultOf: always }, ['OK'], []],
];

const table: string[][] = [['case', 'age: expected', 'seen', 'failure: expected', 'seen', 'age alarm after']];
afterAll(() => {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const text = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
  if (process.env.PRINT_ALARM_TABLE) process.stderr.write(`${text.join('\n')}\n`);
});

test.each(CASES)('%s', async (name, story, age, failure) => {
  const written = await tell(story, 'orders-backup');
  const alarms = alarmsOf(story.schedule);

  const seen = alarms.map((alarm) => notifications(alarm, metricPoints(written), story));

  const raised = seen[0].find(({ state }) => state === 'ALARM');
  const states = seen.map((each) => each.map(({ state }) => state));
  table.push([
    ...[name, age.join(' '), states[0].join(' '), failure.join(' '), states[1].join(' ')],
    raised === undefined ? '' : `${Math.round((raised.time - DEPLOYED) / HOUR)} hours`,
  ]);
  expect(states).toEqual([age, failure]);
  if (raised && story.resultOf === never) {
    // Twice the longest gap, and the two hours that the alarm looks at.
    const hours = (raised.time - DEPLOYED) / HOUR;
    expect(hours).toBeGreaterThan(2 * GAP.get(story.schedule)!);
    expect(hours).toBeLessThan(2 * GAP.get(story.schedule)! + 3);
  }
});

test('two schedules of one database, one of them dead: only its own alarm is raised', async () => {
  const good: Story = { schedule: daily, days: 4, resultOf: always };
  const dead: Story = { schedule: daily, days: 4, resultOf: never };
  const stack = newStack();
  const database = newDatabase(stack);
  newScheduledBackup(stack, database);
  newScheduledBackup(stack, database, { storage: newStorage({ path: 'second' }), scheduleName: 'second' }, 'Second');
  const synthesized = Synthesized.of(stack);
  const points = metricPoints([...(await tell(good, 'orders-backup')), ...(await tell(dead, 'second'))]);

  const statesOf = (path: string) =>
    notifications(definitionOf(synthesized.one('aws_cloudwatch_metric_alarm', path).body), points, good).map(
      ({ state }) => state,
    );

  table.push(['two schedules: good', 'OK', statesOf('Backup/AgeAlarm').join(' '), 'OK', '', '']);
  table.push(['two schedules: dead', 'OK ALARM', statesOf('Second/AgeAlarm').join(' '), '', '', '']);
  expect(statesOf('Backup/AgeAlarm')).toEqual(['OK']);
  expect(statesOf('Second/AgeAlarm')).toEqual(['OK', 'ALARM']);
});

/** The metric lines of the program, in their order: the runs of the schedule and the hourly watch. */
async function tell(
  { schedule, days, resultOf, paused, isWatched = () => true }: Story,
  name: string,
): Promise<string[]> {
  const end = DEPLOYED + days * DAY;
  const written: string[] = [];
  const entries: CatalogEntry[] = [];
  const count = Math.ceil((days * DAY) / (schedule === hourly ? HOUR : DAY)) + 1;
  const isPaused = (time: number) =>
    paused !== undefined && time >= DEPLOYED + paused[0] * HOUR && time < DEPLOYED + paused[1] * HOUR;
  const runs = nextRuns(schedule.schedulerExpressions, new Date(DEPLOYED), count).map((due, index) => ({
    time: due.getTime() + 60_000,
    run: async () => {
      const result = resultOf(due, index);
      if (result === 'nothing') return;
      const time = due.getTime() + 60_000;
      const id = backupIdOf(due);
      const times = { startedAt: due.toISOString(), endedAt: new Date(time).toISOString() };
      if (result === 'Completed') entries.push({ id, state: result, ...times, reservedParts: 1 });
      written.push(...lines[result].map((line) => at(line, time, name)));
    },
  }));
  // The first one runs while Terraform applies.
  const firstHalfHour = Math.ceil((DEPLOYED - HOUR / 2) / HOUR) * HOUR + HOUR / 2;
  const halfHours = Array.from({ length: Math.ceil(days * 24) }, (_, index) => firstHalfHour + index * HOUR);
  const watches = [DEPLOYED, ...halfHours].map((time) => ({
    time,
    run: async () => {
      if (isWatched((time - DEPLOYED) / HOUR)) written.push(...(await watchAt(time, entries, name)));
    },
  }));
  const events = [...runs, ...watches].filter(({ time }) => time < end && !isPaused(time));
  for (const event of events.sort((one, other) => one.time - other.time)) await event.run();
  return written;
}

/** A line of a real run, as the same run writes it at another time for another schedule. */
function at(line: string, time: number, schedule: string): string {
  const { _aws, ...rest } = JSON.parse(line);
  return JSON.stringify({ _aws: { ..._aws, Timestamp: time }, ...rest, Schedule: schedule });
}

/** The lines of the real action. */
async function watchAt(time: number, entries: readonly CatalogEntry[], schedule: string): Promise<string[]> {
  const written: string[] = [];
  const store = new MemoryStore();
  const keys = new ObjectKeys('production', 'orders');
  const catalog = seal({ format: CATALOG_FORMAT, generation: 1, owner: OWNER, entries });
  keys.catalogs.forEach((key) => store.objects.set(key, catalog));
  store.objects.set(keys.record, seal({ format: CATALOG_FORMAT, owner: OWNER }));
  const since = new Date(DEPLOYED).toISOString();
  await watch({ action: 'watch', storage: { path: 'production' } as never, database: 'orders', since, schedule }, {
    now: () => new Date(time),
    log: new JsonLog((line) => written.push(line)),
    openStorage: async () => store,
  } as never);
  return written;
}

/** The alarm on the age and that on failures, as Terraform gets them. */
function alarmsOf(schedule: BackupSchedule): AlarmDefinition[] {
  const stack = newStack();
  newScheduledBackup(stack, undefined, { schedule });
  const synthesized = Synthesized.of(stack);
  return ['AgeAlarm', 'FailureAlarm'].map((id) =>
    definitionOf(synthesized.one('aws_cloudwatch_metric_alarm', id).body),
  );
}

function definitionOf(body: any): AlarmDefinition {
  return {
    Namespace: body.namespace,
    MetricName: body.metric_name,
    Dimensions: Object.entries<string>(body.dimensions).map(([Name, Value]) => ({ Name, Value })),
    Statistic: body.statistic,
    Period: body.period,
    EvaluationPeriods: body.evaluation_periods,
    DatapointsToAlarm: body.datapoints_to_alarm,
    Threshold: body.threshold,
    ComparisonOperator: body.comparison_operator,
    TreatMissingData: body.treat_missing_data,
  };
}

/** The changes of an alarm's state that it notifies of. */
function notifications(
  alarm: AlarmDefinition,
  points: readonly MetricPoint[],
  { days, paused }: Story,
): { readonly state: AlarmState; readonly time: number }[] {
  const own = pointsOf(alarm, points);
  const span = (alarm.EvaluationPeriods + 2) * alarm.Period * 1000;
  const seen: { state: AlarmState; time: number }[] = [];
  let state: AlarmState = 'INSUFFICIENT_DATA';
  let oldest = 0;
  for (let time = DEPLOYED; time < DEPLOYED + days * DAY; time += EVALUATED_EVERY_MS) {
    while (oldest < own.length && own[oldest].time <= time - span) oldest += 1;
    const known: MetricPoint[] = [];
    for (let index = oldest; index < own.length && own[index].time <= time - DELAY_MS; index++) known.push(own[index]);
    const next = evaluateAlarm(alarm, known, time, state);
    const hours = (time - DEPLOYED) / HOUR;
    // A pause switches off the actions of the alarm on the age.
    const isQuiet = alarm.MetricName === 'BackupAge' && paused && hours >= paused[0] && hours < paused[1];
    if (next !== state && !isQuiet && !(alarm.MetricName === 'BackupFailed' && next === 'INSUFFICIENT_DATA')) {
      seen.push({ state: next, time });
    }
    state = next;
  }
  return seen;
}
