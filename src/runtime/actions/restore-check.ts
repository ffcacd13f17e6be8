import { ActionError } from '../../contract/action-error';
import { BackupId, parseBackupId } from '../../contract/backup-id';
import { describeSelector, selectBackup } from '../../contract/backup-selection';
import { Manifest, Part } from '../../contract/manifest';
import { ObjectKeys } from '../../contract/object-keys';
import { BackupSelector, RestoreCheckAnswer, RestoreCheckRequest, RestoreSource } from '../../contract/requests';
import { databaseBytes, faultsOfTarget } from '../../contract/restore-rules';
import { fetchPart } from '../archive/parts-reader';
import { withinDeadline } from '../deadline';
import { CatalogStore } from '../folder/catalog-store';
import { readManifest } from '../folder/manifest-store';
import { Runtime } from '../runtime';
import { ObjectStore } from '../storage/object-store';

/** Parts that are fetched and compared, unless there are fewer. */
const SAMPLED_PARTS = 5;

/**
 * Refuses what could not be restored, before anything is created for it.
 *
 * @throws NotFound where no completed backup fits the selector; Refused naming every rule that the target breaks;
 * VerificationFailed where a part of the sample is missing or damaged; StorageFault.
 */
export async function restoreCheck(request: RestoreCheckRequest, runtime: Runtime): Promise<RestoreCheckAnswer> {
  return withinDeadline(runtime, 'VerificationFailed', async (signal) => {
    const { store, keys, manifest } = await findBackup(request.source, request.source.backup, runtime);
    const faults = faultsOfTarget(manifest, request.target);
    if (faults.length > 0) {
      throw new ActionError(
        'Refused',
        `Backup ${manifest.backup} of ${request.source.database} cannot be restored: ${faults.join(' ')}`,
        faults,
      );
    }
    for (const part of sampleOf(manifest.parts)) {
      signal.throwIfAborted();
      await fetchPart({ store, keys, manifest }, part);
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

export interface FoundBackup {
  readonly store: ObjectStore;
  readonly keys: ObjectKeys;
  readonly manifest: Manifest;
}

/** Finds the completed backup that a selector means. @throws NotFound, saying which ones there are */
export async function findBackup(
  source: RestoreSource,
  selector: BackupSelector,
  runtime: Runtime,
): Promise<FoundBackup> {
  const store = await runtime.openStorage(source.storage);
  const keys = new ObjectKeys(source.storage.path, source.database);
  const catalog = await new CatalogStore(store, keys, runtime.log).read();
  const wanted: BackupSelector = selector.kind === 'backup' ? { ...selector, id: parsed(selector.id) } : selector;
  const entries = catalog?.entries ?? [];
  const entry = selectBackup(entries, wanted);
  if (!entry) {
    const same = entries.find(({ id }) => wanted.kind === 'backup' && id === wanted.id);
    throw new ActionError(
      'NotFound',
      `Only a completed backup is restored, and ${keys.folder} has none that is ${describeSelector(wanted)}` +
        (same ? `: that one is ${same.state}. ` : '. ') +
        (catalog
          ? 'List the backups and choose a completed one.'
          : 'It holds no list of backups at all: check its name.'),
    );
  }
  return { store, keys, manifest: await readManifest(store, keys, entry.id) };
}

/** The first, the last, and some evenly between them. */
export function sampleOf(parts: readonly Part[]): Part[] {
  const last = parts.length - 1;
  const steps = Math.min(SAMPLED_PARTS, parts.length);
  const indexes = Array.from({ length: steps }, (_, step) => Math.round((step * last) / Math.max(steps - 1, 1)));
  return [...new Set(indexes)].map((index) => parts[index]);
}

function parsed(id: string): BackupId {
  try {
    return parseBackupId(id);
  } catch (error) {
    throw new ActionError('InvalidRequest', (error as Error).message);
  }
}
