import { ActionError } from '../../contract/action-error';
import { Manifest } from '../../contract/manifest';
import { RestoreCheckAnswer, RestoreCheckRequest } from '../../contract/requests';
import { databaseBytes, targetErrors } from '../../contract/restore-rules';
import { describeEstimate, estimateTime, LOAD_PER_DUMP } from '../../contract/time-estimate';
import { functionMemoryMib } from '../archive/transfer-limits';
import { availableMs, withinDeadline } from '../deadline';
import { BackupFolder } from '../folder/backup-folder';
import { sampleOf } from '../folder/sample';
import { Runtime } from '../runtime';

/**
 * Refuses what could not be restored, before anything is created for it.
 *
 * @throws NotFound where no completed backup fits the selector; Refused naming every rule that the target breaks;
 * VerificationFailed where a part of the sample is missing or damaged; StorageFault.
 */
export async function restoreCheck(request: RestoreCheckRequest, runtime: Runtime): Promise<RestoreCheckAnswer> {
  return withinDeadline(runtime, 'VerificationFailed', async (signal) => {
    const folder = await BackupFolder.open(request.source, runtime);
    const backup = await folder.selectBackup(request.source.backup);
    const { manifest } = backup;
    const errors = targetErrors(manifest, request.target);
    if (errors.length > 0) {
      throw new ActionError(
        'Refused',
        `Backup ${manifest.backup} of ${request.source.database} cannot be restored: ${errors.join(' ')}`,
        errors,
      );
    }
    requireTime(manifest, runtime);
    for (const part of sampleOf(manifest.parts)) {
      signal.throwIfAborted();
      await backup.readPart(part);
    }
    runtime.log.info('restore-check-passed', { backup: manifest.backup, parts: manifest.parts.length });
    return {
      backup: manifest.backup,
      sourceDescription: request.sourceDescription,
      serverVersion: manifest.engine.serverVersion,
      databaseBytes: databaseBytes(manifest),
      remarks: manifest.remarks,
    };
  });
}

/** @throws Refused where the time of the backup says that the load would not end within the function's time */
function requireTime(manifest: Manifest, runtime: Runtime): void {
  const bytes = databaseBytes(manifest);
  const dumpMs = Date.parse(manifest.endedAt) - Date.parse(manifest.startedAt);
  const past = { bytes, durationMs: dumpMs * LOAD_PER_DUMP, memoryMib: manifest.functionMemoryMib };
  const available = { milliseconds: availableMs(runtime), memoryMib: functionMemoryMib() };
  const estimate = estimateTime(bytes, past, available);
  if (estimate === undefined || estimate.verdict === 'enough') return;
  const text = describeEstimate(`The restore of backup ${manifest.backup}`, estimate, available);
  if (estimate.verdict === 'too little') throw new ActionError('Refused', text);
  runtime.log.warn('time-is-scarce', { backup: manifest.backup, estimate: text });
}
