import { BackupId } from '../../contract/backup-id';
import { Catalog, CatalogEntry } from '../../contract/catalog';
import { Owner } from '../../contract/owner';

/** What a completed backup adds to its entry. */
export type CompletionSizes = Required<Pick<CatalogEntry, 'storedBytes' | 'databaseBytes' | 'serverVersion'>>;

/** Longest reason that the list keeps: a year of hourly failures must stay readable in one go. */
export const MAXIMUM_REASON_LENGTH = 1000;

export function emptyCatalog(owner: Owner): Catalog {
  return { format: 1, generation: 0, owner, entries: [] };
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
  };
  return withEntries(
    catalog,
    [...catalog.entries.filter((other) => other.id !== id), entry].sort((one, other) => (one.id < other.id ? -1 : 1)),
  );
}

/** Parts up to this number may be written from now on. */
export function reserve(catalog: Catalog, id: BackupId, parts: number): Catalog {
  return change(catalog, id, 'Running', (entry) => ({
    ...entry,
    reservedParts: Math.max(entry.reservedParts, parts),
  }));
}

export function complete(catalog: Catalog, id: BackupId, facts: CompletionSizes, now: Date): Catalog {
  return change(catalog, id, 'Running', (entry) => ({
    ...entry,
    state: 'Completed',
    endedAt: now.toISOString(),
    ...facts,
  }));
}

/** A run has failed. What it wrote is deleted by whoever is told, and once more by the next run. */
export function fail(catalog: Catalog, id: BackupId, reason: string, now: Date): Catalog {
  return change(catalog, id, 'Running', (entry) => failed(entry, reason, now));
}

/** The entries that still call themselves running: under the lock nobody else can be, so that their runs have died. */
export function deadRuns(catalog: Catalog): CatalogEntry[] {
  return catalog.entries.filter((entry) => entry.state === 'Running');
}

/** The entries of earlier failures whose keys are to be deleted once more. */
export function awaitingFinalSweep(catalog: Catalog): CatalogEntry[] {
  return catalog.entries.filter((entry) => entry.state === 'Failed' && entry.needsFinalSweep);
}

/** Marks the runs that died as failed. */
export function recoverDeadRuns(catalog: Catalog, now: Date): Catalog {
  return withEntries(
    catalog,
    catalog.entries.map((entry) => (entry.state === 'Running' ? failed(entry, DEAD_RUN, now) : entry)),
  );
}

/** Notes that the keys of these failed backups have been deleted for the last time. */
export function markSwept(catalog: Catalog, ids: readonly BackupId[]): Catalog {
  return withEntries(
    catalog,
    catalog.entries.map((entry) =>
      ids.includes(entry.id) && entry.state === 'Failed' ? { ...entry, needsFinalSweep: undefined } : entry,
    ),
  );
}

/** From here on these backups are offered to nobody, and their objects go. */
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
  'The run ended without a word: it was stopped from outside, or lost its connection to the server. ' +
  'The log of the function tells more.';

function failed(entry: CatalogEntry, reason: string, now: Date): CatalogEntry {
  return {
    ...entry,
    state: 'Failed',
    endedAt: now.toISOString(),
    reason: reason.slice(0, MAXIMUM_REASON_LENGTH),
    needsFinalSweep: true,
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

function withEntries(catalog: Catalog, entries: readonly CatalogEntry[]): Catalog {
  return { ...catalog, entries };
}
