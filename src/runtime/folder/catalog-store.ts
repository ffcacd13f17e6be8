import { readAgain } from './read-again';
import { ActionError } from '../../contract/action-error';
import { Catalog, CATALOG_FORMAT, FolderRecord } from '../../contract/catalog';
import { ObjectKeys } from '../../contract/object-keys';
import { describeOwner, Owner, sameOwner } from '../../contract/owner';
import { Log } from '../log';
import { bodyOf, ObjectStore, ReadResult } from '../storage/object-store';
import { seal, unseal, unsealedFormat } from '../storage/sealed-json';

/** One of the objects that describe a folder, as it was read. */
export type ReadObject<T> = { readonly key: string } & (
  | { readonly state: 'valid'; readonly value: T }
  | { readonly state: 'missing' }
  /** Missing, or hidden: the storage denied the read. */
  | { readonly state: 'denied' }
  | { readonly state: 'damaged' }
  | { readonly state: 'other-format'; readonly format: number }
  /** Wrong keys, no answer and the like. */
  | { readonly state: 'unreadable'; readonly error: unknown }
);

/** What was read of a folder: both catalog objects and `folder.json`. */
export class FolderReading {
  constructor(
    readonly catalogs: readonly ReadObject<Catalog>[],
    readonly record: ReadObject<FolderRecord>,
  ) {}

  /** The valid catalog of the highest generation. */
  get newest(): Catalog | undefined {
    return this.catalogs
      .flatMap((object) => (object.state === 'valid' ? [object.value] : []))
      .sort((one, other) => other.generation - one.generation)[0];
  }

  /** Whom the folder belongs to, as each of its objects says that can be read: `folder.json` first. */
  get owners(): readonly Owner[] {
    return [this.record, ...this.catalogs].flatMap((object) => (object.state === 'valid' ? [object.value.owner] : []));
  }

  /** The objects that could not be read. */
  get unread(): readonly ReadObject<unknown>[] {
    return [...this.catalogs, this.record].filter(({ state }) => state !== 'valid');
  }

  /** Nothing of a folder is there, or all of it is hidden. */
  get isEmpty(): boolean {
    return [...this.catalogs, this.record].every(isAbsent);
  }

  /**
   * No list was ever whole: it is stored in one object, then in the other, and `folder.json` comes behind both. So a
   * single object that cannot be read is what a run left that was interrupted while it wrote the first, empty list.
   */
  get isUnfinished(): boolean {
    return !this.newest && isAbsent(this.record) && this.catalogs.some(isAbsent);
  }

  /** Why there is no list of backups to answer from. */
  get error(): unknown {
    const objects = [...this.catalogs, this.record];
    for (const object of objects) {
      if (object.state === 'unreadable') return object.error;
      if (object.state === 'other-format') {
        return new ActionError(
          'StorageFault',
          `${object.key} has format ${object.format}; this version reads format ${CATALOG_FORMAT}. ` +
            'Use the version that wrote it.',
        );
      }
    }
    // A list is lost in one object or two, not together with what was written years before it.
    if (objects.every(({ state }) => state === 'damaged')) {
      return new ActionError(
        'StorageFault',
        `None of ${objects.map(({ key }) => key).join(', ')} reads as it was written, so that probably the storage, or a ` +
          'proxy in front of it, does not answer what it holds. Run `cdktf-managed-database test-connection`. If it ' +
          'passes, rebuild the list from the manifests with `cdktf-managed-database repair`.',
      );
    }
    if (!this.isEmpty) {
      return new ActionError(
        'StorageFault',
        `The list of backups was lost: ${this.catalogs.map(({ key, state }) => `${key} is ${state}`).join(', ')}. ` +
          'The backups themselves are not touched. Rebuild the list from their manifests with ' +
          '`cdktf-managed-database repair`, or put back an earlier version of one of the two objects.',
      );
    }
    return new ActionError(
      'MissingOrDenied',
      `No backup was made here yet, or reading is denied: the storage denied to read ${this.record.key} and both ` +
        'lists of backups, and some storages answer so for what does not exist. Check the bucket, the path and the ' +
        "database's identifier; allow s3:GetObject on the folder.",
    );
  }
}

/** The objects that describe a folder: `folder.json`, and the catalog, which is stored twice. */
export class CatalogStore {
  constructor(
    private readonly store: ObjectStore,
    private readonly keys: ObjectKeys,
    private readonly log: Log,
  ) {}

