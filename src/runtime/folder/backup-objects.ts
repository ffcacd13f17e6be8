import { BackupId } from '../../contract/backup-id';
import { CatalogEntry } from '../../contract/catalog';
import { ObjectKeys } from '../../contract/object-keys';
import { ObjectStore } from '../storage/object-store';

/** Deletions under way at once. */
const CONCURRENCY = 8;

/**
 * Every object that a backup can have: its manifest first, so that nobody begins to read what is going, then all parts
 * that were ever reserved for it.
 */
export function keysOf(keys: ObjectKeys, backup: BackupId, reservedParts: number): string[] {
  return [keys.manifest(backup), ...Array.from({ length: reservedParts }, (_, index) => keys.part(backup, index + 1))];
}

/** Deletes what a backup can have in the storage; harmless when done again. */
export async function deleteBackupObjects(
  store: ObjectStore,
  keys: ObjectKeys,
  entry: Pick<CatalogEntry, 'id' | 'reservedParts'>,
  signal: AbortSignal,
): Promise<void> {
  const [manifest, ...parts] = keysOf(keys, entry.id, entry.reservedParts);
  await store.delete(manifest);
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async (_, worker) => {
      for (let index = worker; index < parts.length; index += CONCURRENCY) {
        signal.throwIfAborted();
        await store.delete(parts[index]);
      }
    }),
  );
}
