import { mkdir } from 'node:fs/promises';
import {
  AlarmDefinition,
  AlarmState,
  metricPoints,
  MetricPoint,
  pointsOf,
  StateChange,
  stateChanges,
} from '../../sandbox/aws/alarm-evaluation';
import { BackupSchedule, RestoreDrill } from '../../src';
import { nextRuns } from '../../src/cli/deployed/schedule-times';
import { backupIdOf } from '../../src/contract/backup-id';
import { CATALOG_FORMAT, CatalogEntry } from '../../src/contract/catalog';
import { ObjectKeys } from '../../src/contract/object-keys';
import { Proof } from '../../src/contract/proof';
import { backUp } from '../../src/runtime/actions/back-up';
import { drill } from '../../src/runtime/actions/drill';
import { watch } from '../../src/runtime/actions/watch';
import { JsonLog } from '../../src/runtime/log';
import { Runtime } from '../../src/runtime/runtime';
import { seal } from '../../src/runtime/storage/sealed-json';
import { MemoryStore } from '../runtime/memory-store';
import { RealWorld } from '../runtime/real-world';
import { installDrillServer } from '../support/drill-server';
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
type DrillResult = 'Proved' | 'Disproved' | 'nothing';

/** What happens to one scheduled backup after its deployment. */
interface Story {
  readonly schedule: BackupSchedule;
  readonly days: number;
  readonly resultOf: (due: Date, index: number) => Result;
  /** @default - no drills */
  readonly drills?: { readonly drill: RestoreDrill; readonly resultOf: (due: Date, index: number) => DrillResult };
  /** Hours after the deployment, from and to. */
  readonly paused?: readonly [number, number];
  /** Whether the hourly watch works at a moment. */
  readonly isWatched?: (hours: number) => boolean;
}

/** The metric lines of one real run, to be repeated at other times. */
let lines: { readonly [result in Exclude<Result | DrillResult, 'nothing'>]: string[] };
let proof: Proof;

