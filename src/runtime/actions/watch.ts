import { completionTime, selectBackup } from '../../contract/backup-selection';
import { BACKUP_AGE_METRIC } from '../../contract/deployed-names';
import { WatchAnswer, WatchRequest } from '../../contract/requests';
import { BackupFolder } from '../folder/backup-folder';
import { emitMetric } from '../metrics';
import { Runtime } from '../runtime';

/**
 * Tells how old the newest completed backup is. Only reads. Where there is none yet, the age is counted from the moment
 * that the request names, so that a schedule whose first backup never comes is noticed as one whose next does not.
 */
export async function watch(request: WatchRequest, runtime: Runtime): Promise<WatchAnswer> {
  const folder = await BackupFolder.open(request, runtime);
  const catalog = await folder.readCatalog();
  const newest = selectBackup(catalog?.entries ?? [], { kind: 'latest' });
  if (!newest) {
    runtime.log.warn('no-completed-backup', { database: request.database });
  }
  const since = newest ? completionTime(newest) : Date.parse(request.since ?? '');
  if (Number.isNaN(since)) {
    return {};
  }
  const now = runtime.now();
  const ageSeconds = Math.max(0, Math.round((now.getTime() - since) / 1000));
  emitMetric(runtime.log, BACKUP_AGE_METRIC, ageSeconds, request, now);
  return { newest: newest?.id, ageSeconds };
}
