import {
  CreateBucketCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { StorageOperation } from '../../src/contract/diagnosis/fault';
import { StorageKeys } from '../../src/runtime/storage/s3-client';
import { RealStore } from '../conformance/store-cases';

const ACTIONS: Record<StorageOperation, string> = {
  PUT: 's3:PutObject',
  GET: 's3:GetObject',
  DELETE: 's3:DeleteObject',
};

export interface PolicyStoreProps {
  readonly endpoint: string;
  /** The owner of the buckets. */
  readonly owner: StorageKeys;
  /** Whose bucket nobody else may use. */
  readonly somebody: StorageKeys;
  /** Whom the policies of the buckets let in. */
  readonly guest: StorageKeys;
  /** The guest in a policy. */
  readonly principal: string;
}

const REGION = 'us-east-1';

const FOREIGN_BUCKET = 'somebody-elses';

/** A store of its own users, who let each other in by the policies of their buckets. */
export async function openPolicyStore(props: PolicyStoreProps): Promise<RealStore & { close(): void }> {
  const owner = clientFor(props.endpoint, props.owner);
  const somebody = clientFor(props.endpoint, props.somebody);
  await somebody.send(new CreateBucketCommand({ Bucket: FOREIGN_BUCKET }));
  return {
    settings: { endpoint: props.endpoint, region: REGION, allowUnencrypted: true },
    createBucket: async (Bucket, kind = 'plain') => {
      await owner.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: kind === 'locked' }));
      if (kind === 'versioned') {
        const VersioningConfiguration = { Status: 'Enabled' } as const;
        await owner.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
      }
    },
    createKeys: async (Bucket, path, operations) => {
      const Policy = JSON.stringify(policyFor(props.principal, `arn:aws:s3:::${Bucket}/${path}/*`, operations));
      await owner.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      return props.guest;
    },
    createForeignBucket: () => Promise.resolve(FOREIGN_BUCKET),
    put: async (Bucket, Key, Body) => {
      await owner.send(new PutObjectCommand({ Bucket, Key, Body }));
    },
    list: async (Bucket, Prefix) =>
      ((await owner.send(new ListObjectsV2Command({ Bucket, Prefix }))).Contents ?? []).map(({ Key }) => Key!),
    close: () => {
      owner.destroy();
      somebody.destroy();
    },
  };
}

/** Whoever stores an object in Ceph owns it and may do everything with it, unless that is denied outright. */
function policyFor(principal: string, resource: string, operations: readonly StorageOperation[]): object {
  const statement = (Effect: 'Allow' | 'Deny', chosen: readonly StorageOperation[]) =>
    chosen.length === 0
      ? []
      : [
          {
            Effect,
            Principal: { AWS: [principal] },
            Action: chosen.map((operation) => ACTIONS[operation]),
            Resource: [resource],
          },
        ];
  const all = Object.keys(ACTIONS) as StorageOperation[];
  const denied = all.filter((operation) => !operations.includes(operation));
  return { Version: '2012-10-17', Statement: [...statement('Allow', operations), ...statement('Deny', denied)] };
}

function clientFor(endpoint: string, credentials: StorageKeys): S3Client {
  return new S3Client({
    endpoint,
    region: REGION,
    credentials,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}
