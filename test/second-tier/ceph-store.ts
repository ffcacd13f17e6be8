import { CephGateway } from './ceph';
import { openPolicyStore } from './policy-store';
import { RealStore, StoreHabits } from '../conformance/store-cases';

/** Ceph looks for the bucket before it checks the policy, and ignores session tokens that it did not issue. */
export const CEPH_HABITS: StoreHabits = {
  hidesMissingObjects: true,
  missingBucket: { operations: ['PUT'], code: 'NoSuchBucket' },
  bogusToken: 'Passed',
  otherRegion: 'Passed',
  anyCharacterInKeys: true,
  locks: true,
};

/** Ceph's gateway with an owner of buckets and one user whom their policies let in. */
export async function startCephStore(): Promise<RealStore & { stop(): Promise<void> }> {
  const gateway = await CephGateway.start();
  try {
    const store = await openPolicyStore({
      endpoint: gateway.endpoint,
      owner: await gateway.createUser('owner'),
      somebody: await gateway.createUser('somebody'),
      guest: await gateway.createUser('guest'),
      principal: 'arn:aws:iam:::user/guest',
    });
    return {
      ...store,
      stop: async () => {
        store.close();
        await gateway.stop();
      },
    };
  } catch (error) {
    await gateway.stop();
    throw error;
  }
}
