import { ActionError } from '../../contract/action-error';
import { completionTime, newestCompleted } from '../../contract/backup-selection';
import { WatchAnswer, WatchRequest } from '../../contract/requests';
import { BackupFolder } from '../folder/backup-folder';
import { emitMetrics } from '../metrics';
import { Runtime } from '../runtime';

/**
 * Reports the age of the newest completed backup. Only reads. Where there is none yet, the age is counted from the
 * moment that the request names, so that a schedule whose first backup never comes is noticed like one whose next does
 * not.
 */
export async function watch(request: WatchRequest, runtime: Runtime): Promise<WatchAnswer> {
  const folder = await BackupFolder.open(request, runtime);
  // No backup yet, or no longer readable: both are noticed by the age that grows from the request's moment.
  const catalog = await folder.readCatalog().catch((error: unknown) => {
    if (!(error instanceof ActionError && error.kind === 'MissingOrDenied')) throw error;
    runtime.log.warn('list-missing-or-denied', { database: request.database, message: error.message });
    return undefined;
  });
  const now = runtime.now();
  const newest = newestCompleted(catalog?.entries ?? [], now);
  if (!newest) {
    runtime.log.warn('no-completed-backup', { database: request.database });
  }
  const since = newest ? completionTime(newest) : Date.parse(request.since ?? '');
  if (Number.isNaN(since)) {
    return {};
  }
  const ageSeconds = Math.max(0, Math.round((now.getTime() - since) / 1000));
  emitMetrics(runtime.log, { BackupAge: ageSeconds }, request, now);
  return { newest: newest?.id, ageSeconds };
}
