import { BackupId } from './backup-id';
import { completedBackups, completionTime, isFromFuture, newestCompleted } from './backup-selection';
import { CatalogEntry } from './catalog';
import { KeptBackup } from './requests';

/** Milliseconds of a day of 24 hours, which is what a day of retention is. */
export const DAY_MS = 86_400_000;

/**
 * The completed backups that are older than the retention, oldest first, except the newest completed one, however old.
 * Age is the completion time in the catalog. Failed and running backups are never kept copies, nor are they deleted here;
 * a backup from the future neither expires nor makes others expire.
 */
export function expiredBackups(entries: readonly CatalogEntry[], retentionDays: number, now: Date): BackupId[] {
  const newest = newestCompleted(entries, now);
  return completedBackups(entries)
    .filter((entry) => entry !== newest && expiryOf(entry, retentionDays) < now.getTime())
    .map(({ id }) => id);
}

/** Why each completed backup is kept, newest first. */
export function keptBackups(entries: readonly CatalogEntry[], retentionDays: number, now: Date): KeptBackup[] {
  const newest = newestCompleted(entries, now);
  const expired = expiredBackups(entries, retentionDays, now);
  const reasonOf = (entry: CatalogEntry) => {
    if (entry === newest) return 'the newest completed backup, which is always kept';
    if (isFromFuture(entry, now)) return `completed in the future (${entry.endedAt}), with a wrong clock`;
    return `not older than ${retentionDays} days until ${new Date(expiryOf(entry, retentionDays)).toISOString()}`;
  };
  return completedBackups(entries)
    .filter(({ id }) => !expired.includes(id))
    .map((entry) => ({ backup: entry.id, reason: reasonOf(entry) }))
    .reverse();
}

/**
 * The failed backups that are older than the retention and have left nothing in the storage: only their mention in the
 * list goes.
 */
export function expiredFailures(entries: readonly CatalogEntry[], retentionDays: number, now: Date): BackupId[] {
  return entries
    .filter((entry) => entry.state === 'Failed' && entry.sweepsLeft === undefined)
    .filter((entry) => now.getTime() - Date.parse(entry.endedAt!) > retentionDays * DAY_MS)
    .map(({ id }) => id);
}

function expiryOf(entry: CatalogEntry, retentionDays: number): number {
  return completionTime(entry) + retentionDays * DAY_MS;
}

/** The rule that a number of days to keep breaks, or undefined. */
export function retentionDaysError(days: number): string | undefined {
  return Number.isInteger(days) && days >= 1 && days <= 36_500
    ? undefined
    : 'is a whole number of days from 1 to 36500';
}
