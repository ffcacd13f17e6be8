import { BackupId } from './backup-id';

/** Highest number that a part may have, so that six digits keep the order. */
export const MAXIMUM_PART_NUMBER = 999_999;

/** Keys that the connection tests of a folder share, so that a denied DELETE leaves a bounded number of objects. */
export const CONNECTION_TEST_SLOTS = 16;

/**
 * The names of the objects that belong to one database. The layout is a contract with every backup ever made:
 *
 * ```
 * <path>/<database>/folder.json
 * <path>/<database>/catalog.a.json, catalog.b.json
 * <path>/<database>/<backup id>/000001 000002 …
 * <path>/<database>/<backup id>/manifest.json
 * <path>/<database>/<backup id>/proof.json
 * <path>/<database>/.connection-test.<slot>
 * <path>/<database>/.drill-test.<slot>/proof.json
 * ```
 */
export class ObjectKeys {
  readonly folder: string;

  constructor(path: string, database: string) {
    this.folder = `${normalizePath(path)}/${database}`;
  }

  get catalogs(): readonly [string, string] {
    return [`${this.folder}/catalog.a.json`, `${this.folder}/catalog.b.json`];
  }

  connectionTest(slot: number): string {
    return connectionTestKey(this.folder, slot);
  }

  /** The temporary object of a drill's connection test: a drill may write proofs and nothing else. */
  drillTest(slot: number): string {
    return `${this.folder}/.drill-test.${slot}/proof.json`;
  }

  /** Whose folder this is. */
  get record(): string {
    return `${this.folder}/folder.json`;
  }

  manifest(backup: BackupId): string {
    return `${this.folder}/${backup}/manifest.json`;
  }

  /** What a restore drill of the backup found. */
  proof(backup: BackupId): string {
    return `${this.folder}/${backup}/proof.json`;
  }

  part(backup: BackupId, number: number): string {
    if (!Number.isInteger(number) || number < 1 || number > MAXIMUM_PART_NUMBER) {
      throw new Error(`A part has a number from 1 to ${MAXIMUM_PART_NUMBER}; got ${number}.`);
    }
    return `${this.folder}/${backup}/${String(number).padStart(6, '0')}`;
  }
}

/**
 * The temporary object of a connection test in a folder, in one of {@link CONNECTION_TEST_SLOTS} slots from 1. Slot 0
 * belongs to the one writer of the folder.
 */
export function connectionTestKey(folder: string, slot: number): string {
  return `${normalizePath(folder)}/.connection-test.${slot}`;
}

/** The path without the slashes at either end. */
export function normalizePath(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}
