import { Log } from './log';
import { Secrets } from './secrets';
import { StorageSettings } from '../contract/storage-settings';
import { ObjectStore } from './storage/object-store';

/** How far a run is, in bytes of parts. */
export interface Progress {
  readonly direction: 'stored' | 'read';
  readonly doneBytes: number;
  /** Absent for a backup, whose compressed size is not known before its end. */
  readonly totalBytes?: number;
  /** On average since the first part. */
  readonly bytesPerSecond: number;
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
}
