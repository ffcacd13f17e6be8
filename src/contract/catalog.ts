import { BackupId } from './backup-id';
import { Owner } from './owner';

/** The states that a person sees. */
export type BackupState = 'Running' | 'Completed' | 'Failed';

/** Deleting is a state of the catalog alone: its objects are being deleted, it is never offered for restore. */
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
  /** Size of the databases in bytes, as the server reports it. */
  readonly databaseBytes?: number;
  /** Memory of the Lambda function that made it, in MiB; absent where it was made from a terminal. */
  readonly functionMemoryMib?: number;
  /** Version of the server that was dumped. */
  readonly serverVersion?: string;
  /** SHA-256 of the manifest of a completed backup, as the manifest itself states it. */
  readonly manifestDigest?: string;
  /**
   * This id was run before, and parts up to this number belong to earlier runs. A late request of those may still store
   * one of them or change `manifest.json`.
   */
  readonly formerParts?: number;
  /**
   * Number of the part key that holds a copy of the manifest of a repeated run, while a late request may still change
   * `manifest.json`.
   */
  readonly manifestCopy?: number;
  /**
   * Later runs that will still delete what failed or earlier runs of this id stored, for a PUT that lands late. Absent
   * where nothing of that kind can be left.
   */
  readonly sweepsLeft?: number;
}

/**
 * The list of a database's backups, oldest first: the index of their manifests. It is stored twice, and the highest
 * valid generation counts.
 */
export interface Catalog {
  readonly format: typeof CATALOG_FORMAT;
  readonly generation: number;
  readonly owner: Owner;
  readonly entries: readonly CatalogEntry[];
}

/** The format of catalogs that this version writes and reads. */
export const CATALOG_FORMAT = 2;

/** Whose folder this is, and its format: written once, never changed or deleted. */
export interface FolderRecord {
  readonly format: typeof CATALOG_FORMAT;
  readonly owner: Owner;
}
