import { randomBytes } from 'node:crypto';
import {
  ACCOUNT,
  Arrangement,
  ConformanceCase,
  Expectation,
  isTestObjectKey,
  REGION,
  SECRET_ARN,
  secretsHolding,
  someKeys,
} from './conformance';
import { FaultClass, StorageOperation } from '../../src/contract/diagnosis/fault';
import { connectionTestKey, CONNECTION_TEST_SLOTS } from '../../src/contract/object-keys';
import { Owner } from '../../src/contract/owner';
import { StorageSettings } from '../../src/contract/storage-settings';
import { StorageKeys } from '../../src/runtime/storage/s3-client';
import { seal } from '../../src/runtime/storage/sealed-json';

/** A real store with an administrator, as the table needs it. */
export interface RealStore {
  readonly settings: Pick<StorageSettings, 'endpoint' | 'region' | 'caCertificate' | 'allowUnencrypted'>;
  createBucket(name: string, kind?: 'plain' | 'versioned' | 'locked'): Promise<void>;
  /** Keys that may do these operations on what is under the path, and nothing else. */
  createKeys(bucket: string, path: string, operations: readonly StorageOperation[]): Promise<StorageKeys>;
  /** A bucket of somebody else. */
  createForeignBucket(): Promise<string>;
  put(bucket: string, key: string, body: string): Promise<void>;
  /** Keys of the objects under a prefix, deleted versions not among them. */
  list(bucket: string, prefix: string): Promise<readonly string[]>;
}

/** In what stores are known to differ. */
export interface StoreHabits {
  /** Whether a GET of what is not there is denied to those who may not list. */
  readonly hidesMissingObjects: boolean;
  /** What a bucket that is not there is answered with. */
  readonly missingBucket: { readonly operations: readonly StorageOperation[]; readonly code: string };
  /** What a session token that was never issued leads to. */
  readonly bogusToken: 'Passed' | FaultClass;
  /** What a region leads to that is not the store's. */
  readonly otherRegion: 'Passed' | FaultClass;
  /** Whether keys with white space and letters beyond ASCII work. */
  readonly anyCharacterInKeys: boolean;
  /** Whether what the owner of a bucket locked stays as a version. */
  readonly locks: boolean;
}

const ALL: readonly StorageOperation[] = ['PUT', 'GET', 'DELETE'];

