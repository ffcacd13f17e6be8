import {
  AlarmDefinition,
  AlarmState,
  metricPoints,
  MetricPoint,
  pointsOf,
  StateChange,
  stateChanges,
} from './alarm-evaluation';
import { AwsRequest, AwsResponse, jsonResponse } from './message';
import { EmulatedService, Upstream } from './upstream';

/** The properties that define an alarm; the others describe its state. */
const DEFINITION = new Set([
  ...['AlarmName', 'AlarmDescription', 'OKActions', 'AlarmActions', 'InsufficientDataActions', 'MetricName'],
  ...['Namespace', 'Statistic', 'ExtendedStatistic', 'Dimensions', 'Period', 'Unit', 'EvaluationPeriods'],
  ...[
    'DatapointsToAlarm',
    'Threshold',
    'ComparisonOperator',
    'TreatMissingData',
    'EvaluateLowSampleCountPercentile',
    'Metrics',
    'ThresholdMetricId',
  ],
]);

/** An alarm as `DescribeAlarms` returns it. */
type DescribedAlarm = AlarmDefinition & {
  readonly AlarmName: string;
  readonly AlarmArn: string;
  readonly AlarmDescription?: string;
  readonly StateValue: AlarmState;
  readonly StateReason: string;
  readonly ActionsEnabled: boolean;
  readonly OKActions?: readonly string[];
  readonly AlarmActions?: readonly string[];
  readonly InsufficientDataActions?: readonly string[];
};

/** As often as CloudWatch evaluates an alarm. */
const EVERY_MS = 60_000;

/** moto's reason of the state that it gives an alarm that was written. */
const NOT_EVALUATED = /^Unchecked/;

const VERSION = 'GraniteServiceVersion20100801.';

/**
 * CloudWatch with alarms that are evaluated, and switches for their actions: moto has neither.
 *
 * An alarm is evaluated for each minute of the sandbox's clock that has passed when somebody asks for alarms, and at once
 * when a log has a line with metrics. A change notifies its SNS topics; actions of other services are not called.
 */
export class CloudWatchService implements EmulatedService {
  readonly name = 'monitoring';

  /** Oldest first. */
  private readonly points: MetricPoint[] = [];
  /** By name of the alarm. */
  private readonly evaluated = new Map<string, { readonly time: number; readonly state: AlarmState }>();
  /** Two evaluations at the same time would notify twice. */
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly upstream: Upstream,
    private readonly now: () => Date,
  ) {}

  async answer(request: AwsRequest): Promise<AwsResponse> {
    const operation = operationOf(request);
    if (operation === 'DescribeAlarms') await this.evaluate(EVERY_MS);
    const [, verb] = /^(Enable|Disable)AlarmActions$/.exec(operation) ?? [];
    return verb === undefined ? this.upstream.forward(request) : this.switchActions(request, verb);
  }

  /** Takes the metrics of lines that were written into a log. */
  async takeLines(lines: readonly string[]): Promise<void> {
    const points = metricPoints(lines);
    if (points.length === 0) return;
    this.points.push(...points);
    this.points.sort((one, other) => one.time - other.time);
    await this.evaluate(0);
  }

  /** @param leastMs alarms that were evaluated less than that ago keep their state */
  private async evaluate(leastMs: number): Promise<void> {
    this.last = this.last.catch(() => undefined).then(async () => this.evaluateAll(leastMs));
    return this.last;
  }

  private async evaluateAll(leastMs: number): Promise<void> {
    const now = this.now().getTime();
    const { MetricAlarms } = await this.call('DescribeAlarms', {});
    for (const alarm of MetricAlarms as DescribedAlarm[]) {
      const earlier = this.evaluated.get(alarm.AlarmName);
      // A new alarm has no data; writing one again does not change its state.
      const before = NOT_EVALUATED.test(alarm.StateReason) ? (earlier?.state ?? 'INSUFFICIENT_DATA') : alarm.StateValue;
      const since = earlier?.time ?? now;
      const isDue = now - since >= leastMs;
      // Each full minute, and this moment.
      const changes = isDue ? this.changesOf(alarm, before, since, now) : [];
      const state = changes.at(-1)?.state ?? before;
      this.evaluated.set(alarm.AlarmName, { time: isDue ? now : since, state });
      if (state !== alarm.StateValue || NOT_EVALUATED.test(alarm.StateReason)) await this.setState(alarm, state);
      let old = before;
      for (const change of changes) {
        await this.notify(alarm, old, change);
        old = change.state;
      }
    }
  }

  private changesOf(alarm: DescribedAlarm, before: AlarmState, since: number, now: number): StateChange[] {
    const points = pointsOf(alarm, this.points);
    const span = { every: EVERY_MS, delay: 0 };
    const passed = stateChanges(alarm, points, { ...span, from: since + EVERY_MS, to: now, before });
    const last = passed.at(-1)?.state ?? before;
    return [...passed, ...stateChanges(alarm, points, { ...span, from: now, to: now + 1, before: last })];
  }

  private async setState({ AlarmName }: DescribedAlarm, state: AlarmState): Promise<void> {
    const StateReason = 'Evaluated by the sandbox.';
    await this.call('SetAlarmState', { AlarmName, StateValue: state, StateReason });
  }

  /** @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html */
  private async notify(alarm: DescribedAlarm, OldStateValue: AlarmState, { state, time }: StateChange): Promise<void> {
    if (!alarm.ActionsEnabled) return;
    const actions = {
      OK: alarm.OKActions,
      ALARM: alarm.AlarmActions,
      INSUFFICIENT_DATA: alarm.InsufficientDataActions,
    };
    const { AlarmName, AlarmDescription, AlarmArn } = alarm;
    const changed = { NewStateValue: state, OldStateValue, StateChangeTime: new Date(time).toISOString() };
    const message = JSON.stringify({ AlarmName, AlarmDescription, AlarmArn, ...changed });
    for (const arn of actions[state] ?? []) {
      if (arn.split(':')[2] === 'sns') await this.upstream.publish(arn, message);
    }
  }

  /** moto has no switch, so an alarm is written again with the other value. */
  private async switchActions(request: AwsRequest, verb: string): Promise<AwsResponse> {
    const { AlarmNames } = JSON.parse(request.body.toString());
    const { MetricAlarms } = await this.call('DescribeAlarms', { AlarmNames });
    // As on AWS, unknown names are ignored.
    for (const alarm of MetricAlarms) {
      const definition = Object.entries(alarm).filter(([name, value]) => DEFINITION.has(name) && value !== null);
      await this.call('PutMetricAlarm', { ...Object.fromEntries(definition), ActionsEnabled: verb === 'Enable' });
      await this.setState(alarm, alarm.StateValue);
    }
    return jsonResponse(200, {});
  }

  private async call(operation: string, body: object): Promise<any> {
    const answer = await this.upstream.call('monitoring', 'POST', '/', { target: VERSION + operation, body });
    return JSON.parse(answer.toString() || '{}');
  }
}

/** By the header of JSON, the form of a query, or the path of CBOR. */
function operationOf({ url, headers, body }: AwsRequest): string {
  const [, ofTarget] = /\.(\w+)$/.exec(String(headers['x-amz-target'] ?? '')) ?? [];
  const [, ofPath] = /\/operation\/(\w+)$/.exec(url) ?? [];
  return ofTarget ?? ofPath ?? new URLSearchParams(body.toString()).get('Action') ?? '';
}
