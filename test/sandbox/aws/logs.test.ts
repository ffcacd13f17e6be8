import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { Gateway } from '../../../sandbox/aws/gateway';
import { LogsService } from '../../../sandbox/aws/logs';
import { Upstream } from '../../../sandbox/aws/upstream';
import { Moto, MotoProgram } from '../../../sandbox/moto';

const REGION = 'us-east-1';
const GROUP = '/aws/lambda/orders-backup';
const ARN = `arn:aws:lambda:${REGION}:123456789012:function:orders-backup:3`;
const MONTH_MS = 31 * 86_400_000;

let directory: string;
let moto: Moto;
let upstream: Upstream;
let gateway: Gateway;
let logs: LogsService;
let client: CloudWatchLogsClient;
let ahead = 0;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'logs-test-'));
  const program = await MotoProgram.locate(path.join(__dirname, '..', '..', '..', '.cache'));
  moto = await Moto.start({ name: 'moto', program, logFile: path.join(directory, 'moto.log') });
  upstream = new Upstream(moto.endpoint, REGION);
  gateway = await Gateway.start(upstream, program.models, path.join(directory, 'gateway.log'));
  logs = new LogsService(upstream, gateway.permissions, () => new Date(Date.now() + ahead));
  gateway.add(logs);
  client = new CloudWatchLogsClient({
    endpoint: gateway.endpoint,
    region: REGION,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  for (const role of ['writer', 'mute']) {
    await iam({ Action: 'CreateRole', RoleName: role, AssumeRolePolicyDocument: '{"Statement":[]}' });
  }
  const Resource = `arn:aws:logs:${REGION}:123456789012:log-group:${GROUP}:*`;
  const Statement = [{ Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam({ Action: 'PutRolePolicy', RoleName: 'writer', PolicyName: 'run', PolicyDocument });
});
afterAll(async () => {
  client?.destroy();
  await gateway?.stop();
  await moto?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function iam(parameters: Record<string, string>): Promise<void> {
  await upstream.call('iam', 'GET', `/?${new URLSearchParams({ ...parameters, Version: '2010-05-08' })}`);
}

async function write(role: string, log: string): Promise<void> {
  await logs.write({ functionArn: ARN, version: '3', roleArn: `arn:aws:iam::123456789012:role/${role}` }, log);
}

const found = async (input: object = {}) =>
  (await client.send(new FilterLogEventsCommand({ logGroupName: GROUP, ...input }))).events!.map(
    ({ message }) => message,
  );

test('fails where there is no group, and nothing that was written before is in it', async () => {
  await write('writer', 'START RequestId: 1 Version: 3\n');
  await expect(found()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  const target = 'Logs_20140328.CreateLogGroup';
  await upstream.call('logs', 'POST', '/', { target, body: { logGroupName: GROUP } });
  expect(await found()).toEqual([]);
});

test('a role without the permission writes nothing; one with it is found by time and by the field of a JSON line', async () => {
  await write('mute', 'START RequestId: 2 Version: 3\n');
  await write('writer', 'START RequestId: 3 Version: 3\n{"event":"a","backup":"x"}\n{"event":"b","backup":"y"}\n');
  expect(await found()).toEqual([
    'START RequestId: 3 Version: 3',
    '{"event":"a","backup":"x"}',
    '{"event":"b","backup":"y"}',
  ]);
  expect(await found({ filterPattern: '{ $.backup = "y" }' })).toEqual(['{"event":"b","backup":"y"}']);

  ahead = MONTH_MS;
  await write('writer', 'later\n');
  expect(await found({ startTime: Date.now() + MONTH_MS / 2 })).toEqual(['later']);
  expect(await found({ endTime: Date.now() + MONTH_MS / 2 })).toHaveLength(3);
});

test('fails on a pattern that it does not know', async () => {
  await expect(found({ filterPattern: '{ $.a > 1 }' })).rejects.toMatchObject({ name: 'InvalidParameterException' });
});
