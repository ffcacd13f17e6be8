import { CatalogEntry } from './catalog';
import { MAXIMUM_CLOCK_DIFFERENCE_MS } from './clock';
import { presentableUrl } from './diagnosis/fault-line';
import { BackupSelector } from './requests';
import { endpointOf, StorageSettings } from './storage-settings';

/** The completed backups, the last completed one last. */
export function completedBackups(entries: readonly CatalogEntry[]): CatalogEntry[] {
  return entries
    .filter((entry) => entry.state === 'Completed')
    .sort((one, other) => completionTime(one) - completionTime(other) || (one.id < other.id ? -1 : 1));
}

/**
 * The newest completed backup. One whose completion lies in the future was made with a wrong clock: it counts only
 * where there is no other.
 */
export function newestCompleted(entries: readonly CatalogEntry[], now: Date): CatalogEntry | undefined {
  const completed = completedBackups(entries);
  return completed.filter((entry) => !isFromFuture(entry, now)).at(-1) ?? completed.at(-1);
}

/** Whether a backup was completed with a clock that was ahead of the present one. */
export function isFromFuture(entry: CatalogEntry, now: Date): boolean {
  return completionTime(entry) > now.getTime() + MAXIMUM_CLOCK_DIFFERENCE_MS;
}

/** The backup that a selector means, among completed ones alone; undefined where there is none. */
export function selectBackup(
  entries: readonly CatalogEntry[],
  selector: BackupSelector,
  now: Date,
): CatalogEntry | undefined {
  const completed = completedBackups(entries);
  switch (selector.kind) {
    case 'latest':
      return newestCompleted(entries, now);
    case 'backup':
      return completed.find((entry) => entry.id === selector.id);
    case 'before':
      return completed.filter((entry) => completionTime(entry) < Date.parse(selector.time)).at(-1);
  }
}

/** A selector in words, for messages. */
export function describeSelector(selector: BackupSelector): string {
  switch (selector.kind) {
    case 'latest':
      return 'the latest completed backup';
    case 'backup':
      return `backup ${selector.id}`;
    case 'before':
      return `the newest backup completed before ${selector.time}`;
  }
}

/** A selector and the folder that it selects from, in words: what a restored database is recorded to come from. */
export function describeSelection(
  storage: Pick<StorageSettings, 'endpoint' | 'region' | 'bucket' | 'path'>,
  database: string,
  selector: BackupSelector,
): string {
  return `${describeSelector(selector)} of ${describeFolder(storage, database)}`;
}

/** The folder of a database in a storage, in the same words whenever it is the same. */
export function describeFolder(
  storage: Pick<StorageSettings, 'endpoint' | 'region' | 'bucket' | 'path'>,
  database: string,
): string {
  return [presentableUrl(endpointOf(storage)), storage.bucket, storage.path, database].join('/');
}

/** Milliseconds since 1970 at which a completed backup was completed. */
export function completionTime(entry: CatalogEntry): number {
  return Date.parse(entry.endedAt!);
}
