import { Log } from './log';
import { Secrets } from './secrets';
import { StorageSettings } from '../contract/storage-settings';
import { ObjectStore } from './storage/object-store';

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
}
