import { ActionError } from '../../contract/action-error';
import { completionTime, newestCompleted } from '../../contract/backup-selection';
import { WatchAnswer, WatchRequest } from '../../contract/requests';
import { BackupFolder } from '../folder/backup-folder';
import { emitMetrics } from '../metrics';
import { Runtime } from '../runtime';

/**
 * Reports the age of the newest completed backup, and of its proof where drills are scheduled. Only reads. Where there is
 * none yet, the age is counted from the moment that the request names, so that a schedule whose first backup never comes
 * is noticed like one whose next does not.
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
  const proof = request.drillsSince === undefined ? undefined : await folder.newestProof();
  const ageSeconds = newest ? ageAt(now, completionTime(newest)) : ageAt(now, Date.parse(request.since ?? ''));
  const proofAgeSeconds = ageAt(now, Date.parse(proof?.endedAt ?? request.drillsSince ?? ''));
  const metrics = {
    ...(ageSeconds !== undefined && { BackupAge: ageSeconds }),
    ...(proofAgeSeconds !== undefined && { ProofAge: proofAgeSeconds }),
  };
  if (Object.keys(metrics).length > 0) emitMetrics(runtime.log, metrics, request, now);
  return {
    ...(newest && { newest: newest.id }),
    ...(ageSeconds !== undefined && { ageSeconds }),
    ...(proofAgeSeconds !== undefined && { proofAgeSeconds }),
  };
}

/** Seconds since a moment; undefined where that is not known. */
function ageAt(now: Date, since: number): number | undefined {
  return Number.isNaN(since) ? undefined : Math.max(0, Math.round((now.getTime() - since) / 1000));
}
