import { createHash } from 'node:crypto';
import { findManifest } from './manifest-store';
import { ActionError } from '../../contract/action-error';
import { BackupId } from '../../contract/backup-id';
import { Catalog, CatalogEntry } from '../../contract/catalog';
import { ObjectKeys } from '../../contract/object-keys';
import { describeOwner, Owner, sameOwner } from '../../contract/owner';
import { Log } from '../log';
import { bodyOf, ObjectStore } from '../storage/object-store';

/**
 * The catalog in the storage: two objects written in turn, each with a generation and a digest, so that a write that
 * is cut short leaves the one before it whole.
 */
export class CatalogStore {
  constructor(
    private readonly store: ObjectStore,
    private readonly keys: ObjectKeys,
    private readonly log: Log,
  ) {}

  /**
   * The valid catalog of the highest generation; undefined where there is none yet.
   *
   * @throws StorageFault where what is there is damaged or of a format that this version does not know.
   */
  async read(): Promise<Catalog | undefined> {
    const bodies = await Promise.all(this.keys.catalogs.map(async (key) => bodyOf(await this.store.get(key))));
    const catalogs = bodies.map((body) => body && decodeCatalog(body));
    const valid = catalogs.filter((catalog) => catalog !== undefined && catalog !== 'damaged');
    const damaged = this.keys.catalogs.filter((_, index) => catalogs[index] === 'damaged');
    if (valid.length === 0 && damaged.length > 0) {
      throw new ActionError(
        'StorageFault',
        `The list of backups is damaged: ${damaged.join(' and ')} cannot be read. The backups themselves are not ` +
          'touched: each has its manifest.json, which names the completed backup before it. Put back an earlier ' +
          'version of one of the two objects, or rebuild the list from the newest backup folder that you can see.',
      );
    }
    if (damaged.length > 0) {
      this.log.warn('catalog-object-damaged', { keys: damaged });
    }
    const newest = valid.sort((one, other) => other.generation - one.generation)[0];
    if (newest && newest.format !== 1) {
      throw new ActionError(
        'StorageFault',
        `The list of backups has format ${newest.format}; this version knows 1. Use the version that wrote it.`,
      );
    }
    return newest;
  }

  /**
   * Writes the next generation, over the older of the two objects.
   *
   * @returns the catalog as it now stands in the storage.
   */
  async write(catalog: Catalog): Promise<Catalog> {
    const next = { ...catalog, generation: catalog.generation + 1 };
    await this.store.put(this.keys.catalogs[next.generation % 2], encodeCatalog(next));
    return next;
  }

  /**
   * Makes sure that a folder without a catalog is an empty one: where reading is denied, a store may answer as if
   * nothing were there, and a new list would be written over the old one.
   *
   * @throws StorageFault where an object that was just written cannot be read.
   */
  async requireReadable(): Promise<void> {
    const key = this.keys.connectionTest(0);
    const body = Buffer.from('reading is allowed');
    await this.store.put(key, body);
    const back = bodyOf(await this.store.get(key));
    await this.store.delete(key);
    if (!back?.equals(body)) {
      throw new ActionError(
        'StorageFault',
        `An object written to ${key} could not be read back, so that it is not known whether this folder already ` +
          'holds backups. Allow s3:GetObject on the folder, and let no other program write to it.',
      );
    }
  }
}

/** @throws Refused where the folder belongs to another database. */
export function requireOwner(catalog: Catalog, owner: Owner): void {
  if (!sameOwner(catalog.owner, owner)) {
    throw new ActionError(
      'Refused',
      `This folder holds the backups of ${describeOwner(catalog.owner)}, not of ${describeOwner(owner)}. ` +
        'Give each database a bucket or a path of its own.',
    );
  }
}

/**
 * The list of completed backups, made anew from the manifests: from the newest one, which a person names, back through
 * `previous` as far as there are manifests.
 *
 * @throws NotFound where the named backup has no manifest.
 */
export async function rebuildCatalog(store: ObjectStore, keys: ObjectKeys, newest: BackupId): Promise<Catalog> {
  const entries: CatalogEntry[] = [];
  let owner: Owner | undefined;
  for (let id: BackupId | undefined = newest; id !== undefined;) {
    const manifest = await findManifest(store, keys, id);
    if (!manifest) {
      break;
    }
    owner ??= manifest.owner;
    entries.unshift({
      id,
      state: 'Completed',
      startedAt: manifest.startedAt,
      endedAt: manifest.endedAt,
      reservedParts: Math.max(0, ...manifest.parts.map((part) => part.number)),
      storedBytes: manifest.parts.reduce((sum, part) => sum + part.size, 0),
      databaseBytes: manifest.databases.reduce((sum, database) => sum + database.sizeBytes, 0),
      serverVersion: manifest.engine.serverVersion,
    });
    id = manifest.previous;
  }
  if (!owner) {
    throw new ActionError('NotFound', `There is no ${keys.manifest(newest)}: name the newest completed backup.`);
  }
  return { format: 1, generation: 0, owner, entries };
}

/** The catalog as an object: its fields, and the SHA-256 of their canonical form. */
export function encodeCatalog(catalog: Catalog): Buffer {
  return Buffer.from(JSON.stringify({ ...catalog, digest: digestOf(catalog) }));
}

/** The catalog that an object holds, if its digest is right. */
export function decodeCatalog(body: Buffer): Catalog | 'damaged' {
  try {
    const { digest, ...catalog } = JSON.parse(body.toString('utf8'));
    return digest === digestOf(catalog) ? catalog : 'damaged';
  } catch {
    return 'damaged';
  }
}

function digestOf(catalog: unknown): string {
  return createHash('sha256').update(canonicalJson(catalog)).digest('hex');
}

/** JSON with the fields of every object in the order of their names, so that equal data are equal text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, field) =>
    field !== null && typeof field === 'object' && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([one], [other]) => (one < other ? -1 : 1)))
      : field,
  );
}
