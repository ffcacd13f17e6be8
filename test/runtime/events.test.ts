import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Upstream } from '../../sandbox/aws/upstream';
import { Moto, MotoProgram } from '../../sandbox/moto';
import { backUp } from '../../src/runtime/actions/back-up';
import { publishEvents } from '../../src/runtime/events';
import { eventErrors, eventFields } from '../support/event-schema';

const REGION = 'us-east-1';
const QUEUE = `arn:aws:sqs:${REGION}:123456789012:backups`;

let directory: string;
let moto: Moto;
let aws: Upstream;
const before = { ...process.env };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'events-'));
  const program = await MotoProgram.locate(join(__dirname, '../../.cache'));
  moto = await Moto.start({ name: 'moto', program, logFile: join(directory, 'moto.log') });
  aws = new Upstream(moto.endpoint, REGION);
  Object.assign(process.env, { AWS_ENDPOINT_URL: moto.endpoint, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' });
  await call('sqs', 'AmazonSQS.CreateQueue', { QueueName: 'backups' });
  // The example of the page.
  const page = await readFile(join(__dirname, '../../docs/events.md'), 'utf8');
  const [, pattern] = /```json\n(\{\n {2}"source"[^]*?)```/.exec(page)!;
  await call('events', 'AWSEvents.PutRule', { Name: 'backups', EventPattern: pattern });
  await call('events', 'AWSEvents.PutTargets', { Rule: 'backups', Targets: [{ Id: 'queue', Arn: QUEUE }] });
});

afterAll(async () => {
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  await moto?.stop();
  await rm(directory, { recursive: true });
});

async function call(service: string, target: string, body: object): Promise<any> {
  return JSON.parse((await aws.call(service, 'POST', '/', { target, body })).toString() || '{}');
}

async function received(): Promise<any[]> {
  const QueueUrl = 'http://localhost/123456789012/backups';
  const { Messages = [] } = await call('sqs', 'AmazonSQS.ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
  for (const { ReceiptHandle } of Messages) await call('sqs', 'AmazonSQS.DeleteMessage', { QueueUrl, ReceiptHandle });
  return Messages.map(({ Body }: { Body: string }) => JSON.parse(Body));
}

function recordingLog() {
  const warnings: [string, any][] = [];
  return {
    warnings,
    log: { info: () => undefined, warn: (event: string, facts: any) => void warnings.push([event, facts]) },
  };
}

test('a backup that fails sends its event, which the rule of the documentation takes', async () => {
  const { log } = recordingLog();
  const runtime = { now: () => new Date('2026-11-22T03:00:05Z'), remainingMs: () => Infinity, region: REGION, log };
  const database = { identifier: 'orders', endpoint: 'nowhere', credentials: { kind: 'environment' } };
  const request = { action: 'back-up', retentionDays: 30, dueAt: '2026-11-22T03:00:00Z', schedule: 'orders-backup' };

  const failure = backUp({ ...request, database, events: true } as never, runtime as never);

  await expect(failure).rejects.toThrow('PGUSER');
  const events = await received();
  expect(events.flatMap(eventErrors)).toEqual([]);
  expect(events).toMatchObject([
    {
      source: 'cdktf-managed-database',
      'detail-type': 'Backup Failed',
      detail: {
        ...{ format: 1, database: 'orders', schedule: 'orders-backup', backup: '20261122T030000Z' },
        reason: expect.stringContaining('PGUSER'),
      },
    },
  ]);
});

test('sends nothing unless the request asks for it', async () => {
  const { log } = recordingLog();
  const runtime = { now: () => new Date(), remainingMs: () => Infinity, region: REGION, log };
  const database = { identifier: 'orders', endpoint: 'nowhere', credentials: { kind: 'environment' } };
  await expect(backUp({ action: 'back-up', retentionDays: 30, database } as never, runtime as never)).rejects.toThrow();
  expect(await received()).toEqual([]);
});

test('sends several events at once; what the rule does not name is not taken', async () => {
  const { log, warnings } = recordingLog();
  const subject = { database: 'orders', schedule: 'orders-backup' };
  await publishEvents(
    [
      { type: 'Backup Completed', detail: { ...subject, backup: '20261122T030000Z', durationMs: 5 } },
      { type: 'Backup Failed', detail: { ...subject, backup: '20261121T030000Z', reason: 'The disk was full.' } },
    ],
    REGION,
    log,
  );
  expect(warnings).toEqual([]);
  expect((await received()).map((event) => event['detail-type'])).toEqual(['Backup Failed']);
});

/** What the log says where this is the address of EventBridge. */
async function warningsFrom(endpoint: string): Promise<[string, any][]> {
  const { log, warnings } = recordingLog();
  process.env.AWS_ENDPOINT_URL = endpoint;
  await publishEvents([{ type: 'Backups Pruned', detail: { database: 'orders', deleted: [], kept: 1 } }], REGION, log);
  process.env.AWS_ENDPOINT_URL = moto.endpoint;
  return warnings;
}

test('a bus that cannot be reached is a warning, no failure, and the advice is a route', async () => {
  expect(await warningsFrom('http://127.0.0.1:1')).toMatchObject([
    ['events-not-sent', { types: ['Backups Pruned'], remedy: expect.stringContaining('needs a route to EventBridge') }],
  ]);
});

const refusal = (code: string) => ({ FailedEntryCount: 1, Entries: [{ ErrorCode: code, ErrorMessage: 'No.' }] });

test.each([
  ['AccessDeniedException', 400, { __type: 'AccessDeniedException', message: 'No.' }, 'Allow events:PutEvents'],
  ['ValidationException', 400, { __type: 'ValidationException', message: 'No.' }, 'look it up'],
  ['that it refuses an event', 200, refusal('NotAuthorizedForSourceException'), 'Allow events:PutEvents'],
])('where EventBridge answers %s, the advice is no route', async (_, status, answer, advice) => {
  const bus = createServer((__, response) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => bus.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = bus.address() as AddressInfo;
    expect(await warningsFrom(`http://127.0.0.1:${port}`)).toMatchObject([
      ['events-not-sent', { reason: expect.stringContaining('No.'), remedy: expect.stringContaining(advice) }],
    ]);
  } finally {
    bus.close();
  }
});

test('the table of the page has the events and the fields of the schema', async () => {
  const page = await readFile(join(__dirname, '../../docs/events.md'), 'utf8');
  // What stands in parentheses describes the field before it.
  const rows = [...page.matchAll(/^\| (each|`[^`]+`) \| (.*) \|$/gm)].map(([, type, fields]) => [
    type.replaceAll('`', ''),
    [...fields.replace(/\([^)]*\)/g, '').matchAll(/`(\w+)`/g)].map(([, name]) => name),
  ]);
  const { each, ...events } = Object.fromEntries(rows) as Record<string, string[]>;
  const documented = Object.entries(events).map(([type, fields]) => [type, [...each, ...fields]]);
  expect(Object.fromEntries(documented)).toEqual(eventFields());
});
