import { Option } from 'commander';
import { usageError } from './usage';
import { BackupId, parseBackupId, timeOfBackupId } from '../../contract/backup-id';
import { BackupSelector } from '../../contract/requests';

/** Which backup, as it is told on the command line. */
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

/** @throws InvalidRequest where none is told and there is no fallback, more than one is told, or the text is none */
export function backupSelector(
  id: string | undefined,
  { latest, before }: BackupOptions,
  fallback?: BackupSelector,
): BackupSelector {
  const told: BackupSelector[] = [
    ...(id === undefined ? [] : [{ kind: 'backup', id: readBackupId(id) } as const]),
    ...(latest ? [{ kind: 'latest' } as const] : []),
    ...(before === undefined
      ? []
      : [{ kind: 'before', time: timeOfBackupId(readBackupId(before)).toISOString() } as const]),
  ];
  const selector = told[0] ?? fallback;
  if (selector === undefined || told.length > 1) {
    throw usageError(
      `Exactly one backup is named: by its id, --latest or --before <time>; got ${told.length} of these.`,
      'Name one; the command list shows which there are.',
    );
  }
  return selector;
}

/** @throws InvalidRequest */
export function readBackupId(text: string): BackupId {
  try {
    return parseBackupId(text);
  } catch (error) {
    throw usageError((error as Error).message, 'The command list shows the ids of all backups.');
  }
}
