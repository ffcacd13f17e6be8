import { openFolder, ownerOf, withLockedFolder } from './locked-folder';
import { ActionError } from '../../contract/action-error';
import { BackupId } from '../../contract/backup-id';
import { completedBackups } from '../../contract/backup-selection';
import { Catalog } from '../../contract/catalog';
import { PruneAnswer, PruneRequest } from '../../contract/requests';
import { expiredBackups, retentionDaysError, keptBackups } from '../../contract/retention';
import { withinDeadline } from '../deadline';
import { requireOwner } from '../folder/catalog-store';
import { FolderWriter } from '../folder/folder-writer';
import { NO_LOCK } from '../folder/locked-catalog';
import { deletingBackups, emptyCatalog, markDeleting, remove } from '../folder/transitions';
import { Runtime } from '../runtime';

/** Deletes the backups that have expired. */
export async function prune(request: PruneRequest, runtime: Runtime): Promise<PruneAnswer> {
  requireRetentionDays(request.retentionDays);
  return withinDeadline(runtime, 'BackupFailed', async (signal) => {
    if (request.dryRun) return dryRun({ ...request, signal }, runtime);
    const work = async (writer: FolderWriter) => {
      await writer.recover();
      return pruneFolder(writer, request.retentionDays, runtime);
    };
    if (request.databaseGone) {
      const folder = await openFolder({ ...request, signal }, runtime);
      const owner = (await folder.readCatalog())?.owner ?? ownerOf(request, runtime);
      return work(await folder.openForWriting({ right: NO_LOCK, owner, signal }));
    }
    const answer = await withLockedFolder({ ...request, signal }, runtime, work);
    if (answer === 'Locked') throw lockedError(request.database.identifier);
    return answer;
  });
}

/** Deletes the backups that have expired. The caller has opened the folder and recovered what earlier runs left. */
export async function pruneFolder(
  writer: FolderWriter,
  retentionDays: number,
  runtime: Pick<Runtime, 'now' | 'log'>,
): Promise<PruneAnswer> {
  const deleted = await writer.prune(retentionDays);
  const answer = pruneAnswer(deleted, writer.catalog, retentionDays, runtime.now());
  runtime.log.info('pruned', { ...answer });
  return answer;
}

/** @throws InvalidRequest */
export function requireRetentionDays(days: number): void {
  const error = retentionDaysError(days);
  if (error) {
    throw new ActionError('InvalidRequest', `retentionDays ${error}; got ${JSON.stringify(days)}.`);
  }
}

export function lockedError(database: string): ActionError {
  return new ActionError('Locked', `Another run for ${database} is under way: try again when it has ended.`);
}

/** What was deleted, and why the others are kept. */
export function pruneAnswer(
  deleted: readonly BackupId[],
  after: Catalog,
  retentionDays: number,
  now: Date,
): PruneAnswer {
  const note = `No completed backup but the newest, which is always kept, is older than ${retentionDays} days.`;
  return {
    deleted,
    kept: completedBackups(after.entries).length,
    reasons: keptBackups(after.entries, retentionDays, now),
    ...(deleted.length === 0 && { note }),
  };
}

async function dryRun(
  request: PruneRequest & { readonly signal: AbortSignal },
  runtime: Runtime,
): Promise<PruneAnswer> {
  const owner = ownerOf(request, runtime);
  const folder = await openFolder(request, runtime);
  const catalog = (await folder.readCatalog()) ?? emptyCatalog(owner);
  if (!request.databaseGone) requireOwner(catalog.owner, owner);
  const now = runtime.now();
  const expired = [
    ...deletingBackups(catalog).map(({ id }) => id),
    ...expiredBackups(catalog.entries, request.retentionDays, now),
  ].sort();
  return pruneAnswer(expired, remove(markDeleting(catalog, expired), expired), request.retentionDays, now);
}
