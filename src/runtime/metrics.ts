import { Log } from './log';

/** Names that the alarms are on. */
export const METRIC_NAMESPACE = 'ManagedDatabase';
export const METRIC_DIMENSION = 'Database';
export const BACKUP_AGE_METRIC = 'BackupAge';
export const BACKUP_FAILED_METRIC = 'BackupFailed';

const UNITS = { [BACKUP_AGE_METRIC]: 'Seconds', [BACKUP_FAILED_METRIC]: 'Count' } as const;

/** Tells CloudWatch a value by a line of the log, in its embedded metric format. */
export function emitMetric(log: Log, metric: keyof typeof UNITS, value: number, database: string, now: Date): void {
  log.info('metric', {
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [[METRIC_DIMENSION]],
          Metrics: [{ Name: metric, Unit: UNITS[metric] }],
        },
      ],
    },
    [METRIC_DIMENSION]: database,
    [metric]: value,
  });
}
