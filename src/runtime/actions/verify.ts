import { ActionError } from '../../contract/action-error';
import { VerifyAnswer, VerifyRequest } from '../../contract/requests';
import { withinDeadline } from '../deadline';
import { BackupFolder } from '../folder/backup-folder';
import { Runtime } from '../runtime';

/** Parts that the message names; the details have all of them. */
const PARTS_IN_MESSAGE = 10;

/**
 * Reads every part of a completed backup and compares it with the manifest.
 *
 * @throws NotFound where there is no such completed backup, VerificationFailed naming the parts that are missing or
 * damaged.
 */
export async function verify(request: VerifyRequest, runtime: Runtime): Promise<VerifyAnswer> {
  const folder = await BackupFolder.open(request, runtime);
  const backup = await folder.selectBackup(request.backup);
  const { backup: id, parts } = backup.manifest;
  const damaged = await withinDeadline(runtime, 'VerificationFailed', (signal) => backup.damagedParts(parts, signal));
  if (damaged.length > 0) {
    const more = damaged.length - PARTS_IN_MESSAGE;
    throw new ActionError(
      'VerificationFailed',
      `Backup ${id} is not whole: ${damaged.slice(0, PARTS_IN_MESSAGE).join(', ')}` +
        `${more > 0 ? ` and ${more} more` : ''}. Restore from another backup and make a new one.`,
      damaged,
    );
  }
  return { backup: id, parts: parts.length, bytes: parts.reduce((sum, part) => sum + part.size, 0) };
}
