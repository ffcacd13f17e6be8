import { createHash } from 'node:crypto';
import { CatalogStore } from './catalog-store';
import { LockedCatalog, WriteRight } from './locked-catalog';
import { findManifest, readManifest, writeManifest } from './manifest-store';
import { ActionError } from '../../contract/action-error';
import { BackupId, parseBackupId } from '../../contract/backup-id';
import { describeSelector, selectBackup } from '../../contract/backup-selection';
import { Catalog, CatalogEntry } from '../../contract/catalog';
import { Manifest, Part } from '../../contract/manifest';
import { ObjectKeys } from '../../contract/object-keys';
import { Owner } from '../../contract/owner';
import { BackupSelector } from '../../contract/requests';
import { StorageSettings } from '../../contract/storage-settings';
import { Runtime } from '../runtime';
import { bodyOf, ObjectStore, ReadResult } from '../storage/object-store';

/** Deletions under way at once. */
const CONCURRENT_DELETIONS = 8;

/** The folder of one database in a storage: its catalog, and the manifests and parts of its backups. */
export class BackupFolder {
  /** @throws StorageFault where there are no keys for the storage. */
  static async open(
    { storage, database }: { readonly storage: StorageSettings; readonly database: string },
    runtime: Runtime,
  ): Promise<BackupFolder> {
    const store = await runtime.openStorage(storage);
    return new BackupFolder(store, new ObjectKeys(storage.path, database), runtime);
  }

  private readonly catalogs: CatalogStore;

  constructor(
    private readonly store: ObjectStore,
    readonly keys: ObjectKeys,
    { log }: Pick<Runtime, 'log'>,
  ) {
    this.catalogs = new CatalogStore(store, keys, log);
  }

  /** The list of backups; undefined where there is none. @throws StorageFault */
  async readCatalog(): Promise<Catalog | undefined> {
    return this.catalogs.read();
  }

  /** The catalog for the one writer. @throws Refused where the folder belongs to another database; StorageFault. */
  async openCatalog(right: WriteRight, owner: Owner): Promise<LockedCatalog> {
    return LockedCatalog.open(this.catalogs, right, owner);
  }

  /**
   * The completed backup that a selector means.
   *
   * @throws NotFound where there is none, InvalidRequest for an id that is none; VerificationFailed, StorageFault.
   */
  async selectBackup(selector: BackupSelector): Promise<StoredBackup> {
    const wanted = normalized(selector);
    const catalog = await this.readCatalog();
    const entry = selectBackup(catalog?.entries ?? [], wanted);
    if (!entry) throw this.notFound(wanted, catalog);
    return this.openBackup(entry.id);
  }

  /** A backup by its manifest. @throws NotFound where it has none; VerificationFailed where that is damaged. */
  async openBackup(id: BackupId): Promise<StoredBackup> {
    return new StoredBackup(this.store, this.keys, await readManifest(this.store, this.keys, id));
  }

  /** As `openBackup`; undefined where there is no manifest. */
  async findBackup(id: BackupId): Promise<StoredBackup | undefined> {
    const manifest = await findManifest(this.store, this.keys, id);
    return manifest && new StoredBackup(this.store, this.keys, manifest);
  }

  async writePart(id: BackupId, number: number, body: Buffer): Promise<void> {
    await this.store.put(this.keys.part(id, number), body);
  }

  async writeManifest(manifest: Manifest): Promise<void> {
    await writeManifest(this.store, this.keys, manifest);
  }

  /**
   * Deletes every object that a backup can have: the manifest first, so that nobody begins to read it, then all parts
   * that were ever reserved for it. Harmless when done again.
   */
  async deleteBackup(entry: Pick<CatalogEntry, 'id' | 'reservedParts'>, signal: AbortSignal): Promise<void> {
    await this.store.delete(this.keys.manifest(entry.id));
    let next = 1;
    const deleteParts = async () => {
      while (next <= entry.reservedParts) {
        signal.throwIfAborted();
        await this.store.delete(this.keys.part(entry.id, next++));
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_DELETIONS }, deleteParts));
  }

  private notFound(wanted: BackupSelector, catalog: Catalog | undefined): ActionError {
    const same = catalog?.entries.find(({ id }) => wanted.kind === 'backup' && id === wanted.id);
    return new ActionError(
      'NotFound',
      `${this.keys.folder} has no completed backup that is ${describeSelector(wanted)}` +
        (same ? `: that one is ${same.state}. ` : '. ') +
        (catalog
          ? 'List the backups and choose a completed one.'
          : 'It holds no list of backups at all: check its name.'),
    );
  }
}

/** A backup in its folder: its manifest, and its parts, each compared with the manifest before it is used. */
export class StoredBackup {
  constructor(
    private readonly store: ObjectStore,
    private readonly keys: ObjectKeys,
    readonly manifest: Manifest,
  ) {}

  partKey({ number }: Pick<Part, 'number'>): string {
    return this.keys.part(this.manifest.backup, number);
  }

  /** @throws VerificationFailed where the part is missing, or its size or digest is not the manifest's. */
  async readPart(part: Part): Promise<Buffer> {
    const read = await this.store.get(this.partKey(part));
    const fault = faultOfPart(part, read);
    if (fault !== undefined) throw partError(this.partKey(part), fault);
    return bodyOf(read)!;
  }

  /** Reads parts. @returns what is wrong with them, naming each */
  async faultsOfParts(parts: readonly Part[], signal: AbortSignal): Promise<string[]> {
    const faults: string[] = [];
    for (const part of parts) {
      signal.throwIfAborted();
      const fault = faultOfPart(part, await this.store.get(this.partKey(part)));
      if (fault !== undefined) faults.push(`${this.partKey(part)} ${fault}`);
    }
    return faults;
  }
}

/** A part that cannot be used, and what to do. */
export function partError(key: string, fault: string): ActionError {
  return new ActionError(
    'VerificationFailed',
    `The part ${key} ${fault}. The backup cannot be restored whole: choose another one, or put the part back.`,
  );
}

function faultOfPart(part: Part, read: ReadResult): string | undefined {
  if (read.kind === 'missing') return 'is missing';
  if (read.kind === 'denied') return `is missing, or reading it is denied: ${read.fault.summary}`;
  const { body } = read;
  if (body.length !== part.size) return `has ${body.length} bytes, not the ${part.size} of the manifest`;
  const digest = createHash('sha256').update(body).digest('hex');
  return digest === part.sha256 ? undefined : `has SHA-256 ${digest}, not the ${part.sha256} of the manifest`;
}

function normalized(selector: BackupSelector): BackupSelector {
  if (selector.kind !== 'backup') return selector;
  try {
    return { kind: 'backup', id: parseBackupId(selector.id) };
  } catch (error) {
    throw new ActionError('InvalidRequest', (error as Error).message);
  }
}
