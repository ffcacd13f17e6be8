import { Fault } from '../../contract/diagnosis/fault';

/** What reading an object gave. */
export type ReadResult =
  | { readonly kind: 'found'; readonly body: Buffer }
  /** The storage says that there is no such object. */
  | { readonly kind: 'missing' }
  /**
   * The storage denied the read (403). This is also how Amazon S3 answers for a missing object to credentials that may
   * not list the bucket, so it is never to be taken for "missing". `fault` is the diagnosis of a denied GET.
   */
  | { readonly kind: 'denied'; readonly fault: Fault };

/**
 * All that the storage is ever asked for. Listing, multipart uploads, bucket calls and conditional writes are not
 * here, so that nothing can come to need more than three permissions.
 */
export interface ObjectStore {
  /** Number of requests that were repeated after a transient fault, so far. @default - none */
  readonly retries?: number;
  /**
   * Stores an object and returns when the store has taken it whole (a digest is sent, by which the store checks it).
   * Transient faults (connection reset, 5xx, throttling, bytes altered on the way) are tried again a few times.
   *
   * @param sha256 of the body, in lower-case hexadecimal, where the caller has computed it already
   * @throws ActionError StorageFault
   */
  put(key: string, body: Buffer, sha256?: string): Promise<void>;
  /**
   * Reads an object.
   *
   * @param into the body is read into this buffer where it fits, so that large objects can share memory in turn
   * @throws ActionError StorageFault for every other answer: wrong keys, no such bucket, unreachable.
   */
  get(key: string, into?: Buffer): Promise<ReadResult>;
  /**
   * The size of an object in bytes, by a GET of its first byte; undefined where it is missing or hidden.
   *
   * @throws ActionError StorageFault, as `get`
   */
  sizeOf(key: string): Promise<number | undefined>;
  /** Deletes an object; no error where there is none. @throws ActionError StorageFault */
  delete(key: string): Promise<void>;
  /**
   * Milliseconds by which the storage's clock is ahead of this machine's, by the `Date` of the last answer; negative
   * where it is behind, undefined before the first answer with a `Date`. Precise to a second and the time of one answer.
   */
  clockOffsetMs(): number | undefined;
}

/** The body of an object that may be missing or hidden. */
export function bodyOf(result: ReadResult): Buffer | undefined {
  return result.kind === 'found' ? result.body : undefined;
}
