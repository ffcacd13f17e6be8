import { BackupId } from './backup-id';
import { CatalogEntry } from './catalog';

/** Milliseconds of a day of 24 hours, which is what a day of retention is. */
export const DAY_MS = 86_400_000;

/**
 * The completed backups that are older than the retention, oldest first, except the newest completed one, however old.
 * Age is the completion time in the catalog. Failed and running backups are never kept copies, nor are they deleted here.
 */
export function expiredBackups(entries: readonly CatalogEntry[], retentionDays: number, now: Date): BackupId[] {
  const completed = entries
    .filter((entry) => entry.state === 'Completed')
    .map((entry) => ({ id: entry.id, at: Date.parse(entry.endedAt!) }))
    .sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
  return completed
    .slice(0, -1)
    .filter(({ at }) => now.getTime() - at > retentionDays * DAY_MS)
    .map(({ id }) => id);
}

/** What is wrong with a number of days to keep, or undefined. */
export function faultOfRetentionDays(days: number): string | undefined {
  return Number.isInteger(days) && days >= 1 && days <= 36_500
    ? undefined
    : 'is a whole number of days from 1 to 36500';
}
