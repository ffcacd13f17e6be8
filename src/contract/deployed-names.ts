/*
 * Names of what a deployment creates and the command line finds again: schedules and alarms. Metrics are in metrics.ts.
 */

/** Longest name of a schedule in EventBridge Scheduler, in characters. */
const LONGEST_SCHEDULE_NAME = 64;

const WATCH_SUFFIX = '-watch';
const DRILL_SUFFIX = '-drill';

/**
 * Longest name of a backup's first schedule, in characters: with every suffix it still fits. A cron expression never
 * takes a hundred schedules.
 */
export const LONGEST_BACKUP_NAME = LONGEST_SCHEDULE_NAME - Math.max(WATCH_SUFFIX.length, DRILL_SUFFIX.length);

/** What the name of a backup's schedule ends with where the program gives no name. */
export const BACKUP_SUFFIX = '-backup';

/** Name of the schedule that runs `watch` every hour, for a backup whose first schedule has this name. */
export function watchScheduleName(scheduleName: string): string {
  return `${scheduleName}${WATCH_SUFFIX}`;
}

/**
 * Name of the schedule that starts drills, and of the function that runs them, for a backup whose first schedule has this
 * name. The alarms on drills are named by it as those on backups are named by the backup's schedule.
 */
export function drillScheduleName(scheduleName: string): string {
  return `${scheduleName}${DRILL_SUFFIX}`;
}

/** Name of the first, second, … schedule of one backup: a cron expression may take several. */
export function backupScheduleName(scheduleName: string, number: number): string {
  return number === 1 ? scheduleName : `${scheduleName}-${number}`;
}

/** Name of the alarm on backups, or on drills, that do not happen. */
export function ageAlarmName(scheduleName: string): string {
  return `${scheduleName}-age`;
}

/** Name of the alarm on backups, or on drills, that fail. */
export function failureAlarmName(scheduleName: string): string {
  return `${scheduleName}-failure`;
}

/** The page that says what to do when an alarm is raised. */
export function runbookUrl(page: 'failed-backup' | 'missing-backup' | 'failed-drill'): string {
  return `https://github.com/cdktf-managed-database/cdktf-managed-database/blob/main/docs/runbooks/${page}.md`;
}

const PAUSED_BY_PROGRAM = ', paused by the program';

/**
 * Description of a schedule in EventBridge Scheduler. A pause from the command line changes the state alone, so the
 * description says whether it was the program.
 */
export function scheduleDescription(database: string, action: string, pausedByProgram: boolean): string {
  return `Database ${database}: ${action}${pausedByProgram ? PAUSED_BY_PROGRAM : ''}`;
}

/** Whether a description is one of a schedule that the program paused. */
export function saysPausedByProgram(description: string | undefined): boolean {
  return description?.endsWith(PAUSED_BY_PROGRAM) ?? false;
}
