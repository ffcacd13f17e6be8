import { spawn } from 'node:child_process';
import { createServer, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import { brokenRequests } from '../../../bench/aws/broken-requests';
import { ModelCheck } from '../../../sandbox/aws/model/model-check';
import { MotoProgram } from '../../../sandbox/moto';

const ROOT = path.join(__dirname, '..', '..', '..');

/** Inputs of operations of every form that AWS speaks. */
const SEEN: readonly [service: string, operation: string, input: Record<string, unknown>][] = [
  ['iam', 'CreateRole', { RoleName: 'r', AssumeRolePolicyDocument: '{}', Tags: [{ Key: 'a', Value: 'b' }] }],
  ['rds', 'CreateDBInstance', { DBInstanceIdentifier: 'a', DBInstanceClass: 'db.t4g.micro', Engine: 'postgres' }],
  ['ec2', 'AuthorizeSecurityGroupIngress', { GroupId: 'sg-1' }],
  ['ec2', 'DescribeSecurityGroups', {}],
  ['secretsmanager', 'CreateSecret', { Name: 'a', SecretString: 'text' }],
  [
    'monitoring',
    'PutMetricAlarm',
    { AlarmName: 'a', EvaluationPeriods: '1', Threshold: '0.5', ComparisonOperator: 'LessThanThreshold' },
  ],
  ['logs', 'PutRetentionPolicy', { logGroupName: 'a', retentionInDays: 30 }],
  [
    ...(['scheduler', 'CreateSchedule'] as const),
    {
      ...{ Name: 'a', ScheduleExpression: 'rate(1 hour)', FlexibleTimeWindow: { Mode: 'OFF' } },
      Target: { Arn: 'arn:aws:lambda:us-east-1:123456789012:function:f', RoleArn: 'arn:aws:iam::123456789012:role/r' },
    },
  ],
  ['lambda', 'CreateFunction', { FunctionName: 'f', Role: 'arn:aws:iam::123456789012:role/r', Code: {} }],
  ['lambda', 'Invoke', { FunctionName: 'f' }],
  ['s3', 'PutObject', { Bucket: 'b', Key: 'k' }],
];

let check: ModelCheck;
let server: Server;
let program: MotoProgram;

beforeAll(async () => {
  program = await MotoProgram.locate(path.join(ROOT, '.cache'));
  check = new ModelCheck(program.models);
  server = createServer(async (incoming, response) => {
    const { method, url, headers } = incoming;
    const body = Buffer.concat(await incoming.toArray());
    const refusal = check.refusal({ method: method!, url: url!, headers, body });
    response.writeHead(refusal?.status ?? 200, refusal?.headers);
    response.end(refusal?.body ?? '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test('a request of AWS’s own client that breaks a constraint is refused by it, for each kind and form', async () => {
  const requests = SEEN.flatMap(([service, operation, input]) =>
    brokenRequests(program.models.find(service)!, { service, operation, input, calls: 1, violations: [] }),
  );
  expect(new Set(requests.map(({ kind }) => kind))).toEqual(
    new Set(['required', 'min-length', 'max-length', 'min-value', 'max-value', 'pattern', 'enum']),
  );

  const sender = path.join(ROOT, 'bench', 'aws', 'send-requests.py');
  const child = spawn(program.python, [sender], { stdio: ['pipe', 'pipe', 'inherit'] });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  child.stdin.end(JSON.stringify({ endpoint, requests }));
  const answers: { status: number; message: string }[] = JSON.parse(await text(child.stdout));

  const wrong = requests
    .map((request, index) => ({ ...request, ...answers[index] }))
    .filter(({ says, message, status }) => status !== 400 || !message.includes(says));
  expect(
    wrong.map(({ service, operation, kind, says, status, message }) => [
      service,
      operation,
      kind,
      says,
      status,
      message,
    ]),
  ).toEqual([]);
});
