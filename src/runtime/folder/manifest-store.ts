import { ActionError } from '../../contract/action-error';
import { BackupId } from '../../contract/backup-id';
import { Manifest, MANIFEST_FORMAT } from '../../contract/manifest';
import { ObjectKeys } from '../../contract/object-keys';
import { bodyOf, ObjectStore } from '../storage/object-store';

export async function writeManifest(store: ObjectStore, keys: ObjectKeys, manifest: Manifest): Promise<void> {
  await store.put(keys.manifest(manifest.backup), Buffer.from(JSON.stringify(manifest)));
}

/**
 * The manifest of a backup; undefined where there is none.
 *
 * @throws VerificationFailed where it is damaged, another backup's, or of a format that this version does not know.
 */
export async function findManifest(store: ObjectStore, keys: ObjectKeys, id: BackupId): Promise<Manifest | undefined> {
  const key = keys.manifest(id);
  const body = bodyOf(await store.get(key));
  if (body === undefined) {
    return undefined;
  }
  const manifest = parsed(body);
  if (manifest === undefined || manifest.backup !== id) {
    throw new ActionError('VerificationFailed', `The manifest ${key} is damaged. Choose another backup.`);
  }
  if (manifest.format !== MANIFEST_FORMAT) {
    throw new ActionError(
      'VerificationFailed',
      `The manifest ${key} has format ${manifest.format}; this version knows ${MANIFEST_FORMAT}. ` +
        `Use version ${manifest.libraryVersion}, which wrote it.`,
    );
  }
  return manifest;
}

/** As `findManifest`. @throws NotFound where there is none. */
export async function readManifest(store: ObjectStore, keys: ObjectKeys, id: BackupId): Promise<Manifest> {
  const manifest = await findManifest(store, keys, id);
  if (!manifest) {
    throw new ActionError(
      'NotFound',
      `Backup ${id} has no manifest ${keys.manifest(id)}: it never completed, or is gone.`,
    );
  }
  return manifest;
}

function parsed(body: Buffer): Manifest | undefined {
  try {
    return Object(JSON.parse(body.toString('utf8')));
  } catch {
    return undefined;
  }
}
