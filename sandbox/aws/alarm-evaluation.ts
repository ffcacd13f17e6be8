/*
 * What CloudWatch makes of log lines with metrics, and of the alarms on them, as functions of plain data. moto keeps alarms but
 * never evaluates them.
 */

/** One value of a metric. */
export interface MetricPoint {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly value: number;
}

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** An alarm on one metric, by the names of CloudWatch's API. */
export interface AlarmDefinition {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
  readonly Statistic: 'Minimum' | 'Maximum' | 'Sum' | 'Average' | 'SampleCount';
  /** Seconds. */
  readonly Period: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly Threshold: number;
  readonly ComparisonOperator: keyof typeof COMPARISONS;
  readonly TreatMissingData?: 'missing' | 'ignore' | 'breaching' | 'notBreaching';
}

/**
 * The values in lines of a log in the embedded metric format; other lines have none.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metricPoints(lines: readonly string[]): MetricPoint[] {
  return lines.flatMap((line) => {
    if (!line.includes('"_aws"')) return [];
    const root = JSON.parse(line);
    return root._aws.CloudWatchMetrics.flatMap((directive: any) =>
      directive.Dimensions.flatMap((names: string[]) =>
        directive.Metrics.map(({ Name }: { Name: string }) => ({
          namespace: directive.Namespace,
          metric: Name,
          dimensions: Object.fromEntries(names.map((name) => [name, root[name]])),
          time: root._aws.Timestamp,
          value: root[Name],
        })),
      ),
    );
  });
}

/** The values that an alarm reads: those of its metric with exactly its dimensions. */
export function pointsOf(alarm: AlarmDefinition, points: readonly MetricPoint[]): MetricPoint[] {
  const wanted = JSON.stringify(alarm.Dimensions.map(({ Name, Value }) => [Name, Value]).sort());
  return points.filter(
    ({ namespace, metric, dimensions }) =>
      namespace === alarm.Namespace &&
      metric === alarm.MetricName &&
      JSON.stringify(Object.entries(dimensions).sort()) === wanted,
  );
}

const EXTRA_PERIODS = 2;

/**
 * The state of an alarm at a moment.
 *
 * CloudWatch looks at more periods than it evaluates. Where enough of them have data, the most recent ones of these count;
 * else the missing ones are treated as the alarm says. A breaching value that is old enough, with nothing but breaching and
 * missing ones after it, raises the alarm all the same.
 *
 * @param points those of `pointsOf`
 * @param extraPeriods number of periods before those to be evaluated that CloudWatch also looks at: not documented
 * exactly, two in the examples of the documentation
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
export function evaluateAlarm(
  alarm: AlarmDefinition,
  points: readonly MetricPoint[],
  now: number,
  before: AlarmState,
  extraPeriods = EXTRA_PERIODS,
): AlarmState {
  const {
    EvaluationPeriods: periods,
    DatapointsToAlarm: toAlarm = periods,
    TreatMissingData: missing = 'missing',
  } = alarm;
  // Newest first; undefined where there is no data.
  const breaching = Array.from({ length: periods + extraPeriods }, (_, index) => {
    const end = now - index * alarm.Period * 1000;
    const values = points
      .filter(({ time }) => time > end - alarm.Period * 1000 && time <= end)
      .map(({ value }) => value);
    return values.length === 0
      ? undefined
      : COMPARISONS[alarm.ComparisonOperator](STATISTICS[alarm.Statistic](values), alarm.Threshold);
  });
  const known = breaching.filter((each) => each !== undefined);
  const lacking = Math.max(0, periods - known.length);
  const recent = known.slice(0, periods);
  const count = recent.filter(Boolean).length;
  if (lacking === 0) return count >= toAlarm ? 'ALARM' : 'OK';
  switch (missing) {
    case 'breaching':
      return count + lacking >= toAlarm ? 'ALARM' : 'OK';
    case 'notBreaching':
      return count >= toAlarm ? 'ALARM' : 'OK';
    default: {
      if (known.length === 0) return missing === 'ignore' ? before : 'INSUFFICIENT_DATA';
      const oldest = breaching.findLastIndex((each) => each === true);
      const isOldEnough = oldest >= toAlarm - 1 && breaching.slice(0, oldest).every((each) => each !== false);
      if (count >= toAlarm || (isOldEnough && missing === 'missing')) return 'ALARM';
      return missing === 'ignore' && count + lacking >= toAlarm ? before : 'OK';
    }
  }
}

/** A state that an alarm has from a moment on. */
export interface StateChange {
  readonly state: AlarmState;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** When an alarm is evaluated, in milliseconds. */
export interface Evaluations {
  /** The first one, in milliseconds since 1970. */
  readonly from: number;
  /** None at or after this moment. */
  readonly to: number;
  readonly every: number;
  /** From the time of a value until CloudWatch has it. */
  readonly delay: number;
  /** The state before the first one. */
  readonly before: AlarmState;
}

/**
 * The changes of an alarm's state, oldest first.
 *
 * @param points those of `pointsOf`, oldest first
 */
export function stateChanges(
  alarm: AlarmDefinition,
  points: readonly MetricPoint[],
  { from, to, every, delay, before }: Evaluations,
): StateChange[] {
  const span = (alarm.EvaluationPeriods + EXTRA_PERIODS) * alarm.Period * 1000;
  const changes: StateChange[] = [];
  let state = before;
  let [oldest, known] = [0, 0];
  for (let time = from; time < to; time += every) {
    while (oldest < points.length && points[oldest].time <= time - span) oldest += 1;
    while (known < points.length && points[known].time <= time - delay) known += 1;
    const next = evaluateAlarm(alarm, points.slice(oldest, known), time, state);
    if (next !== state) changes.push({ state: next, time });
    state = next;
  }
  return changes;
}

const COMPARISONS = {
  GreaterThanThreshold: (value: number, threshold: number) => value > threshold,
  GreaterThanOrEqualToThreshold: (value: number, threshold: number) => value >= threshold,
  LessThanThreshold: (value: number, threshold: number) => value < threshold,
  LessThanOrEqualToThreshold: (value: number, threshold: number) => value <= threshold,
};

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const STATISTICS = {
  Minimum: (values: readonly number[]) => Math.min(...values),
  Maximum: (values: readonly number[]) => Math.max(...values),
  Sum: sum,
  Average: (values: readonly number[]) => sum(values) / values.length,
  SampleCount: (values: readonly number[]) => values.length,
};
