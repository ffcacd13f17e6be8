import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { RealStore, StoreHabits } from './store-cases';
import { CertificateAuthority } from '../../sandbox/certificate-authority';
import { MotoProgram } from '../../sandbox/moto';
import { CustomerStorage } from '../../sandbox/storage';
import { StorageOperation } from '../../src/contract/diagnosis/fault';

const ACTIONS: Record<StorageOperation, string> = {
  PUT: 's3:PutObject',
  GET: 's3:GetObject',
  DELETE: 's3:DeleteObject',
};

/** moto checks the policy before it looks for the bucket. */
export const MOTO_HABITS: StoreHabits = {
  hidesMissingObjects: true,
  missingBucket: { operations: ['PUT', 'GET', 'DELETE'], code: 'AccessDenied' },
  bogusToken: 'authentication',
  otherRegion: 'Passed',
  anyCharacterInKeys: false,
  locks: true,
};

/** moto over HTTPS, with checked signatures and policies. */
export async function startMotoStore(): Promise<RealStore & { stop(): Promise<void> }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'conformance-moto-'));
  const storage = await CustomerStorage.start({
    program: await MotoProgram.locate(path.resolve('.cache')),
    certificateAuthority: await CertificateAuthority.create(directory),
    directory,
  });
  const createBucket: RealStore['createBucket'] = async (Bucket, kind = 'plain') => {
    await storage.client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: kind === 'locked' }));
    if (kind === 'versioned') {
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await storage.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    }
  };
  return {
    settings: {
      endpoint: storage.endpoint,
      region: storage.region,
      caCertificate: storage.caPem,
      allowUnencrypted: false,
    },
    createBucket,
    createKeys: (bucket, folder, operations) =>
      storage.createKeys({
        bucket,
        path: folder,
        // A policy wants an action: to list the folder is none of the three.
        actions: operations.length === 0 ? ['s3:ListBucket'] : operations.map((operation) => ACTIONS[operation]),
      }),
    createForeignBucket: async () => {
      await createBucket('somebody-elses').catch(() => undefined);
      return 'somebody-elses';
    },
    put: (bucket, key, body) => storage.put(bucket, key, body),
    list: async (bucket, prefix) => (await storage.list(bucket, prefix)).map(({ key }) => key),
    stop: async () => {
      await storage.stop();
      await rm(directory, { recursive: true });
    },
  };
}
