import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { CreateFunctionCommand, LambdaClient, PutFunctionEventInvokeConfigCommand } from '@aws-sdk/client-lambda';
import { CreateScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { ZipFile } from 'yazl';
import { Gateway } from '../../../sandbox/aws/gateway';
import { LambdaService } from '../../../sandbox/aws/lambda';
import { LogsService } from '../../../sandbox/aws/logs';
import { SchedulerService, ScheduleTrigger } from '../../../sandbox/aws/scheduler';
import { Upstream } from '../../../sandbox/aws/upstream';
import { LambdaHost } from '../../../sandbox/lambda/host';
import { Moto, MotoProgram } from '../../../sandbox/moto';

const REGION = 'us-east-1';
const ROLE = 'arn:aws:iam::123456789012:role/orders';
const QUEUE = `arn:aws:sqs:${REGION}:123456789012:failures`;
const OTHER_QUEUE = `arn:aws:sqs:${REGION}:123456789012:others`;

/** Fails as often as its input says, then answers. Its process stays warm after a failure, as on Lambda. */
const PROGRAM = `exports.handler = async ({ failures, run }, context) => {
  console.log('attempt of', run, 'in', context.awsRequestId);
  globalThis.attempts = { ...globalThis.attempts, [run]: (globalThis.attempts?.[run] ?? 0) + 1 };
  if (globalThis.attempts[run] <= failures) throw new Error('attempt ' + globalThis.attempts[run]);
  return globalThis.attempts[run];
};`;

let directory: string;
let moto: Moto;
let upstream: Upstream;
let gateway: Gateway;
let host: LambdaHost;
let lambda: LambdaService;
let trigger: ScheduleTrigger;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'events-test-'));
  const program = await MotoProgram.locate(path.join(__dirname, '..', '..', '..', '.cache'));
  moto = await Moto.start({ name: 'moto', program, logFile: path.join(directory, 'moto.log') });
  upstream = new Upstream(moto.endpoint, REGION);
  gateway = await Gateway.start(upstream, program.models, path.join(directory, 'gateway.log'));
  host = new LambdaHost({ directory: path.join(directory, 'lambda'), region: REGION, hostEnvironment: {} });
  const logs = new LogsService(upstream, gateway.permissions, () => new Date());
  lambda = new LambdaService(upstream, host, gateway.permissions, logs);
  gateway.add(lambda);
  gateway.add(new SchedulerService(upstream, gateway.permissions));
  trigger = new ScheduleTrigger(upstream, lambda, () => new Date());

  await createRole('orders', ['lambda.amazonaws.com', 'scheduler.amazonaws.com']);
  await createRole('untrusting', ['ec2.amazonaws.com']);
  const Statement = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: QUEUE };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam({ Action: 'PutRolePolicy', RoleName: 'orders', PolicyName: 'failures', PolicyDocument });
  await upstream.call('sqs', 'POST', '/', { target: 'AmazonSQS.CreateQueue', body: { QueueName: 'failures' } });

  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(PROGRAM), 'index.js');
  zip.end();
  await functions(
    new CreateFunctionCommand({
      ...{ FunctionName: 'orders', Role: ROLE, Runtime: 'nodejs22.x', Handler: 'index.handler', Publish: true },
      Code: { ZipFile: await buffer(zip.outputStream) },
    }),
  );
});

afterAll(async () => {
  await host?.close();
  await gateway?.stop();
  await moto?.stop();
  await rm(directory, { recursive: true });
});

test('a failed event is repeated as often as the settings of its version say', async () => {
  await retries(1);
  await schedule('twice', { failures: 1, run: 'twice' });

  const { attempts, functionError, payload } = await trigger.fire('twice');

  expect({ attempts, functionError, payload }).toEqual({ attempts: 2, functionError: undefined, payload: '2' });
  // THEN both attempts were the same invocation to the program.
  const logs = lambda.invocations.filter(({ request }) => request.includes('"twice"')).map(({ log }) => log);
  expect(new Set(logs.map((log) => /attempt of twice in (\S+)/.exec(log)![1])).size).toBe(1);
});

