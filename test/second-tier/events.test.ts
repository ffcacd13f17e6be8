import { readFile } from 'node:fs/promises';
import * as path from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Upstream } from '../../sandbox/aws/upstream';
import { PostgreSqlServer } from '../../sandbox/postgresql/server';
import { Sandbox } from '../../sandbox/sandbox';
import { blocksOf } from '../docs/pages';
import { eventErrors } from '../support/event-schema';

const PROGRAM = path.join(__dirname, 'events');
const BUCKET = 'company-backups';
const MINUTE = 60_000;

let sandbox: Sandbox;
let server: PostgreSqlServer;

beforeAll(async () => {
  sandbox = await Sandbox.start();
  const { storage, certificateAuthority, directory, endpoint, region } = sandbox;
  const bucket = await storage.createBucketWithKeys(BUCKET, 'backups');
  const master = { username: 'postgres', password: 'password-of-the-master' };
  server = await PostgreSqlServer.start({
    ...{ identifier: 'orders', major: 17, master, certificateAuthority },
    dataDirectory: path.join(directory, 'existing'),
  });
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const secrets = new SecretsManagerClient({ endpoint, region, credentials });
  const secretArn = async (Name: string, content: object) =>
    (await secrets.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(content) }))).ARN!;
  const { exitCode, output } = await sandbox.apply(PROGRAM, {
    variables: {
      ...(await sandbox.programVariables(bucket)),
      master_secret_arn: await secretArn('master', master),
      port: server.port,
      storage_secret_arn: await secretArn('storage', bucket.keys),
    },
  });
  secrets.destroy();
  expect(exitCode === 0 ? '' : output).toBe('');
}, 15 * MINUTE);

afterAll(async () => {
  await server?.stop();
  await sandbox?.stop();
});

/** The events in a queue, which is empty then. */
async function received(queue: string): Promise<any[]> {
  const aws = new Upstream(sandbox.endpoint, sandbox.region);
  const QueueUrl = `http://localhost/123456789012/${queue}`;
  const call = async (operation: string, body: object) =>
    (await aws.call('sqs', 'POST', '/', { target: `AmazonSQS.${operation}`, body: { QueueUrl, ...body } })).toString();
  const { Messages = [] } = JSON.parse(await call('ReceiveMessage', { MaxNumberOfMessages: 10 }));
  await call('PurgeQueue', {});
  return Messages.map(({ Body }: { Body: string }) => JSON.parse(Body));
}

test(
  'a completed, a proved, a pruned, a disproved and a failed backup each reach the target of a rule, as documented',
  async () => {
    const backUp = async () => JSON.parse((await sandbox.fire('orders-backup')).payload);
    const first = (await backUp()).backup;
    const drilled = await sandbox.fire('orders-backup-drill');
    expect(drilled.functionError === undefined ? '' : drilled.payload).toBe('');
    const unsent = sandbox.invocations.flatMap(({ log }) =>
      log.split('\n').filter((line) => line.includes('not-sent')),
    );
    expect(unsent).toEqual([]);
    expect((await received('all-events')).map(summary)).toEqual([
      ['Backup Completed', first],
      ['Backup Proved', first],
    ]);

    sandbox.setClock('+31d');
    const second = (await backUp()).backup;
    const key = `backups/orders/${second}/000001`;
    const part = await sandbox.storage.get(BUCKET, key);
    part[10] = 255 - part[10];
    await sandbox.storage.put(BUCKET, key, part);
    await sandbox.fire('orders-backup-drill');
    await server.stop();
    expect((await backUp()).errorType).toBeDefined();
    const events = await received('all-events');
    const failed = events.find((event) => event['detail-type'] === 'Backup Failed')?.detail.backup;
    expect(new Set(events.map((event) => summary(event).join(' ')))).toEqual(
      new Set([
        `Backup Completed ${second}`,
        `Backups Pruned ${first}`,
        `Backup Disproved ${second}`,
        `Backup Failed ${failed}`,
      ]),
    );
    expect(failed).not.toBe(second);

    // The rule of the page took the failed ones alone.
    const taken = await received('failed-backups');
    expect(taken.map(summary)).toEqual(taken.map(() => ['Backup Failed', failed]));
    expect(taken.length).toBeGreaterThan(0);
  },
  15 * MINUTE,
);

function summary(event: any): string[] {
  expect(eventErrors(event)).toEqual([]);
  expect(event.detail).toMatchObject({ database: 'orders', schedule: 'orders-backup' });
  return [event['detail-type'], event.detail.backup ?? event.detail.deleted.join(' ')];
}

test('the rule that is deployed is the one of the page', async () => {
  const withoutIndent = (text: string) => text.replace(/^ +/gm, '').trim();
  const [example] = blocksOf('docs/events.md', 'ts');
  expect(withoutIndent(await readFile(path.join(PROGRAM, 'main.ts'), 'utf8'))).toContain(withoutIndent(example));
});
