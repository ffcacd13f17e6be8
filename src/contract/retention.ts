import { BackupId } from './backup-id';
import { completedBackups, completionTime } from './backup-selection';
import { CatalogEntry } from './catalog';

/** Milliseconds of a day of 24 hours, which is what a day of retention is. */
export const DAY_MS = 86_400_000;

/**
 * The completed backups that are older than the retention, oldest first, except the newest completed one, however old.
 * Age is the completion time in the catalog. Failed and running backups are never kept copies, nor are they deleted here.
 */
export function expiredBackups(entries: readonly CatalogEntry[], retentionDays: number, now: Date): BackupId[] {
  return completedBackups(entries)
    .slice(0, -1)
    .filter((entry) => now.getTime() - completionTime(entry) > retentionDays * DAY_MS)
    .map(({ id }) => id);
}

/**
 * The failed backups that are older than the retention and have left nothing in the storage: only their mention in the
 * list goes.
 */
export function expiredFailures(entries: readonly CatalogEntry[], retentionDays: number, now: Date): BackupId[] {
  return entries
    .filter((entry) => entry.state === 'Failed' && !entry.needsFinalSweep)
    .filter((entry) => now.getTime() - Date.parse(entry.endedAt!) > retentionDays * DAY_MS)
    .map(({ id }) => id);
}

/** What is wrong with a number of days to keep, or undefined. */
export function faultOfRetentionDays(days: number): string | undefined {
  return Number.isInteger(days) && days >= 1 && days <= 36_500
    ? undefined
    : 'is a whole number of days from 1 to 36500';
}
