import { mkdir, writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import * as path from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { addressedTo, send } from './aws/message';
import { AccessKeys, signedHeaders } from './aws/signature';
import { CertificateAuthority } from './certificate-authority';
import { Moto, MotoProgram } from './moto';
import { SandboxProcess } from './process';

/** The three that backups need, and no more. */
export const BACKUP_ACTIONS = ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'];

export interface CustomerStorageProps {
  readonly program: MotoProgram;
  readonly certificateAuthority: CertificateAuthority;
  /** For certificate, key and log; made if missing. */
  readonly directory: string;
}

export interface StorageKeysProps {
  readonly bucket: string;
  /** Folder that the keys are for, without slashes at the ends. */
  readonly path: string;
  /** @default - `s3:PutObject`, `s3:GetObject` and `s3:DeleteObject` */
  readonly actions?: string[];
}

/** A bucket, and keys that may put, get and delete below the path. */
export interface CreatedBucket {
  readonly bucket: string;
  readonly path: string;
  readonly keys: AccessKeys;
}

/** Actions on the objects whose keys have a pattern. */
export interface AllowedActions {
  readonly actions: readonly string[];
  readonly keys: string;
}

export interface StoredObject {
  readonly key: string;
  readonly size: number;
}

/**
 * An S3-compatible storage as a customer has it, outside the AWS account: HTTPS with a certificate of
 * the sandbox's authority, signatures checked, and policies too.
 *
 * A missing key answers 403 without the permission to list, as on AWS. It differs from AWS where moto does: a missing
 * bucket answers 403 to all but the administrator, and region and clock skew are ignored.
 */
export class CustomerStorage {
  static async start(props: CustomerStorageProps): Promise<CustomerStorage> {
    await mkdir(props.directory, { recursive: true });
    const { certificatePem, keyPem } = props.certificateAuthority.issue(['localhost', '127.0.0.1']);
    const certificateFile = path.join(props.directory, 'certificate.pem');
    const keyFile = path.join(props.directory, 'key.pem');
    await writeFile(certificateFile, certificatePem);
    await writeFile(keyFile, keyPem, { mode: 0o600 });
    const { certificatePem: certificateAuthorityPem, certificateFile: caFile } = props.certificateAuthority;
    const moto = await Moto.start({
      name: "the customer's storage (moto)",
      program: props.program,
      logFile: path.join(props.directory, 'moto.log'),
      script: path.join(__dirname, 'storage-server.py'),
      tls: { certificateFile, keyFile, certificateAuthorityPem },
    });
    try {
      // Checks are off until there is a user who can pass them.
      const iam = (parameters: Record<string, string>) => callIam(moto.endpoint, certificateAuthorityPem, parameters);
      const admin = await createUser(iam, 'administrator', [{ actions: ['*'], keys: '*' }]);
      await turnChecksOn(moto.endpoint, certificateAuthorityPem);
      return new CustomerStorage(moto, admin, caFile, certificateAuthorityPem);
    } catch (error) {
      await moto.stop();
      throw error;
    }
  }

  readonly region = REGION;
  /** A client that may do everything, for tests that look into the storage or damage what is in it. */
  readonly client: S3Client;

  private users = 0;

  private constructor(
    private readonly moto: Moto,
    /** Keys that may do everything. */
    readonly admin: AccessKeys,
    /** The certificate to verify the storage against, as a file. */
    readonly caFile: string,
    /** The same as text. */
    readonly caPem: string,
  ) {
    this.client = this.clientFor(admin);
  }

  get endpoint(): string {
    return this.moto.endpoint;
  }

  get process(): SandboxProcess {
    return this.moto.process;
  }

  async createBucket(name: string): Promise<void> {
    await this.client.send(new CreateBucketCommand({ Bucket: name }));
  }

  /** Makes a bucket, and keys with the three permissions of a backup below the path. */
  async createBucketWithKeys(bucket: string, folder: string): Promise<CreatedBucket> {
    await this.createBucket(bucket);
    return { bucket, path: folder, keys: await this.createKeys({ bucket, path: folder }) };
  }

  /** Makes a user who may do the actions on what is under the path, and nothing else; gives its keys. */
  async createKeys({ bucket, path: folder, actions = BACKUP_ACTIONS }: StorageKeysProps): Promise<AccessKeys> {
    return this.createKeysFor([{ actions, keys: `${bucket}/${folder === '' ? '' : `${folder}/`}*` }]);
  }

  /** Makes a user who may do these actions on these `bucket/key` patterns; gives its keys. */
  async createKeysFor(statements: readonly AllowedActions[]): Promise<AccessKeys> {
    this.users += 1;
    const iam = (parameters: Record<string, string>) => callIam(this.moto.endpoint, this.caPem, parameters, this.admin);
    const allowed = statements.map(({ actions, keys }) => ({ actions, keys: `arn:aws:s3:::${keys}` }));
    return createUser(iam, `backup-${this.users}`, allowed);
  }

  /** Every object under a prefix, in the order of their keys. */
  async list(bucket: string, prefix = ''): Promise<StoredObject[]> {
    // One page of everything: the checks of signatures stumble over a prefix in the query.
    const { Contents = [] } = await this.client.send(
      new ListObjectsV2Command({ Bucket: bucket, MaxKeys: MORE_THAN_ANY_TEST_STORES }),
    );
    return Contents.map(({ Key, Size }) => ({ key: Key!, size: Size! })).filter(({ key }) => key.startsWith(prefix));
  }

  async get(bucket: string, key: string): Promise<Buffer> {
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Buffer.from(await Body!.transformToByteArray());
  }

  async put(bucket: string, key: string, body: Buffer | string): Promise<void> {
    await this.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
  }

  async delete(bucket: string, key: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  }

  /** An S3 client with other keys. */
  clientFor(credentials: AccessKeys): S3Client {
    return new S3Client({
      endpoint: this.endpoint,
      region: this.region,
      // A copy: the client writes into what it is given.
      credentials: { ...credentials },
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: this.caPem }) }),
    });
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.moto.stop();
  }
}

