import { BackupId } from './backup-id';
import { PlanFacts } from './database-settings';
import { Owner } from './owner';

/** The description of one backup, stored beside its parts. */
export interface Manifest {
  readonly format: 1;
  readonly backup: BackupId;
  readonly owner: Owner;
  /** The completed backup before this one, so that the list can be rebuilt from the newest. */
  readonly previous?: BackupId;
  readonly libraryVersion: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly engine: EngineFacts;
  readonly plan: PlanFacts;
  /** The master user of the source: what it owned belongs to the master of the target. */
  readonly master: string;
  readonly roles: readonly RoleFacts[];
  readonly memberships: readonly MembershipFacts[];
  readonly databases: readonly DatabaseFacts[];
  readonly files: readonly FileFacts[];
  readonly parts: readonly PartFacts[];
}

export interface EngineFacts {
  readonly name: 'postgres';
  /** `17.10`. */
  readonly serverVersion: string;
  readonly serverMajor: number;
  /** Version of the `pg_dump` that made it. */
  readonly clientVersion: string;
}

/** A role, without its password. */
export interface RoleFacts {
  readonly name: string;
  readonly attributes: readonly string[];
  readonly connectionLimit: number;
  readonly validUntil?: string;
  readonly comment?: string;
  /** Per-role settings, `name=value`, with the database they hold in, if only one. */
  readonly settings: readonly { readonly database?: string; readonly setting: string }[];
}

export interface MembershipFacts {
  readonly role: string;
  readonly member: string;
  readonly admin: boolean;
  /** PostgreSQL 16 and newer. */
  readonly inherit?: boolean;
  readonly set?: boolean;
}

export interface DatabaseFacts {
  readonly name: string;
  readonly owner: string;
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  readonly localeProvider: 'libc' | 'icu' | 'builtin';
  readonly locale?: string;
  readonly sizeBytes: number;
  readonly extensions: readonly { readonly name: string; readonly version: string }[];
  /** Row counts in the very snapshot that was dumped. */
  readonly tables: readonly { readonly schema: string; readonly name: string; readonly rows: number }[];
  readonly largeObjects: number;
}

/** One file of a dump, `<database>/<file>`, and where its bytes are. */
export interface FileFacts {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly segments: readonly SegmentFacts[];
}

/** A run of a file's bytes inside a part: the member of that name in the part's tar archive. */
export interface SegmentFacts {
  readonly part: number;
  readonly member: string;
  readonly size: number;
}

export interface PartFacts {
  readonly number: number;
  readonly size: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}
