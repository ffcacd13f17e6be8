import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AccessKeys } from '../../sandbox/aws/signature';
import { CertificateAuthority } from '../../sandbox/certificate-authority';
import { MotoProgram } from '../../sandbox/moto';
import { startOfProcess } from '../../sandbox/process';
import { CustomerStorage } from '../../sandbox/storage';

let directory: string;
let storage: CustomerStorage;
let keys: AccessKeys;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'storage-test-'));
  const certificateAuthority = await CertificateAuthority.create(directory);
  const program = await MotoProgram.locate(path.join(__dirname, '..', '..', '.cache'));
  storage = await CustomerStorage.start({ program, certificateAuthority, directory });
  await storage.createBucket('backups');
  await storage.createBucket('others');
  keys = await storage.createKeys({ bucket: 'backups', path: 'company/db' });
});

afterAll(async () => {
  await storage?.stop();
  await rm(directory, { recursive: true, force: true });
});

const put = (Bucket: string, Key: string) => new PutObjectCommand({ Bucket, Key, Body: 'content' });

async function faultOf(sending: Promise<unknown>): Promise<{ name: string; status?: number }> {
  return sending.then(
    () => ({ name: 'none' }),
    (error) => ({ name: error.name, status: error.$metadata?.httpStatusCode }),
  );
}

test('its keys put, get and delete under their path, and a list shows what is there', async () => {
  const client = storage.clientFor(keys);
  await client.send(put('backups', 'company/db/one'));
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'backups', Key: 'company/db/one' }));
  expect(await Body!.transformToString()).toBe('content');
  expect(await storage.list('backups', 'company/')).toEqual([{ key: 'company/db/one', size: 7 }]);
  expect((await storage.get('backups', 'company/db/one')).toString()).toBe('content');
  await client.send(new DeleteObjectCommand({ Bucket: 'backups', Key: 'company/db/one' }));
  expect(await storage.list('backups')).toEqual([]);
});

test.each([
  ['an unknown access key', 'InvalidAccessKeyId', () => ({ ...keys, accessKeyId: 'AKIAUNKNOWN' })],
  ['a wrong secret', 'SignatureDoesNotMatch', () => ({ ...keys, secretAccessKey: 'wrong' })],
])('fails with 403 for %s', async (_, name, wrong) => {
  const sending = storage.clientFor(wrong()).send(put('backups', 'company/db/one'));
  expect(await faultOf(sending)).toEqual({ name, status: 403 });
});

test.each([
  ['outside of the path', () => put('backups', 'company/other')],
  ['in a folder whose name only begins alike', () => put('backups', 'company/db2/one')],
  ['in another bucket', () => put('others', 'company/db/one')],
  ['to list', () => new ListObjectsV2Command({ Bucket: 'backups' })],
])('fails with 403 %s', async (_, command) => {
  const client: S3Client = storage.clientFor(keys);
  expect(await faultOf(client.send(command() as PutObjectCommand))).toEqual({ name: 'AccessDenied', status: 403 });
});

test.each([
  ['s3:PutObject', () => put('backups', 'company/db/two')],
  ['s3:GetObject', () => new GetObjectCommand({ Bucket: 'backups', Key: 'company/db/kept' })],
  ['s3:DeleteObject', () => new DeleteObjectCommand({ Bucket: 'backups', Key: 'company/db/kept' })],
])('fails with 403 without %s', async (missing, command) => {
  await storage.put('backups', 'company/db/kept', 'content');
  const actions = ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'].filter((action) => action !== missing);
  const client = storage.clientFor(await storage.createKeys({ bucket: 'backups', path: 'company/db', actions }));
  expect(await faultOf(client.send(command() as PutObjectCommand))).toEqual({ name: 'AccessDenied', status: 403 });
});

test('a missing object is denied to keys that may not list, and missing to the administrator, as on Amazon S3', async () => {
  const missing = new GetObjectCommand({ Bucket: 'backups', Key: 'company/db/missing' });
  expect(await faultOf(storage.clientFor(keys).send(missing))).toEqual({ name: 'AccessDenied', status: 403 });
  expect(await faultOf(storage.client.send(missing))).toEqual({ name: 'NoSuchKey', status: 404 });
});

test('a PUT without a checksum is answered with a CRC64NVME, as by Amazon S3', async () => {
  const client = storage.clientFor(keys);
  const { ChecksumCRC64NVME } = await client.send(
    new PutObjectCommand({ Bucket: 'backups', Key: 'company/db/one', Body: '123456789' }),
  );
  // The check value of the algorithm (https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat.crc-64-nvme).
  expect(Buffer.from(ChecksumCRC64NVME!, 'base64').toString('hex')).toBe('ae8b14860a799888');
});

test('a PUT whose SHA-256 is that of another body is refused, as by Amazon S3', async () => {
  const send = (Body: string, of: string) =>
    storage.clientFor(keys).send(
      new PutObjectCommand({
        Bucket: 'backups',
        Key: 'company/db/one',
        Body,
        ChecksumSHA256: createHash('sha256').update(of).digest('base64'),
      }),
    );
  await send('content', 'content');
  expect(await faultOf(send('other content', 'content'))).toEqual({ name: 'BadDigest', status: 400 });
  expect((await storage.get('backups', 'company/db/one')).toString()).toBe('content');
});

test('fails for a client that does not know its authority', async () => {
  await expect(fetch(storage.endpoint)).rejects.toMatchObject({
    cause: { code: expect.stringMatching(/SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY/) },
  });
});

test('stop leaves no process', async () => {
  const { processId } = storage.process;
  expect(await startOfProcess(processId)).toBeDefined();
  await storage.stop();
  expect(await startOfProcess(processId)).toBeUndefined();
});
