import { AwsRequest, AwsResponse } from './message';
import { MendedService, Upstream } from './upstream';

/** What an alarm is defined by; what else is told of one is its state. */
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

/** CloudWatch, whose emulation can neither silence alarms nor let them speak again: there they are defined anew. */
export class MendedCloudWatch implements MendedService {
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
    // As on AWS, names that nobody has are passed over.
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
