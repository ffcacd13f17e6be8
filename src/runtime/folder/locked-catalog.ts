import { CatalogStore, FolderReading, requireOwner } from './catalog-store';
import { emptyCatalog } from './transitions';
import { Catalog } from '../../contract/catalog';
import { Owner } from '../../contract/owner';

/** What gives the right to write. */
export interface WriteRight {
  /** @throws where the right is lost. */
  verify(): Promise<void>;
}

/** For a database that is gone: a person has typed its name, and no run of it can be under way. */
export const NO_LOCK: WriteRight = { verify: async () => undefined };

/** Generations that are left out after a list was rebuilt, so that no older write can have a higher one. */
const GENERATIONS_SKIPPED = 1000;

/**
 * The catalog for the one writer. Every change is written to both objects, one after the other, and read back: so the
 * loss of either, or an older write that lands on it late, changes nothing.
 */
export class LockedCatalog {
  /**
   * @throws Refused where the folder belongs to another database; StorageFault where a list that was there cannot be
   * read.
   */
  static async open(catalogs: CatalogStore, right: WriteRight, owner: Owner): Promise<LockedCatalog> {
    const reading = await catalogs.readAll();
    requireOwnReading(reading, owner);
    if (!reading.newest && !reading.isUnfinished) throw reading.error;
    if (!reading.newest) await catalogs.requireReadable();
    return LockedCatalog.begin(catalogs, right, owner, reading);
  }

  /** As `open`, but a list that was lost is replaced by an empty one: the caller fills it from the manifests. */
  static async openForRepair(catalogs: CatalogStore, right: WriteRight, owner: Owner): Promise<LockedCatalog> {
    const reading = await catalogs.readAll();
    requireOwnReading(reading, owner);
    const catalog = reading.newest ?? emptyCatalog(owner);
    const generation = catalog.generation + GENERATIONS_SKIPPED;
    return new LockedCatalog(catalogs, right, { ...catalog, generation }, staleIndex(reading));
  }

  private static async begin(
    catalogs: CatalogStore,
    right: WriteRight,
    owner: Owner,
    reading: FolderReading,
  ): Promise<LockedCatalog> {
    const catalog = new LockedCatalog(catalogs, right, reading.newest ?? emptyCatalog(owner), staleIndex(reading));
    if (reading.newest) catalogs.warnOfUnread(reading);
    // Behind a list in both objects, so that a record without a list always means that the list was lost.
    if (reading.record.state !== 'valid') {
      await catalog.apply((list) => list);
      await right.verify();
      await catalogs.writeRecord(owner);
      catalog.isNew = reading.newest === undefined;
    }
    return catalog;
  }

  /** The folder was empty until now. */
  isNew = false;
  private writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly catalogs: CatalogStore,
    private readonly right: WriteRight,
    private catalog: Catalog,
    /** The object that is written first: not the one that holds the highest generation. */
    private nextIndex: number,
  ) {}

  get current(): Catalog {
    return this.catalog;
  }

  /** Changes the catalog, one change after the other. @throws where it is not known that both objects hold the change. */
  async apply(change: (catalog: Catalog) => Catalog): Promise<void> {
    const applied = this.writing.then(async () => this.write(change(this.catalog)));
    this.writing = applied.catch(() => undefined);
    return applied;
  }

  /** Reads what stands in the storage, after a write of which it is not known whether the storage took it. */
  async reread(): Promise<void> {
    const { newest } = await this.catalogs.readAll();
    if (newest) {
      this.catalog = { ...newest, generation: Math.max(newest.generation, this.catalog.generation) };
    }
  }

  async writeRecord(): Promise<void> {
    await this.right.verify();
    await this.catalogs.writeRecord(this.catalog.owner);
  }

  private async write(changed: Catalog): Promise<void> {
    for (const index of [this.nextIndex, 1 - this.nextIndex]) {
      await this.right.verify();
      const generation = this.catalog.generation + 1;
      try {
        await this.catalogs.write(index, { ...changed, generation });
      } catch (error) {
        // The storage may take it later: the next change skips its generation, and goes to the other object first.
        this.catalog = { ...this.catalog, generation };
        this.nextIndex = 1 - index;
        throw error;
      }
      this.catalog = { ...changed, generation };
    }
  }
}

function staleIndex({ catalogs, newest }: FolderReading): number {
  return catalogs.findIndex((object) => object.state !== 'valid' || object.value !== newest);
}

function requireOwnReading(reading: FolderReading, owner: Owner): void {
  // A copied folder can have a list of one database and the `folder.json` of another.
  reading.owners.forEach((found) => requireOwner(found, owner));
  const unreadable = [...reading.catalogs, reading.record].find(
    ({ state }) => state === 'unreadable' || state === 'other-format',
  );
  // Never write after a read in which one of the objects could not be asked for.
  if (unreadable) throw unreadable.state === 'unreadable' ? unreadable.error : reading.error;
}
