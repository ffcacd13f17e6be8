import { CatalogStore, requireOwner } from './catalog-store';
import { emptyCatalog } from './transitions';
import { Catalog } from '../../contract/catalog';
import { Owner } from '../../contract/owner';

/** What gives the right to write. */
export interface WriteRight {
  /** @throws where the right is lost. */
  verify(): Promise<void>;
}

/** The catalog in the hands of the one writer: every change asks for the right to write first. */
export class LockedCatalog {
  /** @throws Refused where the folder belongs to another database; StorageFault. */
  static async open(catalogs: CatalogStore, right: WriteRight, owner: Owner): Promise<LockedCatalog> {
    const found = await catalogs.read();
    if (!found) {
      await catalogs.requireReadable();
    } else {
      requireOwner(found, owner);
    }
    return new LockedCatalog(catalogs, right, found ?? emptyCatalog(owner));
  }

  private constructor(
    private readonly catalogs: CatalogStore,
    private readonly right: WriteRight,
    private catalog: Catalog,
  ) {}

  get current(): Catalog {
    return this.catalog;
  }

  /** Changes the catalog and writes it. */
  async apply(change: (catalog: Catalog) => Catalog): Promise<void> {
    const changed = change(this.catalog);
    await this.right.verify();
    try {
      this.catalog = await this.catalogs.write(changed);
    } catch (error) {
      // The store may have taken it all the same, or may yet: its generation is used up, and with it the turn, so that
      // it cannot take the place of what is written next.
      this.catalog = { ...this.catalog, generation: this.catalog.generation + 1 };
      throw error;
    }
  }

  /** Reads what stands in the storage, after a write of which it is not known whether the store took it. */
  async reread(): Promise<void> {
    const found = await this.catalogs.read();
    if (found) {
      this.catalog = { ...found, generation: Math.max(found.generation, this.catalog.generation) };
    }
  }
}
