import { diagnoseSecret } from '../../contract/diagnosis/diagnose';
import { Fault, StorageContext } from '../../contract/diagnosis/fault';
import { SecretResult } from '../../contract/diagnosis/operation-result';
import { StorageCredentialsSource } from '../../contract/storage-settings';
import { Secrets } from '../secrets';
import { resultOf, StorageKeys } from './s3-client';

/** The keys of a storage, and others to try if they are refused. */
export interface FoundKeys {
  /** Absent under a role: the SDK finds the role's. */
  readonly keys?: StorageKeys;
  /** What a person should know about the source of the keys. */
  readonly warning?: string;
  /**
   * The keys of the secret's current version, where these are of a pinned version and differ. Undefined where there are
   * none, or where they cannot be read.
   */
  readonly newer: () => Promise<FoundKeys | undefined>;
}

/** There are no keys: the fault says why, and what to do. */
export class CredentialsFault extends Error {
  constructor(readonly fault: Fault) {
    super(fault.summary);
  }

  /** AWS denies for a while after a role or a policy was made. */
  get mayBeTooEarly(): boolean {
    return this.fault.faultClass === 'permission';
  }
}

/** The variables that the AWS SDK takes keys from, too. */
type KeyVariables = Partial<Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY' | 'AWS_SESSION_TOKEN', string>>;

/**
 * Finds the keys of a storage. If a pinned version of a secret no longer exists, the current one is used, with a warning.
 *
 * @throws CredentialsFault
 */
export async function findKeys(
  context: StorageContext,
  secrets: Secrets,
  environment: KeyVariables = {
    AWS_ACCESS_KEY_ID: process.env.AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: process.env.AWS_SECRET_ACCESS_KEY,
    AWS_SESSION_TOKEN: process.env.AWS_SESSION_TOKEN,
  },
): Promise<FoundKeys> {
  const source = context.storage.credentials;
  switch (source.kind) {
    case 'role':
      return { newer: nothingNewer };
    case 'environment':
      return { keys: keysOfEnvironment(environment), newer: nothingNewer };
    case 'secret':
      return keysOfSecret(source, secrets, context);
  }
}

const nothingNewer = (): Promise<undefined> => Promise.resolve(undefined);

function keysOfEnvironment(environment: KeyVariables): StorageKeys {
  const keys = {
    accessKeyId: environment.AWS_ACCESS_KEY_ID,
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY,
    ...(environment.AWS_SESSION_TOKEN ? { sessionToken: environment.AWS_SESSION_TOKEN } : {}),
  };
  const flaw = flawOfKeys(keys);
  if (flaw !== undefined) {
    throw new CredentialsFault({
      faultClass: 'authentication',
      operations: [],
      summary: `The environment ${flaw}.`,
      remedy: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN if there is one.',
    });
  }
  return keys as StorageKeys;
}

async function keysOfSecret(
  { secretArn, versionId }: Extract<StorageCredentialsSource, { kind: 'secret' }>,
  secrets: Secrets,
  context: StorageContext,
): Promise<FoundKeys> {
  const fail = (seen: SecretResult): never => {
    throw new CredentialsFault(diagnoseSecret(seen, secretArn, context));
  };
  const read = async (version?: string): Promise<StorageKeys> => {
    const text = await secrets.read(secretArn, version).catch((error: unknown) => fail(secretResultOf(error)));
    const keys = parseKeys(text);
    const flaw = flawOfKeys(keys);
    return flaw === undefined ? (keys as StorageKeys) : fail({ kind: 'bad-content', flaw });
  };
  const current = async (why: string): Promise<FoundKeys> => ({
    keys: await read(),
    warning: `${why}: the current version of secret ${secretArn} is used. Deploy again to test and name it.`,
    newer: nothingNewer,
  });

  if (versionId === undefined) {
    return { keys: await read(), newer: nothingNewer };
  }
  let keys: StorageKeys;
  try {
    keys = await read(versionId);
  } catch (error) {
    if (error instanceof CredentialsFault && error.fault.code === 'ResourceNotFoundException') {
      return current(`Version ${versionId} is gone`);
    }
    throw error;
  }
  return {
    keys,
    newer: async () => {
      const found = await current(`Version ${versionId} is refused as wrong credentials`).catch(() => undefined);
      return found !== undefined && !sameKeys(found.keys!, keys) ? found : undefined;
    },
  };
}

function sameKeys(one: StorageKeys, other: StorageKeys): boolean {
  return (
    one.accessKeyId === other.accessKeyId &&
    one.secretAccessKey === other.secretAccessKey &&
    one.sessionToken === other.sessionToken
  );
}

function parseKeys(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is wrong with keys, in words that show none of them, or undefined. */
function flawOfKeys(keys: unknown): string | undefined {
  if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) {
    return 'holds no JSON object';
  }
  const fields = keys as Record<string, unknown>;
  for (const name of ['accessKeyId', 'secretAccessKey']) {
    if (typeof fields[name] !== 'string' || fields[name] === '') {
      return `lacks ${name}`;
    }
  }
  for (const name of ['accessKeyId', 'secretAccessKey', 'sessionToken']) {
    const value = fields[name] ?? '';
    if (typeof value !== 'string' || !/^[\x21-\x7e]*$/.test(value)) {
      return `has white space, or a character that no key has, in ${name}`;
    }
  }
  return undefined;
}

function secretResultOf(error: unknown): SecretResult {
  const { name, $metadata } = (error ?? {}) as { name?: string; $metadata?: { httpStatusCode?: number } };
  if ($metadata?.httpStatusCode !== undefined) {
    const code = name !== undefined && /^[A-Za-z][A-Za-z0-9.]{0,63}$/.test(name) ? name : 'Unknown';
    return { kind: 'answer', code, status: $metadata.httpStatusCode };
  }
  if (name === 'AbortError') {
    return { kind: 'no-answer', code: 'TOO_SLOW' };
  }
  const result = resultOf(error);
  return { kind: 'no-answer', code: result.kind === 'no-answer' ? result.code : 'UNKNOWN' };
}
