import { CatalogEntry } from './catalog';
import { BackupSelector } from './requests';

/** The completed backups, the last completed one last. */
export function completedBackups(entries: readonly CatalogEntry[]): CatalogEntry[] {
  return entries
    .filter((entry) => entry.state === 'Completed')
    .sort((one, other) => completionTime(one) - completionTime(other) || (one.id < other.id ? -1 : 1));
}

/** The backup that a selector means, among completed ones alone; undefined where there is none. */
export function selectBackup(entries: readonly CatalogEntry[], selector: BackupSelector): CatalogEntry | undefined {
  const completed = completedBackups(entries);
  switch (selector.kind) {
    case 'latest':
      return completed.at(-1);
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

/** Milliseconds since 1970 at which a completed backup was completed. */
export function completionTime(entry: CatalogEntry): number {
  return Date.parse(entry.endedAt!);
}
