/** The classes of a failed connection test, and of any other fault of a storage. */
export type FaultClass = 'authentication' | 'permission' | 'network' | 'bucket-or-path';

export type StorageOperation = 'PUT' | 'GET' | 'DELETE';

/** How long a connection test waits, in milliseconds. */
export const CONNECTION_TEST_BOUNDS = {
  /** For a connection. */
  connectMs: 3_000,
  /** For the next byte, on a connection that stands. */
  socketMs: 3_000,
  /** For one operation, its body included. */
  requestMs: 5_000,
  /** For everything. */
  totalMs: 9_000,
  /** Of that, kept for the DELETE. */
  deleteMs: 2_000,
  /** For an object to show that has just been stored. */
  visibleMs: 2_000,
} as const;

/** What a connection test found: exactly one of Passed, or Failed with one class and its remedy. */
export type Verdict = PassedVerdict | FailedVerdict;

export interface PassedVerdict {
  readonly state: 'Passed';
  readonly endpoint: string;
  readonly bucket: string;
  readonly path: string;
  readonly key: string;
  /** When the test passed; ISO 8601, UTC. */
  readonly testedAt: string;
  readonly durationMs: number;
  /** What a person should know although the test passed. */
  readonly warnings: readonly string[];
}

export interface FailedVerdict {
  readonly state: 'Failed';
  readonly faultClass: FaultClass;
  /** The operations that failed; empty where none was tried, or the fault is not one operation's. */
  readonly operations: readonly StorageOperation[];
  /** Operations that were refused too, though perhaps only because there was no object to read. */
  readonly unclear?: readonly StorageOperation[];
  /** The store's own code and HTTP status, where it answered. */
  readonly code?: string;
  readonly status?: number;
  readonly endpoint: string;
  readonly bucket: string;
  readonly path: string;
  readonly key: string;
  /** One sentence: what was seen. */
  readonly summary: string;
  /** What to do. */
  readonly remedy: string;
  /** The object that a denied DELETE left behind. */
  readonly left?: string;
  readonly durationMs: number;
}
