import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { GetFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AwsRequest, addressedTo } from '../../../sandbox/aws/message';
import { ModelCheck, SeenOperation } from '../../../sandbox/aws/model/model-check';
import { ServiceModels } from '../../../sandbox/aws/model/service-model';
import { MotoProgram } from '../../../sandbox/moto';

let models: ServiceModels;
let check: ModelCheck;
let server: Server;

beforeAll(async () => {
  models = (await MotoProgram.locate(path.join(__dirname, '..', '..', '..', '.cache'))).models;
});

beforeEach(async () => {
  check = new ModelCheck(models);
  // Answers with the refusal, or with nothing where the request keeps to the model.
  server = createServer(async (incoming, response) => {
    const { method, url, headers } = incoming;
    const body = Buffer.concat(await incoming.toArray());
    const refusal = check.refusal({ method: method!, url: url!, headers, body });
    response.writeHead(refusal?.status ?? 200, { 'content-type': 'application/json', ...refusal?.headers });
    response.end(refusal?.body ?? '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('requests in every form that AWS speaks are understood', () => {
  test('JSON under one path: Secrets Manager', async () => {
    const client = new SecretsManagerClient(settings());
    await client.send(
      new CreateSecretCommand({ Name: 'storage', SecretString: 'text', Tags: [{ Key: 'a', Value: 'b' }] }),
    );
    client.destroy();
    expect(onlyOperation()).toMatchObject({
      operation: 'CreateSecret',
      input: { Name: 'storage', SecretString: 'text', Tags: [{ Key: 'a', Value: 'b' }] },
    });
  });

  test('JSON with paths: Lambda, and a body that is no JSON', async () => {
    const client = new LambdaClient(settings());
    await client.send(
      new GetFunctionCommand({ FunctionName: 'arn:aws:lambda:eu-west-1:123456789012:function:f', Qualifier: '3' }),
    );
    await client.send(new InvokeCommand({ FunctionName: 'f', InvocationType: 'Event', Payload: '{"a":1}' }));
    client.destroy();
    expect(check.seen).toMatchObject([
      {
        operation: 'GetFunction',
        input: { FunctionName: 'arn:aws:lambda:eu-west-1:123456789012:function:f', Qualifier: '3' },
      },
      { operation: 'Invoke', input: { FunctionName: 'f', InvocationType: 'Event' } },
    ]);
  });

  test('JSON with paths: Scheduler', async () => {
    const client = new SchedulerClient(settings());
    await client.send(new GetScheduleCommand({ Name: 'nightly', GroupName: 'default' }));
    client.destroy();
    expect(onlyOperation()).toMatchObject({
      operation: 'GetSchedule',
      input: { Name: 'nightly', GroupName: 'default' },
    });
  });

  test('CloudWatch, as the command line speaks to it', async () => {
    const client = new CloudWatchClient(settings());
    await client.send(new DescribeAlarmsCommand({ AlarmNames: ['age'] })).catch(() => undefined);
    client.destroy();
    expect(check.unchecked).toEqual([]);
    expect(onlyOperation()).toMatchObject({ operation: 'DescribeAlarms', input: { AlarmNames: ['age'] } });
  });

  test('S3: operations of one path, told apart by headers and query', async () => {
    const client = new S3Client({ ...settings(), forcePathStyle: true });
    await client.send(new PutObjectCommand({ Bucket: 'b', Key: 'a/b c', Body: 'text' }));
    await client.send(new GetObjectCommand({ Bucket: 'b', Key: 'a/b c' }));
    await client.send(new ListObjectsV2Command({ Bucket: 'b', Prefix: 'a/' })).catch(() => undefined);
    client.destroy();
    expect(check.seen.map(({ operation, input }) => [operation, input.Key ?? input.Prefix])).toEqual([
      ['PutObject', 'a/b c'],
      ['GetObject', 'a/b c'],
      ['ListObjectsV2', 'a/'],
    ]);
  });

  test('parameters of a form: RDS, IAM, EC2', () => {
    const rds =
      'Action=CreateDBInstance&DBInstanceIdentifier=orders&DBInstanceClass=c&Engine=postgres&VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-1&Tags.Tag.1.Key=a';
    ask('rds', rds);
    ask(
      'iam',
      'Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=%7B%7D&Tags.member.1.Key=a&Tags.member.1.Value=b',
    );
    ask(
      'ec2',
      'Action=AuthorizeSecurityGroupEgress&GroupId=sg-1&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0',
    );
    expect(check.seen.map(({ input }) => input)).toEqual([
      {
        ...{ DBInstanceIdentifier: 'orders', DBInstanceClass: 'c', Engine: 'postgres' },
        ...{ VpcSecurityGroupIds: ['sg-1'], Tags: [{ Key: 'a' }] },
      },
      { RoleName: 'r', AssumeRolePolicyDocument: '{}', Tags: [{ Key: 'a', Value: 'b' }] },
      { GroupId: 'sg-1', IpPermissions: [{ IpProtocol: 'tcp', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }] },
    ]);
  });

  test('what has no model is named', () => {
    ask('no-such-service', 'Action=Do');
    expect(check.unchecked).toEqual(['no-such-service POST /']);
    expect(check.seen).toEqual([]);
  });
});

describe('a request against the model is refused as AWS refuses it', () => {
  test.each([
    [
      'something missing',
      'rds',
      'Action=DeleteDBInstance',
      'MissingParameter',
      "Value null at 'dBInstanceIdentifier' failed",
    ],
    [
      'a name too long',
      'iam',
      `Action=GetRole&RoleName=${'r'.repeat(65)}`,
      'ValidationError',
      'length less than or equal to 64',
    ],
    ['a name too short', 'iam', 'Action=GetRole&RoleName=', 'ValidationError', 'length greater than or equal to 1'],
    [
      'a character that is none',
      'iam',
      'Action=GetRole&RoleName=a%2Fb',
      'ValidationError',
      'regular expression pattern',
    ],
    [
      'a number too large',
      'iam',
      'Action=ListRoles&MaxItems=1001',
      'ValidationError',
      'value less than or equal to 1000',
    ],
    ['a number too small', 'iam', 'Action=ListRoles&MaxItems=0', 'ValidationError', 'value greater than or equal to 1'],
    [
      'a word that is none',
      'ec2',
      'Action=DescribeSubnets&Filter.1.Name=a&DryRun=perhaps',
      'InvalidParameterValue',
      'not of type boolean',
    ],
    [
      'a list too short',
      'ec2',
      'Action=DescribeVpcs&MaxResults=4',
      'InvalidParameterValue',
      'value greater than or equal to 5',
    ],
  ])('%s: %s', (_what, service, body, code, text) => {
    const refusal = ask(service, body)!;
    expect(refusal.status).toBe(400);
    expect(refusal.body.toString()).toContain(`<Code>${code}</Code>`);
    expect(refusal.body.toString()).toContain(text);
  });

  test('with the name that the SDK gives the error, and nothing of a secret value', async () => {
    const client = new SecretsManagerClient(settings());
    const create = client.send(new CreateSecretCommand({ Name: 'storage', SecretString: 'hush'.repeat(20_000) }));
    await expect(create).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(create).rejects.toThrow(
      "Value (hidden) at 'secretString' failed to satisfy constraint: Member must have",
    );
    client.destroy();
  });

  test('deep in a structure', async () => {
    const client = new CloudWatchClient(settings());
    const Dimensions = [{ Name: '', Value: 'x' }];
    const put = client.send(
      new PutMetricAlarmCommand({
        AlarmName: 'a',
        ComparisonOperator: 'Wrong' as never,
        EvaluationPeriods: 1,
        Dimensions,
      }),
    );
    await expect(put).rejects.toThrow("at 'dimensions.1.member.name' failed to satisfy constraint");
    await expect(put).rejects.toThrow(
      "Value 'Wrong' at 'comparisonOperator' failed to satisfy constraint: Member must satisfy enum value set",
    );
    client.destroy();
  });
});

function settings() {
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' };
  return { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials, maxAttempts: 1 };
}

function ask(service: string, body: string) {
  const request: AwsRequest = {
    method: 'POST',
    url: '/',
    headers: addressedTo(service, 'us-east-1'),
    body: Buffer.from(body),
  };
  return check.refusal(request);
}

function onlyOperation(): SeenOperation {
  expect(check.seen).toHaveLength(1);
  return check.seen[0];
}
