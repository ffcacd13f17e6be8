/*
 * The metrics of backups in CloudWatch: what the program reports, and what alarms and dashboards read.
 */

/** Namespace of the metrics in CloudWatch. */
export const METRIC_NAMESPACE = 'ManagedDatabase';

/** Dimension that carries the identifier of the database. */
export const DATABASE_DIMENSION = 'Database';

/** Dimension that carries the name of the backup's schedule, which distinguishes two backups of one database. */
export const SCHEDULE_DIMENSION = 'Schedule';

/** Each metric, with its unit in CloudWatch. */
export const METRIC_UNITS = {
  /** Age of the newest completed backup: measured every hour, and 0 when a backup completes. */
  BackupAge: 'Seconds',
  /** The result of each run: 1 where the backup failed, 0 where it completed. */
  BackupFailed: 'Count',
  /** 1 for each run that found the lock of the database taken for as long as it could wait. */
  BackupLocked: 'Count',
  /** From the start of a run to the completed backup. */
  BackupDuration: 'Seconds',
  /** Size of the databases, as the server reports it. */
  DatabaseSize: 'Bytes',
  /** Bytes that the backup takes in the storage. */
  StoredSize: 'Bytes',
  /** Bytes of the databases, divided by the duration. */
  BackupRate: 'Bytes/Second',
  /** Requests to the storage that were repeated after a transient fault. */
  StorageRetries: 'Count',
  /** Backups that were deleted because they had expired. */
  BackupsPruned: 'Count',
  /** Age of the newest proof of a backup: measured every hour where drills are scheduled, and 0 when a backup is proved. */
  ProofAge: 'Seconds',
  /**
   * The result of each drill: 1 where the backup was disproved or the drill could not be run, 0 where it was proved. None
   * where there is no backup yet.
   */
  DrillFailed: 'Count',
  /** From the start of a drill to its proof. */
  DrillDuration: 'Seconds',
} as const;

/** Name of a metric. */
export type Metric = keyof typeof METRIC_UNITS;

/** The dimensions of the metrics of one backup; a run without a schedule has only that of the database. */
export function metricDimensions(database: string, schedule?: string): Record<string, string> {
  return { [DATABASE_DIMENSION]: database, ...(schedule === undefined ? {} : { [SCHEDULE_DIMENSION]: schedule }) };
}
