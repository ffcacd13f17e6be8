import { setTimeout as sleep } from 'node:timers/promises';
import { ObjectStore, ReadResult } from '../storage/object-store';

/** Pauses in milliseconds before an object that is not as expected is read again. */
export const READ_AGAIN_PAUSES_MS: readonly number[] = [50, 250];

/**
 * Reads an object, and again after short pauses while it is not as expected: one flipped byte, one 403 or one 404 on
 * the way is no verdict on what is stored.
 */
export async function readAgain(
  store: Pick<ObjectStore, 'get'>,
  key: string,
  isExpected: (read: ReadResult) => boolean,
  into?: Buffer,
): Promise<ReadResult> {
  let read = await store.get(key, into);
  for (const pause of READ_AGAIN_PAUSES_MS) {
    if (isExpected(read)) return read;
    if (pause > 0) await sleep(pause);
    read = await store.get(key, into);
  }
  return read;
}
