import { AwsRequest, AwsResponse } from './message';
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

/** CloudWatch with switches for alarm actions. moto has none, so an alarm is written again with the other value. */
export class CloudWatchService implements EmulatedService {
  readonly name = 'monitoring';

  constructor(private readonly upstream: Upstream) {}

  async answer(request: AwsRequest): Promise<AwsResponse> {
    const target = String(request.headers['x-amz-target'] ?? '');
    const [, version, verb] = /^(.*\.)(Enable|Disable)AlarmActions$/.exec(target) ?? [];
    if (verb === undefined) return this.upstream.forward(request);

    const call = (operation: string, content: object) =>
      this.upstream.forward({
        ...request,
        headers: { ...request.headers, 'x-amz-target': `${version}${operation}` },
        body: Buffer.from(JSON.stringify(content)),
      });
    const { AlarmNames } = JSON.parse(request.body.toString());
    const found = await call('DescribeAlarms', { AlarmNames });
    if (found.status !== 200) return found;
    // As on AWS, unknown names are ignored.
    for (const alarm of JSON.parse(found.body.toString()).MetricAlarms) {
      const definition = Object.entries(alarm).filter(([name, value]) => DEFINITION.has(name) && value !== null);
      const answer = await call('PutMetricAlarm', {
        ...Object.fromEntries(definition),
        ActionsEnabled: verb === 'Enable',
      });
      if (answer.status !== 200) return answer;
    }
    return { ...found, body: Buffer.from('{}') };
  }
}
