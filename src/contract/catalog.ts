import { BackupId } from './backup-id';
import { Owner } from './owner';

/** The states that a person sees. */
export type BackupState = 'Running' | 'Completed' | 'Failed';

/** Deleting is a state of the catalog alone: its objects are going, it is never offered for restore. */
export type CatalogState = BackupState | 'Deleting';

/** One backup in the list. */
export interface CatalogEntry {
  readonly id: BackupId;
  readonly state: CatalogState;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** When the backup was completed or failed; ISO 8601, UTC. Absent while it runs. */
  readonly endedAt?: string;
  /** Why it failed. */
  readonly reason?: string;
  /** No part with a higher number has ever been written: what a run that died can have left. */
  readonly reservedParts: number;
  /** Bytes in the storage. */
  readonly storedBytes?: number;
  /** Size of the databases in bytes, as the server tells it. */
  readonly databaseBytes?: number;
  /** Version of the server that was dumped. */
  readonly serverVersion?: string;
  /** Set on what a failed or dead run left: the next run deletes its keys once more, for a PUT that landed late. */
  readonly needsFinalSweep?: boolean;
}

/** The list of a database's backups, oldest first. Two objects are written in turn; the highest valid generation counts. */
export interface Catalog {
  readonly format: 1;
  readonly generation: number;
  readonly owner: Owner;
  readonly entries: readonly CatalogEntry[];
}
