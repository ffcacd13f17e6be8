import { StorageSettings } from '../storage-settings';

/** The classes of a failed connection test, and of any other fault of a storage. */
export type FaultClass = 'authentication' | 'permission' | 'network' | 'bucket-or-path';

export type StorageOperation = 'PUT' | 'GET' | 'DELETE';

/** A fault of a storage: one class, what was seen, and what to do. */
export interface Fault {
  readonly faultClass: FaultClass;
  /** The operations that failed; empty where none was tried, or where the fault is not one operation's. */
  readonly operations: readonly StorageOperation[];
  /** Operations that were refused too, though perhaps only because there was no object to read. */
  readonly unclear?: readonly StorageOperation[];
  /** The store's own code and HTTP status, where it answered. */
  readonly code?: string;
  readonly status?: number;
  /** One sentence: what was seen. */
  readonly summary: string;
  /** What to do. */
  readonly remedy: string;
}

/** Milliseconds after which an operation is abandoned. */
export interface Bounds {
  /** For a connection to be made. */
  readonly connectMs: number;
  /** For the next byte on an open connection. */
  readonly socketMs: number;
  /** For one operation, its body included. */
  readonly requestMs: number;
}

/** What the texts of a fault speak of. */
export interface StorageContext {
  readonly storage: Pick<
    StorageSettings,
    'kind' | 'endpoint' | 'region' | 'bucket' | 'path' | 'credentials' | 'network' | 'givenAs'
  >;
  /** Region of the program, where it is known. */
  readonly region?: string;
  readonly bounds: Bounds;
}
