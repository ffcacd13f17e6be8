import { BackupId } from './backup-id';

/*
 * The events that a scheduled backup sends to EventBridge's default bus, where its program asks for them. Their form is a
 * contract with the rules of users: fields are only ever added.
 */

/** The `source` of every event. */
export const EVENT_SOURCE = 'cdktf-managed-database';

/** The number in every event's `detail.format`. */
export const EVENT_FORMAT = 1;

/** What every detail has. */
interface EventSubject {
  /** Identifier of the database. */
  readonly database: string;
  /** Name of the backup's schedule. */
  readonly schedule?: string;
}

/** An event, told apart by its `detail-type`. */
export type BackupEvent =
  | {
      readonly type: 'Backup Completed';
      readonly detail: EventSubject & {
        readonly backup: BackupId;
        readonly databaseBytes?: number;
        readonly storedBytes?: number;
        readonly durationMs: number;
      };
    }
  | {
      readonly type: 'Backup Failed';
      readonly detail: EventSubject & { readonly backup: BackupId; readonly reason: string };
    }
  | {
      readonly type: 'Backups Pruned';
      readonly detail: EventSubject & { readonly deleted: readonly BackupId[]; readonly kept: number };
    }
  | {
      readonly type: 'Backup Proved';
      readonly detail: EventSubject & {
        readonly backup: BackupId;
        readonly databaseBytes: number;
        readonly durationMs: number;
        /** Number of remarks about what the drill does not prove. */
        readonly notProved: number;
      };
    }
  | {
      readonly type: 'Backup Disproved';
      readonly detail: EventSubject & { readonly backup: BackupId; readonly reason: string };
    };

/** An entry of PutEvents has at most 256 KB: a reason is cut, and of very many ids the first ones are named. */
export const MAXIMUM_REASON_CHARACTERS = 8_000;
export const MAXIMUM_EVENT_IDS = 1_000;
