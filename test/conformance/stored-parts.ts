import { randomBytes } from 'node:crypto';
import { secretsHolding, SECRET_ARN } from './conformance';
import { RealStore, StoreHabits } from './store-cases';
import { JsonLog } from '../../src/runtime/log';
import { bodyOf } from '../../src/runtime/storage/object-store';
import { openObjectStore } from '../../src/runtime/storage/s3-object-store';

/** More than one: what a store answers to the first decides with which digest the others are sent. */
const PARTS = 3;

/**
 * Stores parts as a backup does, in a bucket with object lock where the store has some.
 *
 * @returns what was refused, or came back as something else
 */
export async function partsNotStored(store: RealStore, { locks }: StoreHabits): Promise<string[]> {
  const bucket = `parts-${randomBytes(4).toString('hex')}`;
  await store.createBucket(bucket, locks ? 'locked' : 'plain');
  const keys = await store.createKeys(bucket, 'nightly', ['PUT', 'GET', 'DELETE']);
  const objects = await openObjectStore(
    {
      ...store.settings,
      kind: 's3-compatible',
      bucket,
      path: 'nightly',
      pathStyle: true,
      credentials: { kind: 'secret', secretArn: SECRET_ARN },
    },
    { secrets: secretsHolding(JSON.stringify(keys)), log: new JsonLog(() => undefined) },
  );
  const wrong: string[] = [];
  for (let number = 1; number <= PARTS; number++) {
    const [key, body] = [`nightly/orders/${number}`, randomBytes(100_000)];
    try {
      await objects.put(key, body);
      if (!bodyOf(await objects.get(key))?.equals(body)) wrong.push(`part ${number} came back as something else`);
    } catch (error) {
      wrong.push(`part ${number}: ${(error as Error).message}`);
    }
  }
  return objects.retries ? [...wrong, `${objects.retries} requests were sent again`] : wrong;
}
