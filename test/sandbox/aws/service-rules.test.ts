import { ruleRefusal, SERVICE_RULES } from '../../../sandbox/aws/service-rules';

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
});
const POLICY = JSON.stringify({ Statement: { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' } });
const LONG_POLICY = JSON.stringify({
  Statement: { Effect: 'Allow', Action: 's3:GetObject', Resource: [...Array(2000)].map((_, index) => `arn${index}`) },
});

/** An input that AWS takes, by service and operation. */
const VALID: Record<string, Record<string, unknown>> = {
  'lambda CreateFunction': {
    ...{ FunctionName: 'orders-backup', Timeout: 900, MemorySize: 10_240, Runtime: 'nodejs22.x', Layers: ['arn'] },
    ...{ VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] }, Environment: { Variables: { A: 'b' } } },
  },
  'scheduler CreateSchedule': {
    ...{ ScheduleExpression: 'cron(0 3 * * ? *)', FlexibleTimeWindow: { Mode: 'OFF' } },
    Target: { Arn: 'arn:aws:lambda:us-east-1:123456789012:function:orders:1' },
  },
  'iam CreateRole': { AssumeRolePolicyDocument: TRUST },
  'iam PutRolePolicy': { PolicyDocument: POLICY },
  'iam CreatePolicy': { PolicyDocument: POLICY },
  'secretsmanager CreateSecret': { Name: 'orders/storage', SecretString: 'text' },
  'secretsmanager DeleteSecret': { RecoveryWindowInDays: 7 },
  'monitoring PutMetricAlarm': {
    ...{ Period: '3600', EvaluationPeriods: '48', AlarmActions: ['arn:aws:sns:us-east-1:123456789012:topic'] },
  },
  'monitoring PutDashboard': { DashboardBody: dashboard({}) },
  'logs PutRetentionPolicy': { retentionInDays: 30 },
  'ec2 CreateSecurityGroup': { GroupName: 'orders backup', Description: 'Backups of orders' },
  'ec2 AuthorizeSecurityGroupEgress': {
    IpPermissions: [{ IpProtocol: 'tcp', FromPort: '443', ToPort: '443', IpRanges: [{ CidrIp: '10.0.0.0/16' }] }],
  },
  'sns CreateTopic': { Name: 'failures' },
  'sqs CreateQueue': { QueueName: 'failures' },
};

/** What breaks each rule, and some of what AWS then says. */
const BROKEN: readonly [rule: string, call: string, changes: Record<string, unknown>, says: string][] = [
  ['lambda-function-name', 'lambda CreateFunction', { FunctionName: 'f'.repeat(65) }, 'more than 64'],
  ['lambda-timeout', 'lambda CreateFunction', { Timeout: 901 }, 'above 900'],
  ['lambda-memory', 'lambda CreateFunction', { MemorySize: 10_241 }, 'above 10240'],
  ['lambda-layers', 'lambda CreateFunction', { Layers: Array(6).fill('arn') }, 'at most 5 layers'],
  ['lambda-environment-size', 'lambda CreateFunction', { Environment: { Variables: { A: 'b'.repeat(4096) } } }, '4 KB'],
  [
    'lambda-reserved-variables',
    'lambda CreateFunction',
    { Environment: { Variables: { AWS_REGION: '' } } },
    'AWS_REGION',
  ],
  ['lambda-runtime', 'lambda CreateFunction', { Runtime: 'nodejs16.x' }, 'no longer supported'],
  ['lambda-subnets-with-groups', 'lambda CreateFunction', { VpcConfig: { SubnetIds: ['subnet-1'] } }, 'or neither'],
  ['schedule-expression', 'scheduler CreateSchedule', { ScheduleExpression: 'cron(0 3 * * * *)' }, 'Invalid Schedule'],
  ['schedule-expression', 'scheduler CreateSchedule', { ScheduleExpression: 'cron(0 3 ? * ? *)' }, 'Invalid Schedule'],
  ['schedule-expression', 'scheduler CreateSchedule', { ScheduleExpression: 'cron(? 3 * * ? *)' }, 'Invalid Schedule'],
  ['schedule-expression', 'scheduler CreateSchedule', { ScheduleExpression: 'rate(1 hours)' }, 'Invalid Schedule'],
  ['schedule-window', 'scheduler CreateSchedule', { FlexibleTimeWindow: { Mode: 'FLEXIBLE' } }, 'FLEXIBLE'],
  ['schedule-target', 'scheduler CreateSchedule', { Target: { Arn: 'orders' } }, 'not in correct format'],
  ['schedule-time-zone', 'scheduler CreateSchedule', { ScheduleExpressionTimezone: 'Mars' }, 'Invalid time zone'],
  ['iam-trust-policy', 'iam CreateRole', { AssumeRolePolicyDocument: POLICY }, 'lacks Principal'],
  ['iam-trust-policy', 'iam CreateRole', { AssumeRolePolicyDocument: '{' }, 'invalid Json'],
  ['iam-policy', 'iam PutRolePolicy', { PolicyDocument: TRUST }, 'prohibited field Principal'],
  ['iam-inline-policy-size', 'iam PutRolePolicy', { PolicyDocument: LONG_POLICY }, 'at most 10240'],
  ['iam-managed-policy-size', 'iam CreatePolicy', { PolicyDocument: LONG_POLICY }, 'at most 6144'],
  ['secret-name', 'secretsmanager CreateSecret', { Name: 'a b' }, 'Invalid name'],
  ['secret-recovery-window', 'secretsmanager DeleteSecret', { RecoveryWindowInDays: 6 }, 'between 7 and 30'],
  ['secret-text-or-binary', 'secretsmanager CreateSecret', { SecretBinary: 'dGV4dA==' }, 'not both'],
  ['alarm-period', 'monitoring PutMetricAlarm', { Period: '90', EvaluationPeriods: '1' }, 'multiples of 60'],
  ['alarm-span', 'monitoring PutMetricAlarm', { Period: '60', EvaluationPeriods: '1441' }, '86400'],
  ['alarm-datapoints', 'monitoring PutMetricAlarm', { DatapointsToAlarm: '49' }, 'above EvaluationPeriods'],
  ['alarm-missing-data', 'monitoring PutMetricAlarm', { TreatMissingData: 'never' }, 'none of breaching'],
  ['alarm-actions', 'monitoring PutMetricAlarm', { OKActions: ['arn:aws:sqs:r:1:q'] }, 'Invalid arn syntax'],
  ['alarm-actions', 'monitoring PutMetricAlarm', { OKActions: ['arn:aws:sns:r:1:t.fifo'] }, 'FIFO topic'],
  ['dashboard-body', 'monitoring PutDashboard', { DashboardBody: '{' }, 'invalid JSON'],
  ['dashboard-body', 'monitoring PutDashboard', { DashboardBody: dashboard({ width: 25 }) }, 'within 24 columns'],
  ['dashboard-body', 'monitoring PutDashboard', { DashboardBody: dashboard({ type: 'pie' }) }, 'no widget of type pie'],
  ['dashboard-body', 'monitoring PutDashboard', { DashboardBody: dashboard({}, { region: undefined }) }, 'region'],
  [
    'dashboard-body',
    'monitoring PutDashboard',
    { DashboardBody: dashboard({}, { metrics: [['Space', 'Age', 'Database']] }) },
    'pairs of dimensions',
  ],
  ['log-retention', 'logs PutRetentionPolicy', { retentionInDays: 31 }, 'none of 1, 3'],
  ['security-group-name', 'ec2 CreateSecurityGroup', { GroupName: 'sg-orders' }, 'not beginning with sg-'],
  [
    'security-group-description',
    'ec2 CreateSecurityGroup',
    { Description: 'Büro' },
    'Invalid security group description',
  ],
  [
    'security-group-rule-description',
    'ec2 AuthorizeSecurityGroupEgress',
    egress({ Description: '"' }),
    'rule description',
  ],
  ['security-group-rule-ports', 'ec2 AuthorizeSecurityGroupEgress', egress({}, { ToPort: '65536' }), 'range of ports'],
  ['security-group-rule-range', 'ec2 AuthorizeSecurityGroupEgress', egress({ CidrIp: '10.0.0.1/16' }), 'malformed'],
  ['topic-name', 'sns CreateTopic', { Name: 'a.b' }, 'Topic Name'],
  ['queue-name', 'sqs CreateQueue', { QueueName: 'q'.repeat(81) }, 'Invalid queue name'],
];

test('each rule has its source and a request that breaks it', () => {
  expect(new Set(BROKEN.map(([name]) => name))).toEqual(new Set(SERVICE_RULES.map(({ name }) => name)));
  for (const { source } of SERVICE_RULES) expect(source).toMatch(/^https:\/\/docs\.aws\.amazon\.com\//);
});

test.each(Object.keys(VALID))('%s that AWS takes is taken', (call) => {
  expect(refusalOf(call, {})).toBeUndefined();
});

test.each(BROKEN)('fails by %s: %s of %j', (name, call, changes, says) => {
  expect(refusalOf(call, changes)?.message).toContain(says);
  const service = call.split(' ')[0];
  expect(SERVICE_RULES.find((each) => each.name === name)!.service).toBe(service);
});

function dashboard(widget: object, properties: object = {}): string {
  const metrics = [['Space', 'Age', 'Database', 'orders', { label: 'orders' }]];
  return JSON.stringify({
    widgets: [{ type: 'metric', width: 24, properties: { region: 'us-east-1', metrics, ...properties }, ...widget }],
  });
}

function egress(range: object, permission: object = {}): Record<string, unknown> {
  const ranges = [{ CidrIp: '10.0.0.0/16', ...range }];
  return { IpPermissions: [{ IpProtocol: 'tcp', FromPort: '443', ToPort: '443', IpRanges: ranges, ...permission }] };
}

function refusalOf(call: string, changes: Record<string, unknown>) {
  const [service, operation] = call.split(' ');
  return ruleRefusal(service, operation, { ...VALID[call], ...changes });
}
