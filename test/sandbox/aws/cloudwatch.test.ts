import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  PutMetricAlarmCommand,
  PutMetricAlarmCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { CloudWatchService } from '../../../sandbox/aws/cloudwatch';
import { Gateway } from '../../../sandbox/aws/gateway';
import { LogsService } from '../../../sandbox/aws/logs';
import { Upstream } from '../../../sandbox/aws/upstream';
import { Moto, MotoProgram } from '../../../sandbox/moto';
import { JsonLog } from '../../../src/runtime/log';
import { emitMetrics } from '../../../src/runtime/metrics';

const REGION = 'us-east-1';
const ACCOUNT = '123456789012';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/writer`;
const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:on-call`;
const QUEUE_URL = `http://localhost/${ACCOUNT}/on-call`;
const MINUTE = 60_000;

let directory: string;
let moto: Moto;
let upstream: Upstream;
let gateway: Gateway;
let logs: LogsService;
let client: CloudWatchClient;
let time = Date.parse('2026-11-22T03:00:00Z');

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'cloudwatch-test-'));
  const program = await MotoProgram.locate(path.join(__dirname, '..', '..', '..', '.cache'));
  moto = await Moto.start({ name: 'moto', program, logFile: path.join(directory, 'moto.log') });
  upstream = new Upstream(moto.endpoint, REGION);
  gateway = await Gateway.start(upstream, program.models, path.join(directory, 'gateway.log'));
  const now = () => new Date(time);
  const cloudWatch = new CloudWatchService(upstream, now);
  logs = new LogsService(upstream, gateway.permissions, now, async (lines) => cloudWatch.takeLines(lines));
  gateway.add(cloudWatch);
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  client = new CloudWatchClient({ endpoint: gateway.endpoint, region: REGION, credentials });

  const call = async (service: string, url: Record<string, string>) =>
    upstream.call(service, 'GET', `/?${new URLSearchParams(url)}`);
  await call('iam', {
    Action: 'CreateRole',
    RoleName: 'writer',
    AssumeRolePolicyDocument: '{}',
    Version: '2010-05-08',
  });
  const Statement = { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: '*' };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  const policy = { Action: 'PutRolePolicy', RoleName: 'writer', PolicyName: 'run', PolicyDocument };
  await call('iam', { ...policy, Version: '2010-05-08' });
  const target = 'Logs_20140328.CreateLogGroup';
  await upstream.call('logs', 'POST', '/', { target, body: { logGroupName: '/aws/lambda/orders-backup' } });
  await upstream.call('sqs', 'POST', '/', { target: 'AmazonSQS.CreateQueue', body: { QueueName: 'on-call' } });
  await call('sns', { Action: 'CreateTopic', Name: 'on-call', Version: '2010-03-31' });
  const queue = { Protocol: 'sqs', Endpoint: `arn:aws:sqs:${REGION}:${ACCOUNT}:on-call` };
  await call('sns', { Action: 'Subscribe', TopicArn: TOPIC, ...queue, Version: '2010-03-31' });

  const alarm = {
    ...{ Namespace: 'ManagedDatabase', Statistic: 'Minimum', ActionsEnabled: true },
    Dimensions: [
      { Name: 'Database', Value: 'orders' },
      { Name: 'Schedule', Value: 'orders-backup' },
    ],
    ...{ AlarmActions: [TOPIC], OKActions: [TOPIC], InsufficientDataActions: [TOPIC] },
  } satisfies Partial<PutMetricAlarmCommandInput>;
  const failure = { MetricName: 'BackupFailed', Threshold: 1, ComparisonOperator: 'GreaterThanOrEqualToThreshold' };
  const failureTimes = { Period: 300, EvaluationPeriods: 1, TreatMissingData: 'ignore' };
  const age = { MetricName: 'BackupAge', Threshold: 172_800, ComparisonOperator: 'GreaterThanThreshold' };
  const ageTimes = { Period: 3600, EvaluationPeriods: 2, TreatMissingData: 'missing' };
  await client.send(
    new PutMetricAlarmCommand({ ...alarm, ...failure, ...failureTimes, AlarmName: 'failure' } as never),
  );
  await client.send(new PutMetricAlarmCommand({ ...alarm, ...age, ...ageTimes, AlarmName: 'age' } as never));
});