  /**
   * The list of backups; undefined where there certainly is none.
   *
   * @throws StorageFault where it was lost or damaged; MissingOrDenied where the storage does not say which.
   */
  async read(): Promise<Catalog | undefined> {
    const reading = await this.readAll();
    const { newest } = reading;
    if (newest) {
      this.warnOfUnread(reading);
      return newest;
    }
    const objects = [...reading.catalogs, reading.record];
    if (objects.every(({ state }) => state === 'missing')) return undefined;
    throw reading.error;
  }

  async readAll(): Promise<FolderReading> {
    const [one, other, record] = await Promise.all([
      this.readObject(this.keys.catalogs[0], isCatalog),
      this.readObject(this.keys.catalogs[1], isCatalog),
      this.readObject<FolderRecord>(this.keys.record),
    ]);
    return new FolderReading([one, other], record);
  }

  warnOfUnread({ unread }: FolderReading): void {
    for (const { key, state } of unread) this.log.warn('folder-object-not-read', { key, state });
  }

  /** Writes one of the two objects and reads it back. @throws StorageFault where it is not known to be stored. */
  async write(index: number, catalog: Catalog): Promise<void> {
    await this.putChecked(this.keys.catalogs[index], seal(catalog));
  }

  async writeRecord(owner: Owner): Promise<void> {
    await this.putChecked(this.keys.record, seal({ format: CATALOG_FORMAT, owner } satisfies FolderRecord));
  }

  /**
   * Makes sure that what looks like an empty folder is one: where reading is denied, a storage may answer as if nothing
   * were there, and a new list would be written over the old one.
   *
   * @throws StorageFault where an object that was just written cannot be read.
   */
  async requireReadable(): Promise<void> {
    const key = this.keys.connectionTest(0);
    const body = Buffer.from('reading is allowed');
    try {
      await this.putChecked(key, body);
    } catch (error) {
      throw new ActionError(
        'StorageFault',
        `An object written to ${key} could not be read back, so that it is not known whether this folder already ` +
          'holds backups. Allow s3:GetObject on the folder, and let no other program write to it. ' +
          (error as Error).message,
      );
    } finally {
      await this.store.delete(key).catch(() => undefined);
    }
  }

  private async putChecked(key: string, body: Buffer): Promise<void> {
    await this.store.put(key, body);
    const isStored = (read: ReadResult) => bodyOf(read)?.equals(body) === true;
    if (!isStored(await readAgain(this.store, key, isStored))) {
      throw new ActionError('StorageFault', `The storage took ${key} but does not give back what was written.`);
    }
  }

  private async readObject<T extends Pick<FolderRecord, 'format' | 'owner'>>(
    key: string,
    isOne: (value: T) => boolean = () => true,
  ): Promise<ReadObject<T>> {
    try {
      const read = await readAgain(this.store, key, (each) => stateOf(key, each, isOne).state === 'valid');
      return stateOf(key, read, isOne);
    } catch (error) {
      return { key, state: 'unreadable', error };
    }
  }
}

function isAbsent({ state }: ReadObject<unknown>): boolean {
  return state === 'missing' || state === 'denied';
}

/** The digest of an object that was copied to another key is right too. */
function isCatalog({ generation, entries }: Catalog): boolean {
  return Array.isArray(entries) && Number.isSafeInteger(generation * 2);
}

function stateOf<T extends Pick<FolderRecord, 'format' | 'owner'>>(
  key: string,
  read: ReadResult,
  isOne: (value: T) => boolean,
): ReadObject<T> {
  if (read.kind !== 'found') return { key, state: read.kind };
  const value = unseal<T>(read.body)?.value;
  const format = value?.format ?? unsealedFormat(read.body);
  if (format !== undefined && format !== CATALOG_FORMAT) return { key, state: 'other-format', format };
  return value?.owner && isOne(value) ? { key, state: 'valid', value } : { key, state: 'damaged' };
}

/** @throws Refused where the folder belongs to another database. */
export function requireOwner(found: Owner, owner: Owner): void {
  if (!sameOwner(found, owner)) {
    throw new ActionError(
      'Refused',
      `This folder holds the backups of ${describeOwner(found)}, not of ${describeOwner(owner)}. ` +
        'Give each database a bucket or a path of its own.',
    );
  }
}
