import { ActionError } from '../../contract/action-error';
import { Manifest } from '../../contract/manifest';
import { RestoreCheckAnswer, RestoreCheckRequest } from '../../contract/requests';
import { estimateRestore, RestoreEstimate } from '../../contract/restore-estimate';
import { databaseBytes, targetErrors } from '../../contract/restore-rules';
import { LOAD_PER_DUMP, PastRun } from '../../contract/time-estimate';
import { withinDeadline } from '../deadline';
import { BackupFolder } from '../folder/backup-folder';
import { sampleOf } from '../folder/sample';
import { requireTime } from '../require-time';
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
    const bytes = databaseBytes(manifest);
    const work = `The restore of backup ${manifest.backup}`;
    requireTime({ backup: manifest.backup, work, bytes, past: pastRunOf(manifest, bytes) }, 'Refused', runtime);
    await backup.requireParts(sampleOf(manifest.parts), signal);
    const estimate = await estimateFrom(folder, manifest, request.target.plan.vcpu);
    runtime.log.info('restore-check-passed', { backup: manifest.backup, parts: manifest.parts.length, estimate });
    return {
      backup: manifest.backup,
      sourceDescription: request.sourceDescription,
      serverVersion: manifest.engine.serverVersion,
      databaseBytes: bytes,
      remarks: manifest.remarks,
      ...(estimate && { estimate }),
    };
  });
}

async function estimateFrom(
  folder: BackupFolder,
  manifest: Manifest,
  processors: number,
): Promise<RestoreEstimate | undefined> {
  const proof = await folder.newestProof();
  if (proof?.loaded === undefined) return undefined;
  const { backup, durations, loaded } = proof;
  const drill = { backup, databaseBytes: loaded.databaseBytes, restoreMs: durations.restoreMs };
  return estimateRestore(databaseBytes(manifest), processors, { ...drill, processors: proof.processors });
}

/** The time of the backup tells that of its load. */
function pastRunOf({ startedAt, endedAt, functionMemoryMib: memoryMib }: Manifest, bytes: number): PastRun {
  return { bytes, durationMs: (Date.parse(endedAt) - Date.parse(startedAt)) * LOAD_PER_DUMP, memoryMib };
}