afterAll(async () => {
  client?.destroy();
  await gateway?.stop();
  await moto?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** What a run logs, as the program writes it. */
async function run(values: Parameters<typeof emitMetrics>[1], schedule = 'orders-backup'): Promise<void> {
  const lines: string[] = ['START RequestId: 1 Version: 3'];
  emitMetrics(new JsonLog((line) => lines.push(line)), values, { database: 'orders', schedule }, new Date(time));
  const functionArn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:orders-backup:3`;
  await logs.write({ functionArn, version: '3', roleArn: ROLE }, `${lines.join('\n')}\n`);
}

async function states(): Promise<Record<string, string | undefined>> {
  const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({}));
  return Object.fromEntries(MetricAlarms.map(({ AlarmName, StateValue }) => [AlarmName, StateValue]));
}

/** Alarm and state of each notification since the last call. */
async function notified(): Promise<string[]> {
  const call = async (operation: string, body: object) =>
    JSON.parse(
      (await upstream.call('sqs', 'POST', '/', { target: `AmazonSQS.${operation}`, body })).toString() || '{}',
    );
  const { Messages = [] } = await call('ReceiveMessage', { QueueUrl: QUEUE_URL, MaxNumberOfMessages: 10 });
  for (const { ReceiptHandle } of Messages) await call('DeleteMessage', { QueueUrl: QUEUE_URL, ReceiptHandle });
  return Messages.map(({ Body }: { Body: string }) => {
    const { AlarmName, NewStateValue } = JSON.parse(JSON.parse(Body).Message);
    return `${AlarmName} ${NewStateValue}`;
  }).sort();
}

test('a new alarm has no data; a good run, a failed one and a good one are each notified once', async () => {
  expect(await states()).toEqual({ failure: 'INSUFFICIENT_DATA', age: 'INSUFFICIENT_DATA' });
  expect(await notified()).toEqual([]);

  await run({ BackupAge: 0, BackupFailed: 0 });
  expect(await states()).toEqual({ failure: 'OK', age: 'OK' });
  expect(await notified()).toEqual(['age OK', 'failure OK']);

  time += 10 * MINUTE;
  await run({ BackupFailed: 1 });
  // Lambda repeats it.
  await run({ BackupFailed: 1 });
  expect(await states()).toEqual({ failure: 'ALARM', age: 'OK' });
  expect(await notified()).toEqual(['failure ALARM']);

  time += 10 * MINUTE;
  expect(await states()).toEqual({ failure: 'ALARM', age: 'OK' });
  await run({ BackupAge: 0, BackupFailed: 0 });
  expect(await states()).toEqual({ failure: 'OK', age: 'OK' });
  expect(await notified()).toEqual(['failure OK']);
});

test('another schedule changes nothing; what nobody reports is noticed when the clock is set ahead', async () => {
  time += 10 * MINUTE;
  await run({ BackupFailed: 1 }, 'second');
  expect(await states()).toEqual({ failure: 'OK', age: 'OK' });

  time += 24 * 60 * MINUTE;
  expect(await states()).toEqual({ failure: 'OK', age: 'INSUFFICIENT_DATA' });
  await run({ BackupAge: 200_000 });
  expect(await states()).toEqual({ failure: 'OK', age: 'OK' });
  time += 60 * MINUTE;
  await run({ BackupAge: 203_600 });
  expect(await states()).toEqual({ failure: 'OK', age: 'ALARM' });
  expect(await notified()).toEqual(['age ALARM', 'age INSUFFICIENT_DATA', 'age OK']);
});

test('an alarm whose actions are off changes its state and notifies nobody; the switch and a new definition keep the state', async () => {
  await client.send(new DisableAlarmActionsCommand({ AlarmNames: ['age', 'no such alarm'] }));
  expect(await states()).toEqual({ failure: 'OK', age: 'ALARM' });
  await run({ BackupAge: 0 });
  expect(await states()).toEqual({ failure: 'OK', age: 'OK' });
  expect(await notified()).toEqual([]);

  await client.send(new EnableAlarmActionsCommand({ AlarmNames: ['age'] }));
  const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames: ['age'] }));
  expect(MetricAlarms).toMatchObject([{ ActionsEnabled: true, StateValue: 'OK' }]);
  const { AlarmName, Namespace, MetricName, Dimensions, Statistic, Period } = MetricAlarms[0];
  await client.send(
    new PutMetricAlarmCommand({
      ...{ AlarmName, Namespace, MetricName, Dimensions, Statistic, Period, AlarmActions: [TOPIC] },
      ...{ Threshold: 1, EvaluationPeriods: 2, ComparisonOperator: 'GreaterThanThreshold' },
    }),
  );
  expect(await states()).toEqual({ failure: 'OK', age: 'OK' });
});
