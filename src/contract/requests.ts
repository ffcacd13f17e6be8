import { ActionErrorKind } from './action-error';
import { BackupId } from './backup-id';
import { BackupState } from './catalog';
import { DatabaseSettings, PlanSize } from './database-settings';
import { PassedVerdict } from './diagnosis/verdict';
import { LeftOut } from './left-out';
import { Manifest } from './manifest';
import { Owner } from './owner';
import { DrillCheck, Proof } from './proof';
import { Remark } from './remark';
import { RestoreEstimate } from './restore-estimate';
import { StorageSettings } from './storage-settings';

/** What the program can be asked: one type, told apart by `action`. */
export type Request =
  | TestConnectionRequest
  | TestDrillRequest
  | BackUpRequest
  | WatchRequest
  | ListRequest
  | ShowRequest
  | VerifyRequest
  | PruneRequest
  | RepairRequest
  | RestoreCheckRequest
  | RestoreRequest
  | RefuseDeletionRequest
  | DrillRequest;

export type Action = Request['action'];

/** PUT, GET, compare and DELETE a temporary object. */
export interface TestConnectionRequest {
  readonly action: 'test-connection';
  readonly storage: StorageSettings;
  /** Identifier of the database whose folder is tested. Absent: the path itself, and no owner is checked. */
  readonly database?: string;
}

/**
 * PUT, GET, compare and DELETE a temporary object where a drill stores its proof, and read the folder: all that a drill
 * needs of the storage.
 */
export interface TestDrillRequest {
  readonly action: 'test-drill';
  readonly storage: StorageSettings;
  /** Identifier of the database whose backups are drilled. */
  readonly database: string;
}

/** Make a backup, then delete expired ones. */
export interface BackUpRequest {
  readonly action: 'back-up';
  readonly storage: StorageSettings;
  readonly database: DatabaseSettings;
  readonly retentionDays: number;
  /** When the backup was due, ISO 8601 UTC: it becomes the backup id. Absent: now. */
  readonly dueAt?: string;
  /**
   * When backups are due: six-field cron expressions, seconds first, UTC, or expressions of EventBridge Scheduler. With
   * them a run finds completed backups that the list has lost.
   */
  readonly dueTimes?: readonly string[];
  /** Name of the backup's schedule, a dimension of its metrics. */
  readonly schedule?: string;
  /** Tables and schemas that are not backed up. Each is a remark of the backup. */
  readonly leaveOut?: readonly LeftOut[];
  /** Whether its events go to EventBridge's default bus. @default false */
  readonly events?: boolean;
}

/** Tell the age of the newest completed backup, as a metric. */
export interface WatchRequest {
  readonly action: 'watch';
  readonly storage: StorageSettings;
  readonly database: string;
  /** ISO 8601 UTC: the age is counted from here while there is no completed backup. */
  readonly since?: string;
  /**
   * ISO 8601 UTC: since when drills have been scheduled. The age of the newest proof is reported too, counted from here
   * while no backup is proved. Absent: no drills are scheduled.
   */
  readonly drillsSince?: string;
  /** Name of the backup's schedule, a dimension of its metrics. */
  readonly schedule?: string;
}

export interface ListRequest {
  readonly action: 'list';
  readonly storage: StorageSettings;
  readonly database: string;
  /** Only backups older than this one: the `next` of the page before. */
  readonly before?: BackupId;
  /** Whether the proofs of the completed backups are read too, one object each. @default false */
  readonly proofs?: boolean;
}

export interface ShowRequest {
  readonly action: 'show';
  readonly storage: StorageSettings;
  readonly database: string;
  readonly backup: BackupId;
}

/** Read every part of a backup and compare it with its manifest. */
export interface VerifyRequest {
  readonly action: 'verify';
  readonly storage: StorageSettings;
  readonly database: string;
  readonly backup: BackupSelector;
}

/** Delete expired backups, without making a backup first. */
export interface PruneRequest {
  readonly action: 'prune';
  readonly storage: StorageSettings;
  readonly database: DatabaseSettings;
  readonly retentionDays: number;
  /** Only say what would be deleted. */
  readonly dryRun?: boolean;
  /** The server is gone, and a person has typed the database's name: the list is written without the server's lock. */
  readonly databaseGone?: boolean;
}