beforeAll(async () => {
  const world = await RealWorld.start(17, 'orders');
  const uninstall = await installDrillServer();
  const run = async (work: (runtime: Runtime) => Promise<unknown>) => {
    const written: string[] = [];
    const runtime = world.runtime({ log: new JsonLog((line) => written.push(line)) });
    await mkdir(runtime.workDirectory);
    await work(runtime).catch(() => undefined);
    return written.filter((line) => line.includes('"_aws"'));
  };
  const { storageSettings: storage, databaseSettings } = world;
  const schedule = 'orders-backup';
  const backUpAt = async (endpoint: string) => {
    const database = { ...databaseSettings, endpoint };
    return run(async (runtime) =>
      backUp({ action: 'back-up', storage, database, retentionDays: 30, schedule }, runtime),
    );
  };
  const drillWith = async (query: string) =>
    run(async (runtime) => {
      const source = { storage, database: 'orders', backup: { kind: 'latest' } } as const;
      const checks = [{ database: 'postgres', query, expect: 't' }];
      proof = await drill({ action: 'drill', source, checks, schedule }, runtime);
    });
  try {
    lines = {
      Completed: await backUpAt(databaseSettings.endpoint),
      Failed: await backUpAt('127.0.0.1:1'),
      Disproved: await drillWith('SELECT false'),
      Proved: await drillWith('SELECT true'),
    };
  } finally {
    await uninstall();
    await world.stop();
  }
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
  const drillValues = (written: string[]) => metricPoints(written).map(({ metric, value }) => [metric, value]);
  expect(drillValues(lines.Proved)).toEqual(
    expect.arrayContaining([
      ['DrillFailed', 0],
      ['ProofAge', 0],
      ['DrillDuration', expect.any(Number)],
    ]),
  );
  expect(drillValues(lines.Disproved)).toContainEqual(['DrillFailed', 1]);
  expect(drillValues(lines.Disproved).map(([metric]) => metric)).not.toContain('ProofAge');
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

const weekly = RestoreDrill.weekly();
const dailyDrill = RestoreDrill.daily();
const proved = () => 'Proved' as const;
const firstDrills = (count: number, result: DrillResult, then: DrillResult) => (_: Date, index: number) =>
  index < count ? result : then;
const drilled = (
  drillOf: RestoreDrill,
  days: number,
  resultOf: (due: Date, index: number) => DrillResult,
  more: Partial<Story> = {},
): Story => ({ schedule: daily, days, resultOf: always, drills: { drill: drillOf, resultOf }, ...more });

// As above, for the alarms on the age of the newest proof and on drills that fail.
const DRILL_CASES: [string, Story, AlarmState[], AlarmState[]][] = [
  ['daily drill, proved', drilled(dailyDrill, 7, proved), ['OK'], ['OK']],
  ['weekly drill, proved', drilled(weekly, 30, proved), ['OK'], ['OK']],
  ['daily drill, never', drilled(dailyDrill, 4, () => 'nothing'), ['OK', 'ALARM'], []],
  ['weekly drill, never', drilled(weekly, 20, () => 'nothing'), ['OK', 'ALARM'], []],
  ['weekly drill, late', drilled(weekly, 30, firstDrills(3, 'nothing', 'Proved')), ['OK', 'ALARM', 'OK'], ['OK']],
  [
    'daily drill, failed once',
    drilled(dailyDrill, 4, (_, index) => (index === 1 ? 'Disproved' : 'Proved')),
    ['OK'],
    ['OK', 'ALARM', 'OK'],
  ],
  ['daily drill, always failing', drilled(dailyDrill, 4, () => 'Disproved'), ['OK', 'ALARM'], ['ALARM']],
  [
    'weekly drill, failed then proved',
    drilled(weekly, 20, firstDrills(1, 'Disproved', 'Proved')),
    ['OK'],
    ['ALARM', 'OK'],
  ],
  ['daily drill, paused for good', drilled(dailyDrill, 10, proved, { paused: [24, 1e9] }), ['OK'], ['OK']],
  [
    'daily drill, paused 5 days',
    drilled(dailyDrill, 10, proved, { paused: [24, 144] }),
    ['OK', 'OK', 'ALARM', 'OK'],
    ['OK'],
  ],
  [
    'daily drill, watch fails',
    drilled(dailyDrill, 3, () => 'nothing', { isWatched: (hours) => hours < 24 }),
    ['OK', 'INSUFFICIENT_DATA'],
    [],
  ],
  ['first 3 hours, weekly drill', drilled(weekly, 1 / 8, proved), ['OK'], []],
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

test.each([...CASES, ...DRILL_CASES])('%s', async (name, story, age, failure) => {
  const written = await tell(story, 'orders-backup');
  const [ofBackups, ofDrills] = alarmsOf(story);
  const isDrilled = story.drills !== undefined;

  if (isDrilled && !story.paused) {
    const states = ofBackups.flatMap((alarm) => notifications(alarm, metricPoints(written), story));
    expect(states.map(({ state }) => state)).not.toContain('ALARM' satisfies AlarmState);
  }
  const seen = (isDrilled ? ofDrills : ofBackups).map((alarm) => notifications(alarm, metricPoints(written), story));

  const raised = seen[0].find(({ state }) => state === 'ALARM');
  const states = seen.map((each) => each.map(({ state }) => state));
  table.push([
    ...[name, age.join(' '), states[0].join(' '), failure.join(' '), states[1].join(' ')],
    raised === undefined ? '' : `${Math.round((raised.time - DEPLOYED) / HOUR)} hours`,
  ]);
  expect(states).toEqual([age, failure]);
  const isNever = isDrilled ? failure.length === 0 : story.resultOf === never;
  if (raised && isNever) {
    // Twice the longest gap, and the two hours that the alarm looks at.
    const hours = (raised.time - DEPLOYED) / HOUR;
    const gap = isDrilled ? story.drills!.drill.schedule._longestGapMs() / HOUR : GAP.get(story.schedule)!;
    expect(hours).toBeGreaterThan(2 * gap);
    expect(hours).toBeLessThan(2 * gap + 3);
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
  { schedule, days, resultOf, drills, paused, isWatched = () => true }: Story,
  name: string,
): Promise<string[]> {
  const end = DEPLOYED + days * DAY;
  const written: string[] = [];
  const entries: CatalogEntry[] = [];
  const proofs: Proof[] = [];
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
  const drillRuns = nextRuns(drills?.drill.schedule.schedulerExpressions ?? [], new Date(DEPLOYED), count).map(
    (due, index) => ({
      time: due.getTime() + 60_000,
      run: async () => {
        const result = drills!.resultOf(due, index);
        if (result === 'nothing') return;
        const time = due.getTime() + 60_000;
        const found = { backup: entries.at(-1)!.id, state: result, endedAt: new Date(time).toISOString() };
        proofs.push({ ...proof, ...found });
        written.push(...lines[result].map((line) => at(line, time, name)));
      },
    }),
  );
  // The first one runs while Terraform applies.
  const firstHalfHour = Math.ceil((DEPLOYED - HOUR / 2) / HOUR) * HOUR + HOUR / 2;
  const halfHours = Array.from({ length: Math.ceil(days * 24) }, (_, index) => firstHalfHour + index * HOUR);
  const watches = [DEPLOYED, ...halfHours].map((time) => ({
    time,
    run: async () => {
      if (isWatched((time - DEPLOYED) / HOUR)) {
        written.push(...(await watchAt(time, { entries, proofs: drills && proofs, schedule: name })));
      }
    },
  }));
  const events = [...runs, ...drillRuns, ...watches].filter(({ time }) => time < end && !isPaused(time));
  for (const event of events.sort((one, other) => one.time - other.time)) await event.run();
  return written;
}

/** A line of a real run, as the same run writes it at another time for another schedule. */
function at(line: string, time: number, schedule: string): string {
  const { _aws, ...rest } = JSON.parse(line);
  return JSON.stringify({ _aws: { ..._aws, Timestamp: time }, ...rest, Schedule: schedule });
}

/** The lines of the real action. */
async function watchAt(
  time: number,
  {
    entries,
    proofs,
    schedule,
  }: { entries: readonly CatalogEntry[]; proofs: readonly Proof[] | undefined; schedule: string },
): Promise<string[]> {
  const written: string[] = [];
  const store = new MemoryStore();
  const keys = new ObjectKeys('production', 'orders');
  const catalog = seal({ format: CATALOG_FORMAT, generation: 1, owner: OWNER, entries });
  keys.catalogs.forEach((key) => store.objects.set(key, catalog));
  store.objects.set(keys.record, seal({ format: CATALOG_FORMAT, owner: OWNER }));
  for (const each of proofs ?? []) store.objects.set(keys.proof(each.backup), seal(each));
  const since = new Date(DEPLOYED).toISOString();
  const drillsSince = proofs && since;
  const storage = { path: 'production' } as never;
  await watch({ action: 'watch', storage, database: 'orders', since, drillsSince, schedule }, {
    now: () => new Date(time),
    log: new JsonLog((line) => written.push(line)),
    openStorage: async () => store,
  } as never);
  return written;
}

/** The alarms on the age and on failures, of backups and of drills, as Terraform gets them. */
function alarmsOf({ schedule, drills }: Story): AlarmDefinition[][] {
  const stack = newStack();
  newScheduledBackup(stack, undefined, { schedule, drill: drills?.drill });
  const synthesized = Synthesized.of(stack);
  return [['Backup'], ...(drills ? [['Backup', 'Drill']] : [])].map((scope) =>
    ['AgeAlarm', 'FailureAlarm'].map((id) =>
      definitionOf(synthesized.one('aws_cloudwatch_metric_alarm', ['stack', ...scope, id].join('/')).body),
    ),
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
function notifications(alarm: AlarmDefinition, points: readonly MetricPoint[], { days, paused }: Story): StateChange[] {
  const evaluations = { from: DEPLOYED, to: DEPLOYED + days * DAY, every: EVALUATED_EVERY_MS, delay: DELAY_MS };
  const changes = stateChanges(alarm, pointsOf(alarm, points), { ...evaluations, before: 'INSUFFICIENT_DATA' });
  return changes.filter(({ time }) => {
    const hours = (time - DEPLOYED) / HOUR;
    // A pause switches off the actions of the alarms on ages.
    return !(alarm.MetricName.endsWith('Age') && paused && hours >= paused[0] && hours < paused[1]);
  });
}
