import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { openPolicyStore } from './policy-store';
import { endChild, finish, freePort, until } from '../../sandbox/process';
import { StorageKeys } from '../../src/runtime/storage/s3-client';
import { RealStore, StoreHabits } from '../conformance/store-cases';
import { versitygwProgram } from '../support/versitygw-program';

/** versitygw looks for the bucket before it checks the policy, ignores session tokens, and knows one region. */
export const VERSITYGW_HABITS: StoreHabits = {
  hidesMissingObjects: false,
  missingBucket: { operations: ['PUT'], code: 'NoSuchBucket' },
  bogusToken: 'Passed',
  otherRegion: 'bucket-or-path',
  anyCharacterInKeys: true,
  locks: true,
};

/** versitygw over a folder, with an owner of buckets and one user whom their policies let in. */
export async function startVersitygwStore(): Promise<RealStore & { stop(): Promise<void> }> {
  const program = await versitygwProgram();
  const directory = await mkdtemp(path.join(tmpdir(), 'versitygw-'));
  const [objects, versions, users] = ['objects', 'versions', 'users'].map((name) => path.join(directory, name));
  for (const folder of [objects, versions, users]) await mkdir(folder);
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const owner = keysOf('owner');
  const child = spawn(
    program,
    [
      '--port',
      `127.0.0.1:${port}`,
      '--iam-dir',
      users,
      '--health',
      '/health',
      '--quiet',
      'posix',
      '--versioning-dir',
      versions,
      objects,
    ],
    { env: { ROOT_ACCESS_KEY: owner.accessKeyId, ROOT_SECRET_KEY: owner.secretAccessKey }, stdio: 'ignore' },
  );
  const stop = async () => {
    await endChild(child);
    await rm(directory, { recursive: true });
  };
  const createUser = async (name: string, role: 'user' | 'userplus') => {
    const keys = keysOf(name);
    const { exitCode, output } = await finish(
      program,
      [
        'admin',
        '--endpoint-url',
        endpoint,
        'create-user',
        '--access',
        name,
        '--secret',
        keys.secretAccessKey,
        '--role',
        role,
      ],
      { env: { ADMIN_ACCESS_KEY: owner.accessKeyId, ADMIN_SECRET_KEY: owner.secretAccessKey } },
    );
    if (exitCode !== 0) throw new Error(`versitygw made no user ${name}: ${output}`);
    return keys;
  };
  try {
    await until(() => answers(`${endpoint}/health`), {
      within: 300_000,
      otherwise: () => 'versitygw did not answer within 300 s.',
    });
    const store = await openPolicyStore({
      endpoint,
      owner,
      somebody: await createUser('somebody', 'userplus'),
      guest: await createUser('guest', 'user'),
      principal: 'guest',
    });
    return {
      ...store,
      stop: async () => {
        store.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function keysOf(accessKeyId: string): StorageKeys {
  return { accessKeyId, secretAccessKey: randomBytes(20).toString('hex') };
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    get(url, (answer) => resolve(answer.resume().statusCode === 200)).on('error', () => resolve(false));
  });
}