test('an event that fails for good ends at the destination for failures', async () => {
  await retries(1, QUEUE);
  await schedule('lost', { failures: 9, run: 'lost' });

  const { attempts, functionError } = await trigger.fire('lost');

  expect({ attempts, functionError }).toEqual({ attempts: 2, functionError: 'Unhandled' });
  expect(JSON.parse(await nextMessage())).toMatchObject({
    requestContext: {
      functionArn: `arn:aws:lambda:${REGION}:123456789012:function:orders:1`,
      condition: 'RetriesExhausted',
      approximateInvokeCount: 2,
    },
    requestPayload: { failures: 9, run: 'lost' },
    responseContext: { functionError: 'Unhandled' },
    responsePayload: { errorMessage: 'attempt 2' },
  });
});

test('an event without settings is repeated twice, and one may be delivered twice', async () => {
  await schedule('latest', { failures: 2, run: 'latest' }, 'orders');
  expect(await trigger.fire('latest')).toMatchObject({ attempts: 3, payload: '3' });

  await schedule('double', { failures: 0, run: 'double' });
  await trigger.fire('double', { twice: true });
  expect(lambda.invocations.filter(({ request }) => request.includes('"double"'))).toHaveLength(2);
});

test('fails to set a destination that the role may not write to', async () => {
  await expect(retries(1, OTHER_QUEUE)).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
    message: `The function's execution role does not have permissions to call SendMessage on ${OTHER_QUEUE}`,
  });
});

test('fails with a role that Lambda or Scheduler may not assume', async () => {
  const Role = ROLE.replace('orders', 'untrusting');
  const Code = { ZipFile: Buffer.from('zip') };
  await expect(
    functions(new CreateFunctionCommand({ FunctionName: 'other', Role, Runtime: 'nodejs22.x', Handler: 'a.b', Code })),
  ).rejects.toThrow('The role defined for the function cannot be assumed by Lambda.');
  await expect(schedule('other', {}, 'orders:1', Role)).rejects.toThrow(
    'must allow AWS EventBridge Scheduler to assume',
  );
});

async function createRole(RoleName: string, Service: string[]): Promise<void> {
  const Statement = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service } };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam({ Action: 'CreateRole', RoleName, AssumeRolePolicyDocument });
}

async function retries(MaximumRetryAttempts: number, Destination?: string): Promise<void> {
  const DestinationConfig = Destination ? { OnFailure: { Destination } } : undefined;
  const setting = { FunctionName: 'orders', Qualifier: '1', MaximumRetryAttempts, DestinationConfig };
  await functions(new PutFunctionEventInvokeConfigCommand(setting));
}

async function schedule(Name: string, input: object, target = 'orders:1', RoleArn = ROLE): Promise<void> {
  const client = new SchedulerClient(settings());
  const created = client.send(
    new CreateScheduleCommand({
      ...{ Name, ScheduleExpression: 'cron(0 3 * * ? *)', FlexibleTimeWindow: { Mode: 'OFF' } },
      Target: {
        Arn: `arn:aws:lambda:${REGION}:123456789012:function:${target}`,
        RoleArn,
        Input: JSON.stringify(input),
      },
    }),
  );
  await created.finally(() => client.destroy());
}

async function functions(command: any): Promise<void> {
  const client = new LambdaClient(settings());
  await client.send(command).finally(() => client.destroy());
}

function settings() {
  const credentials = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' };
  return { endpoint: gateway.endpoint, region: REGION, credentials, maxAttempts: 1 };
}

async function iam(parameters: Record<string, string>): Promise<void> {
  await upstream.call('iam', 'GET', `/?${new URLSearchParams({ ...parameters, Version: '2010-05-08' })}`);
}

async function nextMessage(): Promise<string> {
  const answer = await upstream.call('sqs', 'POST', '/', {
    target: 'AmazonSQS.ReceiveMessage',
    body: { QueueUrl: 'http://localhost/123456789012/failures' },
  });
  return JSON.parse(answer.toString()).Messages[0].Body;
}
