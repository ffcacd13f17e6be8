import { ActionError } from '../../contract/action-error';
import { parseBackupId } from '../../contract/backup-id';
import { ShowAnswer, ShowRequest } from '../../contract/requests';
import { BackupFolder } from '../folder/backup-folder';
import { Runtime } from '../runtime';

/** Most bytes that an answer of Lambda may have, with some room. */
const MAXIMUM_ANSWER_BYTES = 5_500_000;

/** The manifest of one backup, and its proof. */
export async function show(request: ShowRequest, runtime: Runtime): Promise<ShowAnswer> {
  const folder = await BackupFolder.open(request, runtime);
  const { manifest } = await folder.showBackup(parseBackupId(request.backup));
  const bytes = Buffer.byteLength(JSON.stringify(manifest));
  if (bytes > MAXIMUM_ANSWER_BYTES) {
    throw new ActionError(
      'Refused',
      `The manifest of ${request.backup} has ${bytes} bytes, more than an answer may have (${MAXIMUM_ANSWER_BYTES}). ` +
        `Read the object ${folder.keys.manifest(request.backup)} from the storage.`,
    );
  }
  const proof = await folder.readProof(manifest.backup);
  return { ...manifest, ...(proof && { proof }) };
}