/** Rebuild the list of backups from their manifests, where it was lost, is damaged or lacks a completed backup. */
export interface RepairRequest {
  readonly action: 'repair';
  readonly storage: StorageSettings;
  readonly database: DatabaseSettings;
  /** The newest completed backup. Absent: it is looked for at the due times, going back from now. */
  readonly newest?: BackupId;
  /** When backups are due: six-field cron expressions, seconds first, UTC, or expressions of EventBridge Scheduler. */
  readonly dueTimes?: readonly string[];
  /** The server is gone, and a person has typed the database's name: the list is written without the server's lock. */
  readonly databaseGone?: boolean;
}

/** Which backup of a folder. */
export type BackupSelector =
  | { readonly kind: 'latest' }
  | { readonly kind: 'backup'; readonly id: BackupId }
  /** The newest one completed before this moment, ISO 8601 UTC. */
  | { readonly kind: 'before'; readonly time: string };

/** Where a restore comes from. */
export interface RestoreSource {
  readonly storage: StorageSettings;
  /** Identifier of the database that was backed up. */
  readonly database: string;
  readonly backup: BackupSelector;
}

/** Refuse what cannot be restored before anything is created. */
export interface RestoreCheckRequest {
  readonly action: 'restore-check';
  readonly source: RestoreSource;
  readonly target: RestoreTarget;
  /** Handed back unchanged, so that the state records where the database came from. */
  readonly sourceDescription: string;
}

export interface RestoreTarget {
  readonly engineMajor: number;
  readonly plan: PlanSize;
}

/** Fill an empty database from a backup. */
export interface RestoreRequest {
  readonly action: 'restore';
  readonly source: RestoreSource;
  readonly target: DatabaseSettings;
  /**
   * Go on where the server refuses a constraint, a trigger, a policy or a default, and name it in the answer. Data is
   * exact all the same.
   * @default false
   */
  readonly keepGoing?: boolean;
  /**
   * Take back what an unfinished restore made on the target, and nothing else, before this one.
   * @default false - an unfinished restore is started over, with its own backup
   */
  readonly emptyTarget?: boolean;
}

/** Fail where Terraform is about to delete a database that is protected from deletion. */
export interface RefuseDeletionRequest {
  readonly action: 'refuse-deletion';
  /** Identifier of the protected database. */
  readonly database: string;
  /** What happens to the invocation; the Terraform provider adds it to the request. */
  readonly tf?: { readonly action: 'create' | 'update' | 'delete' };
}

/** Restore a backup into a server that exists only for this, and store what was found. */
export interface DrillRequest {
  readonly action: 'drill';
  readonly source: RestoreSource;
  /** @default - none */
  readonly checks?: readonly DrillCheck[];
  /** Name of the backup's schedule, a dimension of its metrics. */
  readonly schedule?: string;
  /** Whether its events go to EventBridge's default bus. @default false */
  readonly events?: boolean;
}

/** A request as the function takes it. */
export type Invocation<R extends Request = Request> = R & {
  /**
   * Whether a failed action is answered as a {@link FailureAnswer}, which has its details. Absent: it is thrown, as
   * Terraform and Lambda's retries need it; of a thrown error, an invoker sees kind and message only.
   */
  readonly failureAsAnswer?: boolean;
};

/** How an action failed. */
export interface FailureAnswer {
  readonly failure: {
    /** Absent for an error that no action throws on purpose. */
    readonly kind?: ActionErrorKind;
    readonly message: string;
    /** As the ActionError has them, such as a FailedVerdict. */
    readonly details?: unknown;
  };
}

/** What each action answers; a failure is thrown. */
export interface Answers {
  readonly 'test-connection': PassedVerdict;
  readonly 'test-drill': PassedVerdict;
  readonly 'back-up': BackUpAnswer;
  readonly watch: WatchAnswer;
  readonly list: ListAnswer;
  readonly show: ShowAnswer;
  readonly verify: VerifyAnswer;
  readonly prune: PruneAnswer;
  readonly repair: RepairAnswer;
  readonly 'restore-check': RestoreCheckAnswer;
  readonly restore: RestoreAnswer;
  readonly 'refuse-deletion': RefuseDeletionAnswer;
  readonly drill: Proof;
}

