import { Log } from './log';
import { Metric, METRIC_NAMESPACE, METRIC_UNITS, metricDimensions } from '../contract/metrics';

/** The backup that a metric is about. */
export interface MetricSubject {
  /** Identifier of the database. */
  readonly database: string;
  /** Name of the backup's schedule; absent for a run that no schedule stands for. */
  readonly schedule?: string;
}

/**
 * Reports values to CloudWatch with one line of the log, in its embedded metric format
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 */
export function emitMetrics(
  log: Log,
  values: { readonly [metric in Metric]?: number },
  { database, schedule }: MetricSubject,
  now: Date,
): void {
  const dimensions = metricDimensions(database, schedule);
  const metrics = Object.keys(values) as Metric[];
  log.info('metric', {
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [Object.keys(dimensions)],
          Metrics: metrics.map((Name) => ({ Name, Unit: METRIC_UNITS[Name] })),
        },
      ],
    },
    ...dimensions,
    ...values,
  });
}
