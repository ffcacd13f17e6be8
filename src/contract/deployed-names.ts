/*
 * Names of what a deployment creates and the program and the command line find again: schedules, alarms, metrics.
 */

/** Longest name of a schedule in EventBridge Scheduler, in characters. */
const LONGEST_SCHEDULE_NAME = 64;

const WATCH_SUFFIX = '-watch';

/**
 * Longest name of a backup's first schedule, in characters: with every suffix it still fits. A cron expression never
 * takes a hundred schedules.
 */
export const LONGEST_BACKUP_NAME = LONGEST_SCHEDULE_NAME - WATCH_SUFFIX.length;

/** What the name of a backup's schedule ends with where the program gives no name. */
export const BACKUP_SUFFIX = '-backup';

/** Name of the schedule that runs `watch` every hour, for a backup whose first schedule has this name. */
export function watchScheduleName(scheduleName: string): string {
  return `${scheduleName}${WATCH_SUFFIX}`;
}

/** Name of the first, second, … schedule of one backup: a cron expression may take several. */
export function backupScheduleName(scheduleName: string, number: number): string {
  return number === 1 ? scheduleName : `${scheduleName}-${number}`;
}

/** Name of the alarm on backups that do not happen. */
export function ageAlarmName(scheduleName: string): string {
  return `${scheduleName}-age`;
}

/** Name of the alarm on backups that fail. */
export function failureAlarmName(scheduleName: string): string {
  return `${scheduleName}-failure`;
}

/** Namespace of the metrics in CloudWatch. */
export const METRIC_NAMESPACE = 'ManagedDatabase';

/** Dimension that carries the identifier of the database. */
export const DATABASE_DIMENSION = 'Database';

/** Dimension that carries the name of the backup's schedule, so that two backups of one database are told apart. */
export const SCHEDULE_DIMENSION = 'Schedule';

/** Age of the newest completed backup, in seconds. */
export const BACKUP_AGE_METRIC = 'BackupAge';

/** 1 for each run that found the lock taken and outlasted its time. */
export const BACKUP_LOCKED_METRIC = 'BackupLocked';

/** 1 for each backup that failed. */
export const BACKUP_FAILED_METRIC = 'BackupFailed';
