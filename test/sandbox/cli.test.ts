import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { AccessKeys } from '../../sandbox/aws/signature';
import { startOfProcess } from '../../sandbox/process';
import { SandboxStatus } from '../../sandbox/sandbox';
import { isRunning, RecordedSandbox, StateFile } from '../../sandbox/state-file';

const PROGRAM = path.join(__dirname, '..', '..', 'sandbox', 'cli.ts');
const CONFIGURATION = {
  variable: { text: { type: 'string', sensitive: true }, other: { type: 'string' } },
  output: { digest: { value: '${nonsensitive(sha1("${var.text}, ${var.other}"))}' } },
};
const names: string[] = [];

/** A name that no other run uses. */
function newName(): string {
  const name = `test-${randomBytes(6).toString('hex')}`;
  names.push(name);
  return name;
}

async function sandbox(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const program = ['--require', require.resolve('tsx/cjs'), PROGRAM, ...args];
  return new Promise((resolve) =>
    // The environment by name: the one that a test changes is not the one that a child would be given by itself.
    execFile(process.execPath, program, { env: process.env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    ),
  );
}

/** What PUT and GET of an object, a listing and DELETE answer to keys of the folder `backups`. */
async function objectCalls(storage: SandboxStatus['storage'], keys: AccessKeys): Promise<number[]> {
  const client = new S3Client({
    ...{ endpoint: storage.endpoint, region: storage.region, credentials: { ...keys }, forcePathStyle: true },
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: storage.caPem }) }),
  });
  const object = { Bucket: 'company-backups', Key: 'backups/object' };
  const status = async (answer: Promise<{ $metadata: { httpStatusCode?: number } }>) =>
    answer.catch((error) => error).then(({ $metadata }) => $metadata.httpStatusCode!);
  return [
    await status(client.send(new PutObjectCommand({ ...object, Body: 'text' }))),
    await status(client.send(new GetObjectCommand(object))),
    await status(client.send(new ListObjectsV2Command({ Bucket: object.Bucket }))),
    await status(client.send(new DeleteObjectCommand(object))),
  ];
}

async function recorded(name: string): Promise<RecordedSandbox> {
  return (await new StateFile(name).read())!;
}

afterAll(async () => {
  for (const name of names) if (await new StateFile(name).read()) await sandbox('down', '--name', name);
});

