import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Gateway } from '../../../sandbox/aws/gateway';
import { Upstream } from '../../../sandbox/aws/upstream';
import { Moto, MotoProgram } from '../../../sandbox/moto';

const REPOSITORY = path.resolve(__dirname, '..', '..', '..');
const REGION = 'us-east-1';
const ROLE = 'orders-backup-1';
const ROLE_ARN = `arn:aws:iam::123456789012:role/${ROLE}`;
const WHO = `User: arn:aws:sts::123456789012:assumed-role/${ROLE}/orders-backup is not authorized to perform`;

let directory: string;
let moto: Moto;
let upstream: Upstream;
let gateway: Gateway;
let arns: Record<string, string>;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'permissions-test-'));
  const program = await MotoProgram.locate(path.join(REPOSITORY, '.cache'));
  moto = await Moto.start({ name: 'moto', program, logFile: path.join(directory, 'moto.log') });
  upstream = new Upstream(moto.endpoint, REGION);
  gateway = await Gateway.start(upstream, program.models, path.join(directory, 'gateway.log'));

  await upstream.call('s3', 'PUT', '/own-backups');
  const secrets = new SecretsManagerClient(as(ADMINISTRATOR));
  arns = Object.fromEntries(
    await Promise.all(
      ['granted', 'other'].map(async (Name) => {
        const { ARN } = await secrets.send(new CreateSecretCommand({ Name, SecretString: `text of ${Name}` }));
        return [Name, ARN!];
      }),
    ),
  );
  secrets.destroy();
  await iam({ Action: 'CreateRole', RoleName: ROLE, AssumeRolePolicyDocument: '{}' });
  await grant('storage', ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'], 'arn:aws:s3:::own-backups/orders 100%/*');
  await grant('secret', ['secretsmanager:GetSecretValue'], arns.granted);
});

afterAll(async () => {
  await gateway?.stop();
  await moto?.stop();
  await rm(directory, { recursive: true });
});

test('gives each role and function credentials of their own, and the same again', () => {
  const variables = (role: string, name: string) => gateway.permissions.environmentOf(role, name);
  expect(variables(ROLE_ARN, 'orders-backup')).toEqual(variables(ROLE_ARN, 'orders-backup'));
  expect(Object.keys(variables(ROLE_ARN, 'orders-backup'))).toEqual([
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
  ]);
  const ids = [
    [ROLE_ARN, 'orders-backup'],
    [`${ROLE_ARN}2`, 'orders-backup'],
    [ROLE_ARN, 'other-backup'],
  ].map(([role, name]) => variables(role, name).AWS_ACCESS_KEY_ID);
  expect(new Set(ids).size).toBe(3);
  expect(ids[0]).toMatch(/^ASIA[A-Z0-9]{16}$/);
});

test('lets a role put, get and delete what its policy names, whatever is in the bytes', async () => {
  const s3 = new S3Client(as(roleKeys()));
  const Bucket = 'own-backups';
  const Key = 'orders 100%/über+/000001';
  const Body = Buffer.from([0, 13, 10, 255, 48, 13, 10]);
  const ContentMD5 = createHash('md5').update(Body).digest('base64');
  await s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentMD5 }));
  // A checksum of a stream travels behind the bytes, which then are sent in chunks.
  await s3.send(
    new PutObjectCommand({
      Bucket,
      Key: `${Key}-chunked`,
      Body: Readable.from([Body]),
      ContentLength: Body.length,
      ChecksumAlgorithm: 'CRC32',
    }),
  );
  for (const each of [Key, `${Key}-chunked`]) {
    const read = await s3.send(new GetObjectCommand({ Bucket, Key: each }));
    expect(Buffer.from(await read.Body!.transformToByteArray())).toEqual(Body);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: each }));
  }
  s3.destroy();
});

test('fails a role that asks for another object, another operation, or one that is not there, as S3 does', async () => {
  const s3 = new S3Client(as(roleKeys()));
  const Bucket = 'own-backups';
  const refusal = (action: string, resource: string) => ({
    name: 'AccessDenied',
    $metadata: { httpStatusCode: 403 },
    message: `${WHO}: ${action} on resource: "arn:aws:s3:::${resource}" because no identity-based policy allows the ${action} action`,
  });
  await expect(s3.send(new PutObjectCommand({ Bucket, Key: 'else/1', Body: 'a' }))).rejects.toMatchObject(
    refusal('s3:PutObject', 'own-backups/else/1'),
  );
  await expect(s3.send(new DeleteObjectCommand({ Bucket: 'else', Key: 'orders/1' }))).rejects.toMatchObject(
    refusal('s3:DeleteObject', 'else/orders/1'),
  );
  await expect(s3.send(new ListObjectsV2Command({ Bucket }))).rejects.toMatchObject({ name: 'AccessDenied' });
  await expect(s3.send(new GetObjectCommand({ Bucket, Key: 'orders 100%/nothing' }))).rejects.toMatchObject(
    refusal('s3:ListBucket', 'own-backups'),
  );
  s3.destroy();
});

test('lets a role read the secret that its policy names, by ARN and by name, and no other', async () => {
  const secrets = new SecretsManagerClient(as(roleKeys()));
  const read = (SecretId: string) => secrets.send(new GetSecretValueCommand({ SecretId }));
  for (const id of [arns.granted, 'granted']) {
    expect((await read(id)).SecretString).toBe('text of granted');
  }
  for (const id of [arns.other, 'other']) {
    await expect(read(id)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 400 },
      message: `${WHO}: secretsmanager:GetSecretValue on resource: ${arns.other} because no identity-based policy allows the secretsmanager:GetSecretValue action`,
    });
  }
  await expect(read('nothing')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await expect(secrets.send(new ListSecretsCommand({}))).rejects.toMatchObject({ name: 'AccessDeniedException' });
  secrets.destroy();
});

test('fails a role that asks for anything else, and lets the administrator do everything', async () => {
  const asRole = new STSClient(as(roleKeys()));
  await expect(asRole.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({ name: 'AccessDenied' });
  asRole.destroy();
  const asAdministrator = new STSClient(as(ADMINISTRATOR));
  expect((await asAdministrator.send(new GetCallerIdentityCommand({}))).Account).toBe('123456789012');
  asAdministrator.destroy();
});

test('goes by the policies as they are at the moment', async () => {
  const secrets = new SecretsManagerClient(as(roleKeys()));
  const read = () => secrets.send(new GetSecretValueCommand({ SecretId: 'granted' }));
  await iam({ Action: 'DeleteRolePolicy', RoleName: ROLE, PolicyName: 'secret' });
  await expect(read()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await grant('secret', ['secretsmanager:GetSecretValue'], arns.granted);
  expect((await read()).SecretString).toBe('text of granted');
  secrets.destroy();
});

const ADMINISTRATOR = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' };

function roleKeys() {
  const variables = gateway.permissions.environmentOf(ROLE_ARN, 'orders-backup');
  return {
    accessKeyId: variables.AWS_ACCESS_KEY_ID,
    secretAccessKey: variables.AWS_SECRET_ACCESS_KEY,
    sessionToken: variables.AWS_SESSION_TOKEN,
  };
}

function as(credentials: { accessKeyId: string; secretAccessKey: string }) {
  return { endpoint: gateway.endpoint, region: REGION, credentials, maxAttempts: 1 };
}

async function grant(name: string, actions: string[], resource: string): Promise<void> {
  const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: [resource] }] };
  await iam({ Action: 'PutRolePolicy', RoleName: ROLE, PolicyName: name, PolicyDocument: JSON.stringify(policy) });
}

async function iam(parameters: Record<string, string>): Promise<void> {
  await upstream.call('iam', 'GET', `/?${new URLSearchParams({ ...parameters, Version: '2010-05-08' })}`);
}
