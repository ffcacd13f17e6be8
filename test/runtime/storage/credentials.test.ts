import { StorageContext } from '../../../src/contract/diagnosis/fault';
import { CONNECTION_TEST_BOUNDS } from '../../../src/contract/diagnosis/verdict';
import { StorageCredentialsSource } from '../../../src/contract/storage-settings';
import { CredentialsFault, findKeys } from '../../../src/runtime/storage/credentials';
import { SECRET_ARN, secretsHolding } from '../../conformance/conformance';

const none = secretsHolding({});

function context(credentials: StorageCredentialsSource): StorageContext {
  return {
    storage: { kind: 'amazon-s3', region: 'eu-west-1', bucket: 'backups', path: 'nightly', credentials },
    bounds: CONNECTION_TEST_BOUNDS,
  };
}

function keys(name: string): string {
  return JSON.stringify({ accessKeyId: name, secretAccessKey: `${name}-secret` });
}

describe('the keys of a storage', () => {
  test('under a role are left to the SDK', async () => {
    const found = await findKeys(context({ kind: 'role' }), none);
    expect(found.keys).toBeUndefined();
    expect(await found.newer()).toBeUndefined();
  });

  test('come from the environment, with a session token only where there is one', async () => {
    const environment = { AWS_ACCESS_KEY_ID: 'AK', AWS_SECRET_ACCESS_KEY: 'SK', AWS_SESSION_TOKEN: '' };
    const read = async (more: NodeJS.ProcessEnv) =>
      (await findKeys(context({ kind: 'environment' }), none, { ...environment, ...more })).keys;
    expect(await read({})).toEqual({ accessKeyId: 'AK', secretAccessKey: 'SK' });
    expect(await read({ AWS_SESSION_TOKEN: 'T' })).toEqual({
      accessKeyId: 'AK',
      secretAccessKey: 'SK',
      sessionToken: 'T',
    });
  });

  test.each([
    [{}, 'lacks accessKeyId'],
    [{ AWS_ACCESS_KEY_ID: 'AK' }, 'lacks secretAccessKey'],
    [{ AWS_ACCESS_KEY_ID: 'AK\r', AWS_SECRET_ACCESS_KEY: 'SK' }, 'in accessKeyId'],
  ])('fails with %j in the environment', async (environment, flaw) => {
    await expect(findKeys(context({ kind: 'environment' }), none, environment)).rejects.toThrow(flaw);
  });

  test('come from the pinned version of a secret, without a look at the current one', async () => {
    const pinned = context({ kind: 'secret', secretArn: SECRET_ARN, versionId: 'v1' });
    const found = await findKeys(pinned, secretsHolding({ v1: keys('pinned') }));
    expect(found.keys?.accessKeyId).toBe('pinned');
    expect(found.warning).toBeUndefined();
    expect(await found.newer()).toBeUndefined();
  });

  test('of the current version are newer where they differ, and are no others where they do not', async () => {
    const pinned = context({ kind: 'secret', secretArn: SECRET_ARN, versionId: 'v1' });
    const differ = await findKeys(pinned, secretsHolding({ v1: keys('pinned'), current: keys('current') }));
    expect((await differ.newer())?.keys?.accessKeyId).toBe('current');
    const same = await findKeys(pinned, secretsHolding({ v1: keys('pinned'), current: keys('pinned') }));
    expect(await same.newer()).toBeUndefined();
  });

  test('are those of the current version where the pinned one is gone, with a warning', async () => {
    const pinned = context({ kind: 'secret', secretArn: SECRET_ARN, versionId: 'v1' });
    const found = await findKeys(pinned, secretsHolding({ current: keys('current') }));
    expect(found.keys?.accessKeyId).toBe('current');
    expect(found.warning).toContain('Version v1 is gone');
  });

  test('fails where both versions are gone, as authentication', async () => {
    const pinned = context({ kind: 'secret', secretArn: SECRET_ARN, versionId: 'v1' });
    const error = await findKeys(pinned, none).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CredentialsFault);
    expect((error as CredentialsFault).fault.faultClass).toBe('authentication');
  });
});