/** What every store shows on request: the table for a real store. */
export function storeCases(store: RealStore, habits: StoreHabits): ConformanceCase[] {
  let buckets = 0;
  const newBucket = async (kind?: 'plain' | 'versioned' | 'locked'): Promise<string> => {
    const name = `backups-${(buckets += 1)}-${randomBytes(4).toString('hex')}`;
    await store.createBucket(name, kind);
    return name;
  };

  interface Setup {
    /** What the keys may do. @default - everything */
    readonly allowed?: readonly StorageOperation[];
    readonly bucket?: 'plain' | 'versioned' | 'locked';
    readonly path?: string;
    readonly change?: (storage: StorageSettings) => Partial<StorageSettings> | Promise<Partial<StorageSettings>>;
    readonly changeKeys?: (keys: StorageKeys) => StorageKeys;
    readonly before?: (bucket: string) => Promise<void>;
    /** Earlier tests have left an object at every key that tests use. */
    readonly earlierTests?: boolean;
    readonly more?: Partial<Arrangement>;
  }
  const on = (fault: string, expected: Expectation, setup: Setup = {}): ConformanceCase => ({
    fault,
    expected,
    arrange: async () => {
      const bucket = await newBucket(setup.bucket);
      const path = setup.path ?? 'nightly';
      const issued = await store.createKeys(bucket, path.replace(/^\/|\/$/g, ''), setup.allowed ?? ALL);
      await setup.before?.(bucket);
      if (setup.earlierTests) {
        for (let slot = 1; slot <= CONNECTION_TEST_SLOTS; slot++) {
          await store.put(bucket, connectionTestKey('nightly/orders', slot), 'old');
        }
      }
      const keys = setup.changeKeys?.(issued) ?? issued;
      const storage: StorageSettings = {
        ...store.settings,
        kind: 's3-compatible',
        bucket,
        path,
        pathStyle: true,
        credentials: { kind: 'secret', secretArn: SECRET_ARN },
      };
      return {
        storage: { ...storage, ...(await setup.change?.(storage)) },
        database: 'orders',
        secrets: secretsHolding(JSON.stringify(keys)),
        confidential: [keys.secretAccessKey],
        objectsLeft: async () =>
          (await store.list(bucket, '')).filter(isTestObjectKey).length -
          (setup.earlierTests ? CONNECTION_TEST_SLOTS - 1 : 0),
        ...setup.more,
      };
    },
  });

  const denied = (operations: readonly StorageOperation[], leaves = false): Expectation =>
    operations.length === 3
      ? { verdict: 'bucket-or-path', operations, code: 'AccessDenied', status: 403 }
      : { verdict: 'permission', operations, code: 'AccessDenied', status: 403, leaves };
  const without = (...missing: readonly StorageOperation[]) => ({
    allowed: ALL.filter((operation) => !missing.includes(operation)),
  });
  // After a refused PUT there is nothing to read, and some stores do not say so.
  const hidden: readonly StorageOperation[] = habits.hidesMissingObjects ? ['GET'] : [];
  const refusedKeys = (code: string): Expectation => ({
    verdict: 'authentication',
    operations: ['PUT'],
    code,
    status: 403,
    says: [/Verify the access key ID/],
  });
  const catalog = (owner: Owner) => async (bucket: string) =>
    store.put(
      bucket,
      'nightly/orders/catalog.a.json',
      seal({ format: 2, generation: 1, owner, entries: [] }).toString(),
    );
  const missing: Expectation = { verdict: 'bucket-or-path', ...habits.missingBucket };
  const otherRegion: Expectation =
    habits.otherRegion === 'Passed'
      ? { verdict: 'Passed' }
      : { verdict: habits.otherRegion, operations: ['PUT'], says: [/not served from region auto/] };
  const versions: Expectation = { verdict: 'Passed', says: [/keeps versions/] };

  return [
    on('no fault, under the minimum policy', { verdict: 'Passed' }),
    on('no fault, several folders deep', { verdict: 'Passed' }, { path: 'a/b-c/d_e/f.g' }),
    on('no fault, slashes at both ends of the path', { verdict: 'Passed' }, { path: '/nightly/' }),
    on(
      'no fault, no database',
      { verdict: 'Passed', says: [/owner was not checked/] },
      { more: { database: undefined } },
    ),
    on('another region', otherRegion, { change: () => ({ region: 'auto' }) }),
    ...(habits.anyCharacterInKeys
      ? [on('no fault, any characters in the path', { verdict: 'Passed' }, { path: 'nächtlich & täglich/+100%' })]
      : []),

    on('wrong access key ID', refusedKeys('InvalidAccessKeyId'), {
      changeKeys: (keys) => ({ ...keys, accessKeyId: someKeys().accessKeyId }),
    }),
    on('wrong secret access key', refusedKeys('SignatureDoesNotMatch'), {
      changeKeys: (keys) => ({ ...keys, secretAccessKey: someKeys().secretAccessKey }),
    }),
    on(
      'a session token that was never issued',
      habits.bogusToken === 'Passed' ? { verdict: 'Passed' } : { verdict: habits.bogusToken, operations: ['PUT'] },
      { changeKeys: (keys) => ({ ...keys, sessionToken: randomBytes(20).toString('hex') }) },
    ),
    on(
      'white space behind the secret access key',
      { verdict: 'authentication', says: [/white space/] },
      { changeKeys: (keys) => ({ ...keys, secretAccessKey: `${keys.secretAccessKey} ` }) },
    ),

    on('missing bucket', missing, { change: ({ bucket }) => ({ bucket: `${bucket}-x` }) }),
    on('bucket in wrong case', missing, { change: ({ bucket }) => ({ bucket: bucket.toUpperCase() }) }),
    on("another owner's bucket", denied(ALL), { change: async () => ({ bucket: await store.createForeignBucket() }) }),
    on('path outside the policy', denied(ALL), { change: () => ({ path: 'elsewhere' }) }),
    on('path beside the policy', denied(ALL), { change: () => ({ path: 'nightly2' }) }),
    on(
      'a bucket name that cannot be',
      { verdict: 'bucket-or-path', says: [/bucket name/] },
      { change: () => ({ bucket: 'a/b' }) },
    ),
    on('.. in the path', { verdict: 'bucket-or-path', says: [/segment/] }, { change: () => ({ path: 'nightly/..' }) }),

    on('PUT denied', { ...denied(['PUT']), unclear: hidden }, without('PUT')),
    on('GET denied', denied(['GET']), without('GET')),
    on('DELETE denied', denied(['DELETE'], true), without('DELETE')),
    on('PUT and GET denied', { ...denied(['PUT']), unclear: ['GET'] }, without('PUT', 'GET')),
    on('PUT and DELETE denied', denied(['PUT', ...hidden, 'DELETE']), without('PUT', 'DELETE')),
    on('GET and DELETE denied', denied(['GET', 'DELETE'], true), without('GET', 'DELETE')),
    on('all denied', denied(ALL), without(...ALL)),
    on('PUT denied, the objects of earlier tests there', denied(['PUT']), {
      ...without('PUT'),
      earlierTests: true,
    }),
    on('the objects of earlier tests there', { verdict: 'Passed' }, { earlierTests: true }),

    on(
      "another owner's folder",
      { verdict: 'bucket-or-path', says: [/database orders of account 999999999999 in eu-west-1/] },
      { before: catalog({ account: '999999999999', region: REGION, database: 'orders' }) },
    ),
    on(
      'own folder',
      { verdict: 'Passed' },
      { before: catalog({ account: ACCOUNT, region: REGION, database: 'orders' }) },
    ),
    on(
      'a damaged catalog',
      { verdict: 'Passed', says: [/owner of the folder is not known/] },
      { before: (bucket) => store.put(bucket, 'nightly/orders/catalog.b.json', '{"format":1,') },
    ),
    on('a bucket that keeps versions', versions, { bucket: 'versioned' }),
    ...(habits.locks ? [on('a bucket with object lock', versions, { bucket: 'locked' })] : []),
  ];
}
