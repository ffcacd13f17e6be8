import { Option } from 'commander';
import { usageError } from './usage';
import { BackupId, parseBackupId, timeOfBackupId } from '../../contract/backup-id';
import { BackupSelector } from '../../contract/requests';

/** The options that choose a backup, beside its id. */
export interface BackupOptions {
  readonly latest?: boolean;
  readonly before?: string;
}

export function backupOptions(): Option[] {
  return [
    new Option('--latest', 'the newest completed backup'),
    new Option('--before <time>', 'the newest backup completed before a UTC time such as 2026-11-22T03:00:00Z'),
  ];
}

/** @throws InvalidRequest without exactly one of id, --latest, --before or the fallback, or for an invalid one */
export function backupSelector(
  id: string | undefined,
  { latest, before }: BackupOptions,
  fallback?: BackupSelector,
): BackupSelector {
  const given: BackupSelector[] = [
    ...(id === undefined ? [] : [{ kind: 'backup', id: readBackupId(id) } as const]),
    ...(latest ? [{ kind: 'latest' } as const] : []),
    ...(before === undefined ? [] : [{ kind: 'before', time: readTime(before) } as const]),
  ];
  const selector = given[0] ?? fallback;
  if (selector === undefined || given.length > 1) {
    throw usageError(
      `Choose exactly one backup, by its id, --latest or --before <time>; got ${given.length} of these.`,
      'The command list shows the ids of all backups.',
    );
  }
  return selector;
}

/** A UTC time, in one of the forms of a backup id, as ISO 8601. @throws InvalidRequest */
export function readTime(text: string): string {
  return timeOfBackupId(readBackupId(text)).toISOString();
}

/** @throws InvalidRequest */
export function readBackupId(text: string): BackupId {
  try {
    return parseBackupId(text);
  } catch (error) {
    throw usageError((error as Error).message, 'The command list shows the ids of all backups.');
  }
}
