import { ActionError } from '../../contract/action-error';
import { BackupId } from '../../contract/backup-id';
import { completedBackups } from '../../contract/backup-selection';
import { Catalog } from '../../contract/catalog';
import { LOCAL_ACCOUNT, Owner } from '../../contract/owner';
import { PruneAnswer, PruneRequest } from '../../contract/requests';
import { expiredBackups, faultOfRetentionDays, expiredFailures } from '../../contract/retention';
import { withinDeadline } from '../deadline';
import { BackupFolder } from '../folder/backup-folder';
import { requireOwner } from '../folder/catalog-store';
import { LockedCatalog } from '../folder/locked-catalog';
import { deletingBackups, emptyCatalog, markDeleting, remove } from '../folder/transitions';
import { resolveConnection } from '../postgres/connection';
import { WriterLock } from '../postgres/lock';
import { Runtime } from '../runtime';

/** Deletes the backups that the retention lets go. */
export async function prune(request: PruneRequest, runtime: Runtime): Promise<PruneAnswer> {
  requireRetentionDays(request.retentionDays);
  const owner = ownerOf(request.database.identifier, runtime);
  const folder = await BackupFolder.open({ storage: request.storage, database: owner.database }, runtime);
  if (request.dryRun) {
    const catalog = (await folder.readCatalog()) ?? emptyCatalog(owner);
    requireOwner(catalog, owner);
    return dryRunAnswer(catalog, request.retentionDays, runtime.now());
  }
  return withinDeadline(runtime, 'BackupFailed', async (signal) => {
    const lock = await WriterLock.take(await resolveConnection(request.database, runtime), owner.database);
    if (!lock) {
      throw new ActionError('Locked', `A run for ${owner.database} is under way: try again when it has ended.`);
    }
    try {
      const catalog = await folder.openCatalog(lock, owner);
      return await pruneCatalog(folder, catalog, request.retentionDays, runtime, signal);
    } finally {
      await lock.release();
    }
  });
}

/**
 * Deletes what the retention lets go and what an earlier run began to delete: the entries become Deleting, then their
 * objects go, then the entries. The caller holds the lock.
 */
export async function pruneCatalog(
  folder: BackupFolder,
  catalog: LockedCatalog,
  retentionDays: number,
  runtime: Pick<Runtime, 'now' | 'log'>,
  signal: AbortSignal,
): Promise<PruneAnswer> {
  const expired = expiredBackups(catalog.current.entries, retentionDays, runtime.now());
  if (expired.length > 0) {
    await catalog.apply((current) => markDeleting(current, expired));
  }
  const deleted: BackupId[] = [];
  for (const entry of deletingBackups(catalog.current)) {
    await folder.deleteBackup(entry, signal);
    deleted.push(entry.id);
  }
  const forgotten = expiredFailures(catalog.current.entries, retentionDays, runtime.now());
  if (deleted.length + forgotten.length > 0) {
    await catalog.apply((current) => remove(current, [...deleted, ...forgotten]));
  }
  const answer = answerOf(deleted, catalog.current, retentionDays);
  runtime.log.info('pruned', { ...answer });
  return answer;
}

/** @throws InvalidRequest */
export function requireRetentionDays(days: number): void {
  const fault = faultOfRetentionDays(days);
  if (fault) {
    throw new ActionError('InvalidRequest', `retentionDays ${fault}; got ${JSON.stringify(days)}.`);
  }
}

/** Who this program writes for. */
export function ownerOf(database: string, runtime: Pick<Runtime, 'account' | 'region'>): Owner {
  return { account: runtime.account ?? LOCAL_ACCOUNT, region: runtime.region, database };
}

function dryRunAnswer(catalog: Catalog, retentionDays: number, now: Date): PruneAnswer {
  const going = [
    ...deletingBackups(catalog).map(({ id }) => id),
    ...expiredBackups(catalog.entries, retentionDays, now),
  ].sort();
  return answerOf(going, remove(markDeleting(catalog, going), going), retentionDays);
}

function answerOf(deleted: readonly BackupId[], after: Catalog, retentionDays: number): PruneAnswer {
  const kept = completedBackups(after.entries).length;
  const note = `No completed backup but the newest, which is always kept, is older than ${retentionDays} days.`;
  return { deleted, kept, ...(deleted.length === 0 && { note }) };
}