test('up, status, apply, clock, env, bucket, psql and down speak JSON, and down leaves nothing', async () => {
  const name = newName();
  const app = await mkdtemp(path.join(tmpdir(), 'cli-test-'));
  await writeFile(path.join(app, 'main.tf.json'), JSON.stringify(CONFIGURATION));

  // WHEN it is up
  const up = await sandbox('up', '--name', name, '--json');
  expect(up.code).toBe(0);
  const status: SandboxStatus = JSON.parse(up.stdout);
  const { supervisor, directory } = await recorded(name);
  const processes = [supervisor, ...status.processes].map(({ processId }) => processId);
  expect(status).toMatchObject({ region: 'us-east-1', account: '123456789012', databases: [], schedules: [] });
  expect(status.network.subnetIds.length).toBeGreaterThan(1);
  expect(await Promise.all(processes.map(startOfProcess))).not.toContain(undefined);
  expect(up.stderr).toMatch(/Starting AWS and the storage [\d.]+m?s/);

  // THEN each command does its work
  expect((await sandbox('up', '--name', name)).stderr).toContain(`The sandbox ${name} is up already`);
  process.env.TF_VAR_text = 'a secret';
  const applied = await sandbox('apply', app, '--name', name, '--var', 'other=public', '--json');
  delete process.env.TF_VAR_text;
  expect(JSON.parse(applied.stdout)).toMatchObject({ exitCode: 0 });
  expect(applied.stderr).toContain(`digest = "${createHash('sha1').update('a secret, public').digest('hex')}"`);
  expect(applied.stderr).toContain('Apply complete!');
  const clock = await sandbox('clock', '+30d', '--name', name, '--json');
  expect(JSON.parse(clock.stdout).offsetMs).toBe(30 * 86_400_000);
  expect((await sandbox('clock', 'soon', '--name', name)).stderr).toContain('got "soon"');
  const fired = await sandbox('fire', 'nightly', '--name', name);
  expect(fired).toMatchObject({ code: 1, stderr: 'error No schedule has the name nightly. There are: none.\n' });
  expect((await sandbox('psql', 'orders', '--name', name)).stderr).toContain('There is no database orders.');
  expect((await sandbox('status', '--name', name)).stdout).toContain(`AWS        ${status.endpoint}`);

  // THEN a shell can work with it: its variables, a bucket with keys that do three things, a provider block
  const env = JSON.parse((await sandbox('env', '--name', name, '--json')).stdout);
  expect(env).toMatchObject({
    AWS_ENDPOINT_URL: status.endpoint,
    PGSSLROOTCERT: status.certificateAuthorityFile,
    TF_VAR_vpc_id: status.network.vpcId,
  });
  expect((await sandbox('env', '--name', name)).stdout).toContain(`export AWS_ENDPOINT_URL='${status.endpoint}'\n`);
  const made = await sandbox('bucket', 'company-backups', '--name', name, '--json');
  const { TF_VAR_storage_access_key_id: accessKeyId, TF_VAR_storage_secret_access_key: secretAccessKey } = JSON.parse(
    made.stdout,
  );
  expect(await objectCalls(status.storage, { accessKeyId, secretAccessKey })).toEqual([200, 200, 403, 204]);
  expect((await sandbox('provider', '--name', name)).stdout).toContain(`      rds: '${status.endpoint}',\n`);

  // WHEN it is down
  const down = await sandbox('down', '--name', name, '--json');
  // THEN
  expect(down).toMatchObject({ code: 0, stdout: '{}\n' });
  expect(await Promise.all(processes.map(startOfProcess))).toEqual(processes.map(() => undefined));
  await expect(stat(directory)).rejects.toThrow('ENOENT');
  expect((await sandbox('status', '--name', name)).stderr).toContain(`There is no sandbox ${name}`);
  await rm(app, { recursive: true });
});

test('down ends what is left of a sandbox whose supervisor was killed', async () => {
  // GIVEN
  const name = newName();
  await sandbox('up', '--name', name, '--json');
  const { supervisor, processes, directory } = await recorded(name);
  process.kill(supervisor.processId, 'SIGKILL');
  expect(await Promise.all(processes.map(isRunning))).toEqual([true, true]);
  // WHEN
  const down = await sandbox('down', '--name', name);
  // THEN
  expect(down.code).toBe(0);
  expect(await Promise.all(processes.map(isRunning))).toEqual([false, false]);
  await expect(stat(directory)).rejects.toThrow('ENOENT');
});

test('the control endpoint answers nobody without the token, which only its owner can read', async () => {
  const name = newName();
  await sandbox('up', '--name', name, '--json');
  const { control } = await recorded(name);
  const { status } = await fetch(`http://127.0.0.1:${control.port}`, { method: 'POST', body: '{"command":"down"}' });
  expect(status).toBe(401);
  const file = path.join(tmpdir(), `managed-database-sandbox-state-${process.getuid!()}`, `${name}.json`);
  expect((await lstat(file)).mode.toString(8)).toBe('100600');
  expect((await lstat(path.dirname(file))).mode.toString(8)).toBe('40700');
  expect((await sandbox('down', '--name', name)).code).toBe(0);
});

test('isRunning takes a later process with the same id for another one', async () => {
  const start = await startOfProcess(process.pid);
  expect(await isRunning({ name: 'this', processId: process.pid, start })).toBe(true);
  expect(await isRunning({ name: 'another', processId: process.pid, start: `${start}0` })).toBe(false);
  expect(await isRunning({ name: 'unknown', processId: process.pid })).toBe(false);
});
