import { CatalogStore } from './catalog-store';
import { FolderWriter, WriterOptions } from './folder-writer';
import { LockedCatalog } from './locked-catalog';
import { ExpectedManifest, findManifest } from './manifest-store';
import { StoredBackup } from './stored-backup';
import { ActionError } from '../../contract/action-error';
import { BackupId, parseBackupId } from '../../contract/backup-id';
import { completedBackups, describeSelector, selectBackup } from '../../contract/backup-selection';
import { Catalog } from '../../contract/catalog';
import { ObjectKeys } from '../../contract/object-keys';
import { Owner } from '../../contract/owner';
import { Proof, PROOF_FORMAT } from '../../contract/proof';
import { BackupSelector } from '../../contract/requests';
import { StorageSettings } from '../../contract/storage-settings';
import { Runtime } from '../runtime';
import { bodyOf, ObjectStore } from '../storage/object-store';
import { seal, unseal } from '../storage/sealed-json';

/** Proofs that are read at the same time. */
const CONCURRENT_READS = 16;

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
  /** The list as it was read last. */
  private lastRead?: Catalog;

  constructor(
    private readonly store: ObjectStore,
    readonly keys: ObjectKeys,
    private readonly runtime: Pick<Runtime, 'log' | 'now'>,
  ) {
    this.catalogs = new CatalogStore(store, keys, runtime.log);
  }

  /**
   * The list of backups; undefined where there certainly is none.
   *
   * @throws StorageFault where it was lost or damaged; MissingOrDenied where the storage does not say which.
   */
  async readCatalog(): Promise<Catalog | undefined> {
    this.lastRead = await this.catalogs.read();
    return this.lastRead;
  }

  /** Whom the folder belongs to, as its list or `folder.json` says; undefined where none of them can be read. */
  async owner(): Promise<Owner | undefined> {
    return (await this.catalogs.readAll()).owners[0];
  }

  /**
   * The folder for the one writer.
   *
   * @throws Refused where it belongs to another database; StorageFault where its list was there and cannot be read.
   */
  async openForWriting(options: WriterOptions): Promise<FolderWriter> {
    const catalog = await LockedCatalog.open(this.catalogs, options.right, options.owner);
    return new FolderWriter(this, this.store, catalog, this.runtime, options);
  }

  /** As `openForWriting`, but a list that was lost is replaced by an empty one. */
  async openForRepair(options: WriterOptions): Promise<FolderWriter> {
    const catalog = await LockedCatalog.openForRepair(this.catalogs, options.right, options.owner);
    return new FolderWriter(this, this.store, catalog, this.runtime, options);
  }

  /**
   * The completed backup that a selector means.
   *
   * @throws NotFound where there is none, InvalidRequest for an id that is none; VerificationFailed, StorageFault.
   */
  async selectBackup(selector: BackupSelector): Promise<StoredBackup> {
    const wanted = normalized(selector);
    const catalog = await this.readCatalog();
    const entry = selectBackup(catalog?.entries ?? [], wanted, this.runtime.now());
    if (!entry) throw this.notFound(wanted, catalog);
    return this.openBackup(entry);
  }

  /** A backup by its manifest. @throws NotFound where it has none; VerificationFailed where that is damaged. */
  async openBackup(expected: ExpectedManifest): Promise<StoredBackup> {
    const found = await this.findBackup(expected);
    if (found) return found;
    throw new ActionError(
      'NotFound',
      `Backup ${expected.id} has no manifest ${this.keys.manifest(expected.id)}: it never completed, or was deleted.`,
    );
  }

  /** As `openBackup`; undefined where there is no manifest. */
  async findBackup(expected: ExpectedManifest): Promise<StoredBackup | undefined> {
    const found = await findManifest(this.store, this.keys, expected);
    return found && new StoredBackup(this.store, this.keys, found.value, found.digest);
  }

  /** A backup by its id, as the list names it where it does. */
  async showBackup(id: BackupId): Promise<StoredBackup> {
    const entry = (await this.readCatalog())?.entries.find((each) => each.id === id && each.state === 'Completed');
    return this.openBackup(entry ?? { id });
  }

  /** What a restore drill of a backup found; undefined where there is no proof, or it cannot be read. */
  async readProof(id: BackupId): Promise<Proof | undefined> {
    const body = bodyOf(await this.store.get(this.keys.proof(id)));
    const proof = body && unseal<Proof>(body)?.value;
    return proof?.format === PROOF_FORMAT && proof.backup === id ? proof : undefined;
  }

  /** The proof of the newest backup that is proved, by the list as it was read last; undefined where none is. */
  async newestProof(): Promise<Proof | undefined> {
    const ids = completedBackups(this.lastRead?.entries ?? [])
      .map(({ id }) => id)
      .reverse();
    for (let first = 0; first < ids.length; first += CONCURRENT_READS) {
      const read = ids.slice(first, first + CONCURRENT_READS).map(async (id) => this.readProof(id));
      const found = (await Promise.all(read)).find((proof) => proof?.state === 'Proved');
      if (found) return found;
    }
    return undefined;
  }

  /** Replaces the proof of a backup. It is deleted with the backup. */
  async writeProof(proof: Proof): Promise<void> {
    await this.store.put(this.keys.proof(proof.backup), seal(proof));
  }

  async deleteProof(id: BackupId): Promise<void> {
    await this.store.delete(this.keys.proof(id));
  }

  /** Whether a backup has a manifest, read or not. */
  async hasManifest(id: BackupId): Promise<boolean> {
    return (await this.store.get(this.keys.manifest(id))).kind === 'found';
  }

  /** Milliseconds by which the storage's clock is ahead of this machine's; undefined where it does not say. */
  async clockOffsetMs(): Promise<number | undefined> {
    if (this.store.clockOffsetMs() === undefined) await this.store.get(this.keys.record);
    return this.store.clockOffsetMs();
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

function normalized(selector: BackupSelector): BackupSelector {
  if (selector.kind !== 'backup') return selector;
  try {
    return { kind: 'backup', id: parseBackupId(selector.id) };
  } catch (error) {
    throw new ActionError('InvalidRequest', (error as Error).message);
  }
}
