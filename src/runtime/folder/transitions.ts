import { BackupId } from '../../contract/backup-id';
import { Catalog, CATALOG_FORMAT, CatalogEntry } from '../../contract/catalog';
import { Manifest } from '../../contract/manifest';
import { Owner } from '../../contract/owner';

/** What the list says of a completed backup, from its manifest. */
export function completedEntry(manifest: Manifest, manifestDigest: string): CatalogEntry {
  return {
    id: manifest.backup,
    state: 'Completed',
    startedAt: manifest.startedAt,
    endedAt: manifest.endedAt,
    // No higher number was written by this run, and the keys of earlier runs have lower ones.
    reservedParts: Math.max(0, ...manifest.parts.map(({ number }) => number)),
    storedBytes: manifest.parts.reduce((sum, { size }) => sum + size, 0),
    databaseBytes: manifest.databases.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    ...(manifest.functionMemoryMib && { functionMemoryMib: manifest.functionMemoryMib }),
    serverVersion: manifest.engine.serverVersion,
    manifestDigest,
  };
}

/**
 * Later runs that delete what a failed run can have stored: the first may be the retry that follows at once, when a
 * request of the failed run is still on its way.
 */
const SWEEPS = 2;

/** Longest reason that the list keeps: a year of hourly failures must stay readable in one go. */
export const MAXIMUM_REASON_LENGTH = 1000;

/** Number of the key that holds the copy of a repeated run's manifest: the one behind its parts. */
export function manifestCopyOf({ reservedParts }: CatalogEntry): number {
  return reservedParts + 1;
}

export function emptyCatalog(owner: Owner): Catalog {
  return { format: CATALOG_FORMAT, generation: 0, owner, entries: [] };
}

export function entryOf(catalog: Catalog, id: BackupId): CatalogEntry | undefined {
  return catalog.entries.find((entry) => entry.id === id);
}

/**
 * A backup begins. One that failed may be run again under the same id; its part numbers go on behind those of the
 * failed attempt, so that nothing which that one sent and which lands late can take the place of a new part.
 */
export function start(catalog: Catalog, id: BackupId, now: Date): Catalog {
  const former = entryOf(catalog, id);
  if (former && former.state !== 'Failed') {
    throw new Error(`Backup ${id} cannot start: it is ${former.state}.`);
  }
  const entry: CatalogEntry = {
    id,
    state: 'Running',
    startedAt: now.toISOString(),
    reservedParts: former?.reservedParts ?? 0,
    ...(former && { formerParts: former.reservedParts }),
  };
  return withEntries(catalog, sorted([...catalog.entries.filter((other) => other.id !== id), entry]));
}

/** Parts up to this number may be written from now on. */
export function reserve(catalog: Catalog, id: BackupId, parts: number): Catalog {
  return change(catalog, id, 'Running', (entry) => ({
    ...entry,
    reservedParts: Math.max(entry.reservedParts, parts),
  }));
}

/** A run has completed. `manifestCopy` is the number of the key that holds the copy of its manifest. */
export function complete(catalog: Catalog, completed: CatalogEntry, manifestCopy?: number): Catalog {
  return change(catalog, completed.id, 'Running', (entry) => ({
    ...completed,
    ...(manifestCopy !== undefined && {
      formerParts: entry.formerParts,
      manifestCopy,
      sweepsLeft: 1,
      reservedParts: Math.max(completed.reservedParts, manifestCopy),
    }),
  }));
}

/** Lists completed backups that the list did not have, or had in another state: their manifests are the truth. */
export function listCompleted(catalog: Catalog, completed: readonly CatalogEntry[]): Catalog {
  const listed = new Map(catalog.entries.map((entry) => [entry.id, entry]));
  for (const entry of completed) {
    const former = listed.get(entry.id);
    const reservedParts = Math.max(entry.reservedParts, former?.reservedParts ?? 0);
    // A repeated run may have died after it stored the copy.
    const isRepeated = former?.formerParts !== undefined && former.state !== 'Completed';
    listed.set(entry.id, {
      ...entry,
      reservedParts,
      ...(isRepeated && {
        formerParts: former.formerParts,
        manifestCopy: manifestCopyOf(entry),
        sweepsLeft: 1,
      }),
    });
  }
  return withEntries(catalog, sorted([...listed.values()]));
}