const REGION = 'us-east-1';

const MORE_THAN_ANY_TEST_STORES = 10_000_000;

type Iam = (parameters: Record<string, string>) => Promise<string>;

async function createUser(iam: Iam, name: string, allowed: readonly AllowedActions[]): Promise<AccessKeys> {
  const Statement = allowed.map(({ actions, keys }) => ({ Effect: 'Allow', Action: actions, Resource: keys }));
  const policy = { Version: '2012-10-17', Statement };
  await iam({ Action: 'CreateUser', UserName: name });
  await iam({
    Action: 'PutUserPolicy',
    UserName: name,
    PolicyName: 'storage',
    PolicyDocument: JSON.stringify(policy),
  });
  const answer = await iam({ Action: 'CreateAccessKey', UserName: name });
  return {
    accessKeyId: /<AccessKeyId>(.*?)<\/AccessKeyId>/.exec(answer)![1],
    secretAccessKey: /<SecretAccessKey>(.*?)<\/SecretAccessKey>/.exec(answer)![1],
  };
}

async function callIam(
  endpoint: string,
  caPem: string,
  parameters: Record<string, string>,
  keys?: AccessKeys,
): Promise<string> {
  const body = formOf({ ...parameters, Version: '2010-05-08' });
  const { host } = new URL(endpoint);
  const headers = keys
    ? signedHeaders({ method: 'POST', host, body, service: 'iam', region: REGION }, keys)
    : { ...addressedTo('iam', REGION), host, 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await send(endpoint, { method: 'POST', url: '/', headers, body: Buffer.from(body) }, caPem);
  if (answer.status !== 200) {
    throw new Error(`The storage refused ${parameters.Action} with ${answer.status}: ${answer.body.toString()}`);
  }
  return answer.body.toString();
}

/** moto signs the parsed form, encoded again, so each character must be encoded as Python does. */
function formOf(parameters: Record<string, string>): string {
  const encode = (text: string) =>
    encodeURIComponent(text).replace(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${encode(value)}`)
    .join('&');
}

async function turnChecksOn(endpoint: string, caPem: string): Promise<void> {
  const body = Buffer.from('0');
  const headers = { 'content-type': 'text/plain' };
  const { status } = await send(endpoint, { method: 'POST', url: '/moto-api/reset-auth', headers, body }, caPem);
  if (status !== 200) throw new Error(`moto did not turn its checks on: it answered ${status}.`);
}
