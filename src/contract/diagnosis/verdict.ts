import { Fault } from './fault';

/** How long a connection test waits, in milliseconds. */
export const CONNECTION_TEST_BOUNDS = {
  /** For a connection to be made. */
  connectMs: 3_000,
  /** For the next byte on an open connection. */
  socketMs: 3_000,
  /** For one operation, its body included. */
  requestMs: 5_000,
  /** For everything. */
  totalMs: 9_000,
  /** Of that, reserved for the DELETE. */
  deleteMs: 2_000,
  /** For an object to become visible that has just been stored. */
  visibleMs: 2_000,
} as const;

/** What a connection test found: exactly one of Passed, or Failed with one class and its remedy. */
export type Verdict = PassedVerdict | FailedVerdict;

/** Where a connection test was made. */
export interface TestedLocation {
  readonly endpoint: string;
  readonly bucket: string;
  readonly path: string;
  /** The temporary object. */
  readonly key: string;
}

export interface PassedVerdict extends TestedLocation {
  readonly state: 'Passed';
  /** When the test passed; ISO 8601, UTC. */
  readonly testedAt: string;
  readonly durationMs: number;
  /** What a person should know although the test passed. */
  readonly warnings: readonly string[];
}

export interface FailedVerdict extends Fault, TestedLocation {
  readonly state: 'Failed';
  /** The key of the temporary object, where it may have been left in the storage. */
  readonly left?: string;
  readonly durationMs: number;
}