/** A run has failed. What it wrote is deleted now, and once more by the next run. */
export function fail(catalog: Catalog, id: BackupId, reason: string, now: Date): Catalog {
  return change(catalog, id, 'Running', (entry) => failed(entry, reason, now));
}

/** The entries that are still Running: the holder of the lock knows that their runs have ended. */
export function deadRuns(catalog: Catalog): CatalogEntry[] {
  return catalog.entries.filter((entry) => entry.state === 'Running');
}

/** The entries of earlier failures whose keys are to be deleted once more. */
export function awaitingFinalSweep(catalog: Catalog): CatalogEntry[] {
  return catalog.entries.filter((entry) => entry.state === 'Failed' && entry.sweepsLeft !== undefined);
}

/** Marks runs that died as failed. */
export function failDeadRuns(catalog: Catalog, ids: readonly BackupId[], now: Date): Catalog {
  return withEntries(
    catalog,
    catalog.entries.map((entry) =>
      entry.state === 'Running' && ids.includes(entry.id) ? failed(entry, DEAD_RUN, now) : entry,
    ),
  );
}

/** Notes that one more run has deleted what failed or earlier runs of these ids stored. */
export function markSwept(catalog: Catalog, ids: readonly BackupId[]): Catalog {
  return withEntries(
    catalog,
    catalog.entries.map((entry) => {
      const sweepsLeft = (entry.sweepsLeft ?? 0) - 1;
      if (!ids.includes(entry.id)) return entry;
      return sweepsLeft > 0
        ? { ...entry, sweepsLeft }
        : { ...entry, sweepsLeft: undefined, manifestCopy: undefined, formerParts: undefined };
    }),
  );
}

/** From here on these backups are not offered for restore, and their objects are deleted. */
export function markDeleting(catalog: Catalog, ids: readonly BackupId[]): Catalog {
  return withEntries(
    catalog,
    catalog.entries.map((entry) =>
      ids.includes(entry.id) && entry.state === 'Completed' ? { ...entry, state: 'Deleting' } : entry,
    ),
  );
}

/** The backups whose deletion has begun, oldest first. */
export function deletingBackups(catalog: Catalog): CatalogEntry[] {
  return catalog.entries.filter((entry) => entry.state === 'Deleting');
}

/** Drops entries that have nothing left in the storage; a completed or running one is never dropped. */
export function remove(catalog: Catalog, ids: readonly BackupId[]): Catalog {
  return withEntries(
    catalog,
    catalog.entries.filter(
      (entry) => !ids.includes(entry.id) || entry.state === 'Completed' || entry.state === 'Running',
    ),
  );
}

const DEAD_RUN =
  'The run was stopped from outside, or lost its connection to the server, before it could report why. ' +
  'See the log of the function.';

function failed(entry: CatalogEntry, reason: string, now: Date): CatalogEntry {
  return {
    ...entry,
    state: 'Failed',
    endedAt: now.toISOString(),
    reason: reason.slice(0, MAXIMUM_REASON_LENGTH),
    sweepsLeft: SWEEPS,
  };
}

function change(
  catalog: Catalog,
  id: BackupId,
  state: CatalogEntry['state'],
  next: (entry: CatalogEntry) => CatalogEntry,
): Catalog {
  const present = entryOf(catalog, id);
  if (present?.state !== state) {
    throw new Error(`Backup ${id} is ${present?.state ?? 'not in the catalog'}, not ${state}.`);
  }
  return withEntries(
    catalog,
    catalog.entries.map((entry) => (entry.id === id ? next(entry) : entry)),
  );
}

function sorted(entries: CatalogEntry[]): CatalogEntry[] {
  return entries.sort((one, other) => (one.id < other.id ? -1 : 1));
}

function withEntries(catalog: Catalog, entries: readonly CatalogEntry[]): Catalog {
  return { ...catalog, entries };
}
