import {
  CreateBucketCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CephGateway } from './ceph';
import { StorageOperation } from '../../src/contract/diagnosis/fault';
import { StorageKeys } from '../../src/runtime/storage/s3-client';
import { RealStore, StoreHabits } from '../conformance/store-cases';

const ACTIONS: Record<StorageOperation, string> = {
  PUT: 's3:PutObject',
  GET: 's3:GetObject',
  DELETE: 's3:DeleteObject',
};

/** Ceph looks for the bucket before it checks the policy, and ignores session tokens that it did not issue. */
export const CEPH_HABITS: StoreHabits = {
  hidesMissingObjects: true,
  missingBucket: { operations: ['PUT'], code: 'NoSuchBucket' },
  bogusToken: 'Passed',
  anyCharacterInKeys: true,
  locks: true,
};

/** Ceph's gateway with an owner of buckets and one user whom their policies let in. */
export async function startCephStore(): Promise<RealStore & { readonly gateway: CephGateway; stop(): Promise<void> }> {
  const gateway = await CephGateway.start();
  try {
    const owner = clientFor(gateway, await gateway.createUser('owner'));
    const somebody = clientFor(gateway, await gateway.createUser('somebody'));
    const guest = await gateway.createUser('guest');
    await somebody.send(new CreateBucketCommand({ Bucket: 'somebody-elses' }));
    return {
      gateway,
      settings: { endpoint: gateway.endpoint, region: 'us-east-1', allowUnencrypted: true },
      createBucket: async (Bucket, kind = 'plain') => {
        await owner.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: kind === 'locked' }));
        if (kind === 'versioned') {
          const VersioningConfiguration = { Status: 'Enabled' } as const;
          await owner.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
        }
      },
      createKeys: async (Bucket, path, operations) => {
        const Policy = JSON.stringify(policyFor(Bucket, path, operations));
        await owner.send(new PutBucketPolicyCommand({ Bucket, Policy }));
        return guest;
      },
      createForeignBucket: () => Promise.resolve('somebody-elses'),
      put: async (Bucket, Key, Body) => {
        await owner.send(new PutObjectCommand({ Bucket, Key, Body }));
      },
      list: async (Bucket, Prefix) =>
        ((await owner.send(new ListObjectsV2Command({ Bucket, Prefix }))).Contents ?? []).map(({ Key }) => Key!),
      stop: async () => {
        owner.destroy();
        somebody.destroy();
        await gateway.stop();
      },
    };
  } catch (error) {
    await gateway.stop();
    throw error;
  }
}

/** Whoever stores an object in Ceph owns it and may do everything with it, unless that is denied outright. */
function policyFor(bucket: string, path: string, operations: readonly StorageOperation[]): object {
  const statement = (Effect: 'Allow' | 'Deny', chosen: readonly StorageOperation[]) =>
    chosen.length === 0
      ? []
      : [
          {
            Effect,
            Principal: { AWS: ['arn:aws:iam:::user/guest'] },
            Action: chosen.map((operation) => ACTIONS[operation]),
            Resource: [`arn:aws:s3:::${bucket}/${path}/*`],
          },
        ];
  const all = Object.keys(ACTIONS) as StorageOperation[];
  const denied = all.filter((operation) => !operations.includes(operation));
  return { Version: '2012-10-17', Statement: [...statement('Allow', operations), ...statement('Deny', denied)] };
}

function clientFor(gateway: CephGateway, credentials: StorageKeys): S3Client {
  return new S3Client({
    endpoint: gateway.endpoint,
    region: 'us-east-1',
    credentials,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}
