/**
 * All that the storage is ever asked for. Listing, multipart uploads, bucket calls and conditional writes are not
 * here, so that nothing can come to need more than three permissions.
 */
export interface ObjectStore {
  /**
   * Stores an object and returns when the store has taken it whole (Content-MD5 is sent).
   * Transient faults (connection reset, 5xx, throttling) are tried again a few times.
   */
  put(key: string, body: Buffer): Promise<void>;
  /** The object's bytes; undefined where there is none, or where the store hides whether there is one (403 without ListBucket). */
  get(key: string): Promise<Buffer | undefined>;
  /** Deletes an object; no error where there is none. */
  delete(key: string): Promise<void>;
}
