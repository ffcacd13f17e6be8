import { readAgain } from './read-again';
import { ActionError } from '../../contract/action-error';
import { BackupId } from '../../contract/backup-id';
import { Manifest, MANIFEST_FORMAT } from '../../contract/manifest';
import { ObjectKeys } from '../../contract/object-keys';
import { bodyOf, ObjectStore, ReadResult } from '../storage/object-store';
import { digestOf, Sealed, seal, unseal, unsealedFormat } from '../storage/sealed-json';

/** What the catalog knows of a backup's manifest. */
export interface ExpectedManifest {
  readonly id: BackupId;
  /** @default - any manifest of this backup is taken */
  readonly manifestDigest?: string;
  readonly manifestCopy?: number;
}

/** Stores a manifest under a key and reads it back. @throws StorageFault where the storage does not hold it then. */
export async function writeManifest(store: ObjectStore, key: string, manifest: Manifest): Promise<string> {
  const body = seal(manifest);
  await store.put(key, body);
  const back = await readAgain(store, key, (read) => bodyOf(read)?.equals(body) === true);
  if (bodyOf(back)?.equals(body) !== true) {
    throw new ActionError(
      'StorageFault',
      `The storage took ${key} but does not hold it: what was read back is not what was written. ` +
        'Ask the provider of the storage, and let no other program write to this folder.',
    );
  }
  return digestOf(body)!;
}

/**
 * The manifest of a backup: the one that the catalog names, where it names one. Undefined where there is none.
 *
 * @throws VerificationFailed where it is damaged, another one, or of a format that this version does not know.
 */
export async function findManifest(
  store: ObjectStore,
  keys: ObjectKeys,
  expected: ExpectedManifest,
): Promise<Sealed<Manifest> | undefined> {
  const fits = (read: ReadResult) => fitting(read, expected) !== undefined;
  const key = keys.manifest(expected.id);
  const read = await readAgain(store, key, fits);
  const found = fitting(read, expected);
  if (found) return found;
  if (expected.manifestCopy !== undefined) {
    const copy = fitting(await readAgain(store, keys.part(expected.id, expected.manifestCopy), fits), expected);
    if (copy) return copy;
  }
  if (read.kind !== 'found') return undefined;
  throw new ActionError('VerificationFailed', `The manifest ${key} ${manifestError(read.body, expected)}`);
}

function fitting(read: ReadResult, { id, manifestDigest }: ExpectedManifest): Sealed<Manifest> | undefined {
  const sealed = read.kind === 'found' ? unseal<Manifest>(read.body) : undefined;
  return sealed?.value.format === MANIFEST_FORMAT &&
    sealed.value.backup === id &&
    (manifestDigest === undefined || sealed.digest === manifestDigest)
    ? sealed
    : undefined;
}

function manifestError(body: Buffer, { id }: ExpectedManifest): string {
  const sealed = unseal<Manifest>(body);
  const format = sealed?.value.format ?? unsealedFormat(body);
  if (format !== undefined && (format as number) !== MANIFEST_FORMAT) {
    return `has format ${format}; this version reads format ${MANIFEST_FORMAT}. Use the version that wrote it.`;
  }
  if (sealed === undefined || sealed.value.backup !== id) {
    return 'is damaged: its digest or its backup id is wrong. Choose another backup.';
  }
  return 'is not the one that the list of backups names. Choose another backup.';
}
