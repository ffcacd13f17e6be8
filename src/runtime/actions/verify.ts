import { createHash } from 'node:crypto';
import { ActionError } from '../../contract/action-error';
import { parseBackupId } from '../../contract/backup-id';
import { describeSelector, selectBackup } from '../../contract/backup-selection';
import { Manifest } from '../../contract/manifest';
import { ObjectKeys } from '../../contract/object-keys';
import { BackupSelector, VerifyAnswer, VerifyRequest } from '../../contract/requests';
import { withinDeadline } from '../deadline';
import { CatalogStore } from '../folder/catalog-store';
import { readManifest } from '../folder/manifest-store';
import { Runtime } from '../runtime';
import { bodyOf, ObjectStore } from '../storage/object-store';

/**
 * Reads every part of a completed backup and compares it with the manifest.
 *
 * @throws NotFound where there is no such completed backup, VerificationFailed naming the parts that are missing or
 * damaged.
 */
export async function verify(request: VerifyRequest, runtime: Runtime): Promise<VerifyAnswer> {
  const store = await runtime.openStorage(request.storage);
  const keys = new ObjectKeys(request.storage.path, request.database);
  const catalog = await new CatalogStore(store, keys, runtime.log).read();
  const selector = normalized(request.backup);
  const entry = selectBackup(catalog?.entries ?? [], selector);
  if (!entry) {
    throw new ActionError('NotFound', `Nothing to verify: ${keys.folder} does not hold ${describeSelector(selector)}.`);
  }
  const manifest = await readManifest(store, keys, entry.id);
  const faults = await withinDeadline(runtime, 'VerificationFailed', (signal) =>
    faultsOfParts(manifest, store, keys, signal),
  );
  if (faults.length > 0) {
    throw new ActionError(
      'VerificationFailed',
      `Backup ${entry.id} is not whole: ${faults.slice(0, 10).join(', ')}` +
        `${faults.length > 10 ? ` and ${faults.length - 10} more` : ''}. Restore from another backup and make a new one.`,
      faults,
    );
  }
  return {
    backup: entry.id,
    parts: manifest.parts.length,
    bytes: manifest.parts.reduce((sum, part) => sum + part.size, 0),
  };
}

async function faultsOfParts(
  manifest: Manifest,
  store: ObjectStore,
  keys: ObjectKeys,
  signal: AbortSignal,
): Promise<string[]> {
  const faults: string[] = [];
  for (const part of manifest.parts) {
    signal.throwIfAborted();
    const key = keys.part(manifest.backup, part.number);
    const body = bodyOf(await store.get(key));
    if (!body) {
      faults.push(`${key} is missing`);
    } else if (body.length !== part.size || createHash('sha256').update(body).digest('hex') !== part.sha256) {
      faults.push(`${key} is damaged`);
    }
  }
  return faults;
}

function normalized(selector: BackupSelector): BackupSelector {
  return selector.kind === 'backup' ? { kind: 'backup', id: parseBackupId(selector.id) } : selector;
}
