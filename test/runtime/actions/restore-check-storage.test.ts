import { RestoreCheckRequest } from '../../../src/contract/requests';
import { StorageSettings } from '../../../src/contract/storage-settings';
import { restoreCheck } from '../../../src/runtime/actions/restore-check';
import { CLOSING_MS } from '../../../src/runtime/deadline';
import { Secrets } from '../../../src/runtime/secrets';
import { openObjectStore } from '../../../src/runtime/storage/s3-object-store';
import { RealWorld } from '../real-world';

let world: RealWorld;

beforeAll(async () => {
  world = await RealWorld.start(17);
});
afterAll(async () => world?.stop());

/** A restore check of a storage with other settings or other keys, on real requests. */
async function check(storage: Partial<StorageSettings>, keys?: object) {
  const runtime = world.runtime({ remainingMs: () => CLOSING_MS + 3_000 });
  const secrets: Secrets = keys ? { read: async () => JSON.stringify(keys) } : runtime.secrets;
  const request: RestoreCheckRequest = {
    action: 'restore-check',
    source: {
      storage: { ...world.storageSettings, ...storage } as StorageSettings,
      database: world.server.identifier,
      backup: { kind: 'latest' },
    },
    target: { engineMajor: 17, plan: world.databaseSettings.plan },
    sourceDescription: '',
  };
  return restoreCheck(request, {
    ...runtime,
    secrets,
    openStorage: async (settings) => openObjectStore(settings, { secrets, log: runtime.log, region: 'eu-central-1' }),
  });
}

test('a restore check fails where the storage cannot be reached, naming it', async () => {
  await expect(check({ endpoint: 'https://localhost:1' })).rejects.toMatchObject({
    kind: 'StorageFault',
    message: expect.stringMatching(/cannot reach storage endpoint.*TO DO: .*WHERE: endpoint https:\/\/localhost:1,/),
  });
});

test('a restore check fails where the storage does not know the keys', async () => {
  const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'not-known-to-anybody' };
  await expect(check({}, keys)).rejects.toMatchObject({
    kind: 'StorageFault',
    message: expect.stringMatching(/invalid access credentials.*TO DO: Verify the access key ID and the secret/),
  });
});
