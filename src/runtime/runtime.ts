import { Log } from './log';
import { Secrets } from './secrets';
import { StorageSettings } from '../contract/storage-settings';
import { ObjectStore } from './storage/object-store';

/** How far a run is, in bytes of parts. */
export interface Progress extends Omit<Work, 'expectedBytes'> {
  readonly direction: 'stored' | 'read';
  readonly doneBytes: number;
  /** Of a backup, as far as the last one tells: its compressed size is not known before its end. Absent where nothing tells. */
  readonly totalBytes?: number;
  /** On average since the first part. */
  readonly bytesPerSecond: number;
}

/** The share of the bytes, where their number is known. A part that was read twice counts twice; an estimate is never reached. */
export function shareDone({ direction, doneBytes, totalBytes = Infinity }: Progress): number {
  return Math.min(direction === 'stored' ? 0.99 : 1, doneBytes / totalBytes);
}

/** The world as an action sees it: everything outside that it may touch, so that a test can hold it still. */
export interface Runtime {
  now(): Date;
  /** Milliseconds until the program is stopped from outside; Infinity in a terminal. */
  remainingMs(): number;
  /** AWS account that the program runs in; absent in a terminal. */
  readonly account?: string;
  readonly region: string;
  readonly libraryVersion: string;
  /**
   * Most milliseconds by which the clocks of server and storage may differ from `now`.
   *
   * @default - 10 minutes
   */
  readonly maximumClockDifferenceMs?: number;
  readonly log: Log;
  readonly secrets: Secrets;
  /** A directory of its own for this run, empty, deleted afterwards. */
  readonly workDirectory: string;
  /** Aborted when a person interrupts the run. Absent: nobody can. */
  readonly interruption?: AbortSignal;
  openStorage(settings: StorageSettings): Promise<ObjectStore>;
  /** How far the run is; undefined before its first part. Absent for a run that reports no progress. */
  progress?(): Progress | undefined;
  /** Takes what the run is doing now, for its progress. Absent for a run that reports none. */
  reportWork?(work: Work): void;
}

/** What a run is doing besides moving bytes. */
export interface Work {
  /** Tables whose rows are not loaded, or not stored, yet: of the databases that have begun. */
  readonly tablesLeft?: number;
  /** Bytes of parts that the run will have stored, as far as the last backup tells. */
  readonly expectedBytes?: number;
  /** What is being loaded or built now, such as `INDEX public orders_by_day`, one for each session. */
  readonly current?: readonly string[];
}
