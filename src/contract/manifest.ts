import { createHash } from 'crypto';
import { BackupId } from './backup-id';
import { PlanSize } from './database-settings';
import { Owner } from './owner';
import { Remark } from './remark';

/** The description of one backup, stored beside its parts. */
export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly backup: BackupId;
  readonly owner: Owner;
  /** The completed backup before this one, so that the list can be rebuilt from the newest. */
  readonly previous?: BackupId;
  readonly libraryVersion: string;
  /** When the run had the lock and began its work: ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** Memory of the Lambda function that made it, in MiB; absent where it was made from a terminal. */
  readonly functionMemoryMib?: number;
  readonly engine: SourceEngine;
  readonly plan: PlanSize;
  /** The master user of the source: what it owned belongs to the master of the target. */
  readonly master: string;
  readonly roles: readonly Role[];
  readonly memberships: readonly Membership[];
  /** What a restore by the master user cannot bring back. */
  readonly remarks: readonly Remark[];
  readonly databases: readonly ManifestDatabase[];
  readonly files: readonly DumpFile[];
  readonly parts: readonly Part[];
}

export interface SourceEngine {
  readonly name: 'postgres';
  /** `17.10`. */
  readonly serverVersion: string;
  readonly serverMajor: number;
  /** Version of the `pg_dump` that made it. */
  readonly clientVersion: string;
}

/** A role, without its password. */
export interface Role {
  readonly name: string;
  readonly attributes: readonly string[];
  readonly connectionLimit: number;
  readonly validUntil?: string;
  readonly comment?: string;
  /** Per-role settings, `name=value`, with the database they hold in, if only one. */
  readonly settings: readonly { readonly database?: string; readonly setting: string }[];
}

export interface Membership {
  readonly role: string;
  readonly member: string;
  readonly admin: boolean;
  /** PostgreSQL 16 and newer. */
  readonly inherit?: boolean;
  readonly set?: boolean;
}

/** What is decided when a database is created, and cannot be changed later. */
export interface DatabaseLocale {
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  readonly localeProvider: 'libc' | 'icu' | 'builtin';
  readonly locale?: string;
  readonly icuRules?: string;
}

export interface DatabaseIdentity extends DatabaseLocale {
  readonly name: string;
  readonly owner: string;
}

export interface ManifestDatabase extends DatabaseIdentity {
  readonly sizeBytes: number;
  readonly extensions: readonly { readonly name: string; readonly version: string }[];
  /** Row counts in the very snapshot that was dumped. */
  readonly tables: readonly { readonly schema: string; readonly name: string; readonly rows: number }[];
  readonly largeObjects: number;
}

/**
 * One file of a dump, `<folder of the database>/<file>`, and where its bytes are. The digests are those of the parts, so
 * that each byte has one.
 */
export interface DumpFile {
  readonly name: string;
  readonly size: number;
  readonly segments: readonly Segment[];
}

/** A run of a file's bytes inside a part: the member of that name in the part's tar archive. */
export interface Segment {
  readonly part: number;
  readonly member: string;
  readonly size: number;
}

export interface Part {
  readonly number: number;
  readonly size: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}

/** The format of manifests that this version writes and reads. */
export const MANIFEST_FORMAT = 2;

/**
 * The folder that holds the files of a database in a manifest and in the parts: its name wherever that is a plain one,
 * else a form of it that is a file name everywhere and short enough for a tar archive.
 */
export function folderOfDatabase(database: string): string {
  const encoded = encodeURIComponent(database).replace(/^\./, '%2E');
  return encoded.length <= MAXIMUM_FOLDER_LENGTH
    ? encoded
    : `${encoded.slice(0, MAXIMUM_FOLDER_LENGTH - 17)}~${createHash('sha256').update(database).digest('hex').slice(0, 16)}`;
}

/** As long as PostgreSQL's longest name of plain characters, and one more. */
const MAXIMUM_FOLDER_LENGTH = 64;
