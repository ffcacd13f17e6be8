import { Log } from './log';
import {
  BACKUP_AGE_METRIC,
  BACKUP_FAILED_METRIC,
  BACKUP_LOCKED_METRIC,
  DATABASE_DIMENSION,
  METRIC_NAMESPACE,
  SCHEDULE_DIMENSION,
} from '../contract/deployed-names';

const UNITS = {
  [BACKUP_AGE_METRIC]: 'Seconds',
  [BACKUP_FAILED_METRIC]: 'Count',
  [BACKUP_LOCKED_METRIC]: 'Count',
} as const;

/** The backup that a metric is about. */
export interface MetricSubject {
  /** Identifier of the database. */
  readonly database: string;
  /** Name of the backup's schedule; absent for a run that no schedule stands for. */
  readonly schedule?: string;
}

/** Reports a value to CloudWatch with a line of the log, in its embedded metric format. */
export function emitMetric(
  log: Log,
  metric: keyof typeof UNITS,
  value: number,
  { database, schedule }: MetricSubject,
  now: Date,
): void {
  const dimensions = {
    [DATABASE_DIMENSION]: database,
    ...(schedule === undefined ? {} : { [SCHEDULE_DIMENSION]: schedule }),
  };
  log.info('metric', {
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [Object.keys(dimensions)],
          Metrics: [{ Name: metric, Unit: UNITS[metric] }],
        },
      ],
    },
    ...dimensions,
    [metric]: value,
  });
}
