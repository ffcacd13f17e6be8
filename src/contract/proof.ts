import { BackupId } from './backup-id';
import { Remark } from './remark';

/** A question to a restored database. */
export interface DrillCheck {
  /** Database that the query runs in. */
  readonly database: string;
  /** One statement that gives one row of one column. It can only read. */
  readonly query: string;
  /** The value that it must give, as PostgreSQL writes it: `t` for true. */
  readonly expect: string;
}

/** What a query gave. */
export interface CheckResult extends DrillCheck {
  /** Absent where the query failed, or gave no value. */
  readonly value?: string;
  readonly passed: boolean;
  /** Why there is no value. */
  readonly error?: string;
}

/** What a restore drill found: an object in the folder of the backup, sealed like the manifest. */
export interface Proof {
  readonly format: typeof PROOF_FORMAT;
  readonly backup: BackupId;
  /** SHA-256 of the manifest of the backup that was restored. */
  readonly manifestDigest: string;
  /** `Proved`: everything was restored, every count was right and every check passed. */
  readonly state: 'Proved' | 'Disproved';
  /** Why the backup was disproved. */
  readonly reason?: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly libraryVersion: string;
  /** Version of the server that the backup was restored into. */
  readonly serverVersion: string;
  /** Processors of the machine, or the function's share of one. */
  readonly processors: number;
  /** Memory of the function in MiB; absent for a drill from a terminal. */
  readonly functionMemoryMib?: number;
  /** Absent where the restore failed. */
  readonly loaded?: {
    readonly databases: readonly string[];
    readonly tables: number;
    readonly rows: number;
    /** Size of the restored databases. */
    readonly databaseBytes: number;
  };
  readonly durations: {
    /** The server was made and started. */
    readonly serverMs: number;
    /** The parts were read and loaded, indexes and counts included. */
    readonly restoreMs: number;
    /** The checks. */
    readonly checksMs: number;
  };
  /** What the drill does not prove: what was not restored, and what the backup has never checked itself. */
  readonly notProved: readonly Remark[];
  readonly checks: readonly CheckResult[];
}

/** The format of proofs that this version writes and reads. */
export const PROOF_FORMAT = 1;