export interface BackUpAnswer {
  readonly backup: BackupId;
  /** `Locked`: another run holds the lock, nothing was done. `AlreadyCompleted`: the backup due then was made. */
  readonly outcome: 'Completed' | 'AlreadyCompleted' | 'Locked';
  readonly storedBytes?: number;
  readonly databaseBytes?: number;
  readonly parts?: number;
  /** Parts that were read back from the storage and compared before the backup was called Completed. */
  readonly sampledParts?: number;
  readonly durationMs: number;
  /** What a restore by the master user cannot bring back. Absent where no backup was made. */
  readonly remarks?: readonly Remark[];
  /** Absent where no backup was made. */
  readonly pruned?: PruneAnswer;
}

export interface WatchAnswer {
  readonly newest?: BackupId;
  /** Seconds since the newest backup was completed, else since the moment that the request names. */
  readonly ageSeconds?: number;
  /** Seconds since the newest proof of a listed backup; only where the request says that drills are scheduled. */
  readonly proofAgeSeconds?: number;
}

export interface ListAnswer {
  readonly owner?: Owner;
  /** Newest first. */
  readonly backups: readonly BackupSummary[];
  /** Ask with `before` set to this for older ones. */
  readonly next?: BackupId;
}

export interface BackupSummary {
  readonly backup: BackupId;
  readonly state: BackupState;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly storedBytes?: number;
  readonly databaseBytes?: number;
  readonly serverVersion?: string;
  readonly reason?: string;
  /** What the last drill found; only where the request asks for proofs. */
  readonly proof?: ProofSummary;
}

/** The result of a drill, in a list. */
export type ProofSummary = Pick<Proof, 'state' | 'reason' | 'endedAt' | 'durations' | 'processors'>;

export interface ShowAnswer extends Manifest {
  /** What the last drill of the backup found. */
  readonly proof?: Proof;
}

export interface VerifyAnswer {
  readonly backup: BackupId;
  readonly parts: number;
  readonly bytes: number;
}

export interface PruneAnswer {
  readonly deleted: readonly BackupId[];
  /** Number of completed backups that are kept. */
  readonly kept: number;
  /** Why each of them is kept, newest first. */
  readonly reasons: readonly KeptBackup[];
  /** Why nothing was deleted, or what stays to be done. */
  readonly note?: string;
}

export interface KeptBackup {
  readonly backup: BackupId;
  /** In words, such as "the newest completed backup, which is always kept". */
  readonly reason: string;
}

export interface RepairAnswer {
  /** The completed backups that the list has now, newest first. */
  readonly backups: readonly BackupId[];
  /** Those of them that it did not have before. */
  readonly added: readonly BackupId[];
  /** Manifests that were found but whose parts are missing or damaged: they are not in the list. */
  readonly notWhole: readonly { readonly backup: BackupId; readonly reason: string }[];
}

export interface RestoreCheckAnswer {
  readonly backup: BackupId;
  readonly sourceDescription: string;
  readonly serverVersion: string;
  readonly databaseBytes: number;
  /** What the restore will not bring back. */
  readonly remarks: readonly Remark[];
  /** How long the restore will take; absent while no backup of the database is proved. */
  readonly estimate?: RestoreEstimate;
}

export interface RestoreAnswer {
  readonly backup: BackupId;
  /** `AlreadyRestored`: it was finished by an earlier start. */
  readonly outcome: 'Restored' | 'AlreadyRestored';
  readonly databases: readonly string[];
  readonly tables: number;
  readonly rows: number;
  /** Size of the server's databases when they were restored, in bytes. */
  readonly databaseBytes: number;
  /** Where the restored databases are. The password is that of the request. */
  readonly connection: { readonly host: string; readonly port: number; readonly user: string };
  /** Harmless messages that were passed over. */
  readonly passedOver: readonly string[];
  /** What was not restored, each with its object and, where there is one, the statement to run by hand. */
  readonly remarks: readonly Remark[];
  /** Constraints, triggers, policies and the like that the server refused. Empty unless the request said `keepGoing`. */
  readonly notEnforced: readonly Remark[];
  readonly durationMs: number;
}

export interface RefuseDeletionAnswer {
  readonly database: string;
}
