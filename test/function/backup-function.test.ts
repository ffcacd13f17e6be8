import { BackupFunction, BackupStorage, StorageCredentials } from '../../src';
import { newDatabase, newScheduledBackup, newStack, newStorage, requestOf, Synthesized } from '../support/synth';

const BOUNDARY = 'arn:aws:iam::123456789012:policy/boundary';

function withOptions(backupFunctionOptions: object) {
  const stack = newStack();
  const backup = newScheduledBackup(stack, newDatabase(stack, 'Orders', { backupFunctionOptions }));
  return { backup, result: Synthesized.of(stack) };
}

describe('BackupFunction', () => {
  test('with maximal options passes every one on', () => {
    const { result } = withOptions({
      runtime: 'nodejs20.x',
      memoryMib: 4096,
      ephemeralStorageMib: 2048,
      logRetentionDays: 7,
      logKmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000001',
      permissionsBoundaryArn: BOUNDARY,
      onFailureDestinationArn: 'arn:aws:sns:eu-central-1:123456789012:failed',
    });
    expect(result.one('aws_lambda_function').body).toMatchObject({
      runtime: 'nodejs20.x',
      memory_size: 4096,
      ephemeral_storage: { size: 2048 },
    });
    expect(result.one('aws_cloudwatch_log_group').body).toMatchObject({
      retention_in_days: 7,
      kms_key_id: 'arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000001',
    });
    expect(result.all('aws_iam_role').map(({ body }) => body.permissions_boundary)).toEqual([BOUNDARY, BOUNDARY]);
    const config = result.one('aws_lambda_function_event_invoke_config');
    expect(config.body.destination_config).toEqual({
      on_failure: { destination: 'arn:aws:sns:eu-central-1:123456789012:failed' },
    });
    expect(result.before(config)).toContain(result.one('aws_iam_role_policy', 'FailureGrant').address);
  });

  test.each([
    ['arn:aws:sns:eu-central-1:123456789012:failed', 'sns:Publish'],
    ['arn:aws:sqs:eu-central-1:123456789012:failed', 'sqs:SendMessage'],
    ['arn:aws:lambda:eu-central-1:123456789012:function:failed', 'lambda:InvokeFunction'],
    ['arn:aws:events:eu-central-1:123456789012:event-bus/default', 'events:PutEvents'],
  ])('may send the record of a failed run to %s', (onFailureDestinationArn, action) => {
    const { result } = withOptions({ onFailureDestinationArn });
    expect(JSON.parse(result.one('aws_iam_role_policy', 'FailureGrant').body.policy).Statement).toEqual([
      { Effect: 'Allow', Action: [action], Resource: [onFailureDestinationArn] },
    ]);
  });

  test('uses an existing role and attaches its policies to it', () => {
    const roleArn = 'arn:aws:iam::123456789012:role/service/backup';
    const { backup, result } = withOptions({ roleArn });
    expect(backup.backupFunction).toMatchObject({ roleArn, roleName: 'backup' });
    expect(result.one('aws_lambda_function').body.role).toBe(roleArn);
    expect(result.all('aws_iam_role').map(({ path }) => path)).toEqual(['stack/Orders/BackupFunction/SchedulerRole']);
    const roles = result
      .all('aws_iam_role_policy')
      .filter(({ path }) => !path.endsWith('SchedulerPolicy'))
      .map(({ body }) => body.role);
    expect(new Set(roles)).toEqual(new Set(['backup']));
  });

  test('takes a further statement for its role', () => {
    const stack = newStack();
    const statement = { actions: ['kms:Decrypt'], resources: ['*'] };
    BackupFunction.of(newDatabase(stack)).addToRolePolicy('Key', statement);
    expect(JSON.parse(Synthesized.of(stack).one('aws_iam_role_policy', 'Key').body.policy).Statement).toEqual([
      { Effect: 'Allow', Action: ['kms:Decrypt'], Resource: ['*'] },
    ]);
  });

  test.each([
    [undefined, 'actions is required. Got nothing.'],
    [{ actions: [], resources: ['*'] }, 'actions is required.'],
    [{ actions: ['kms:Decrypt'] }, 'resources is required.'],
    [{ actions: ['kms:Decrypt'], resources: [undefined] }, 'Each of resources is required.'],
  ])('fails with the statement %j', (statement: any, message) => {
    const { backupFunction } = newScheduledBackup(newStack());
    expect(() => backupFunction.addToRolePolicy('Key', statement)).toThrow(message);
    expect(() => backupFunction.addToRolePolicy('Key', statement)).toThrow('(at stack/Orders/BackupFunction)');
  });

  test('keeps its rights until its network interfaces are gone: the security group waits for them', () => {
    const { result } = withOptions({});
    const securityGroup = result.one('aws_security_group', 'BackupFunction');
    expect(result.before(securityGroup)).toContain(result.one('aws_iam_role_policy', 'BackupFunction/Policy').address);
    expect(result.before(result.one('aws_lambda_function'))).toContain(securityGroup.address);
  });

  test('has its Lambda function as default child', () => {
    const { backup } = withOptions({});
    expect(backup.backupFunction.node.defaultChild).toBe(backup.backupFunction.node.findChild('Resource'));
    expect(backup.database.node.defaultChild).toBe(backup.database.node.findChild('Resource'));
  });
});

/** Every action and resource that the roles are allowed, and under which condition: reviewed line by line. */
describe('the permissions of the roles', () => {
  const address = String.raw`\$\{aws_\w+\.(\w+?)(?:_[0-9A-F]{8})?\.(\w+)\}`;
  const readable = (text: string) =>
    text
      .replace(new RegExp(String.raw`\$\{one\(\[.*?\]\)\}`, 'g'), '<version>')
      .replace(
        new RegExp(String.raw`\$\{aws_db_instance\.\w+\.master_user_secret\[0\]\.secret_arn\}`, 'g'),
        '<master secret>',
      )
      .replace(/\$\{data\.aws_caller_identity\.\w+\.account_id\}/g, '<account>')
      .replace(/\$\{data\.aws_partition\.\w+\.partition\}/g, '<partition>')
      .replace(/\$\{join\("", \[(.*)\]\)\}/, (_, list: string) =>
        list.replace(/(data\.aws_partition\.\w+\.partition)|[", ]/g, (_all, found) => (found ? '<partition>' : '')),
      )
      .replace(new RegExp(address, 'g'), '<$1.$2>')
      .replace(/^\$\{"(.*)"\}$/, '$1');

  function table(storage: BackupStorage): string[] {
    const stack = newStack();
    newScheduledBackup(stack, undefined, { storage });
    const result = Synthesized.of(stack);
    const lines = (path: string, policy: string) =>
      requestOf(policy).Statement.flatMap((statement: any) =>
        [statement.Action].flat().map((action: string) => {
          const on = [statement.Resource ?? statement.Principal.Service].flat().map(readable).join(' ');
          const condition = statement.Condition ? ` if ${readable(JSON.stringify(statement.Condition))}` : '';
          return `${path.replace('stack/', '')}: ${statement.Effect} ${action} on ${on}${condition}`;
        }),
      );
    return [
      ...result.all('aws_iam_role').flatMap(({ path, body }) => lines(path, body.assume_role_policy)),
      ...result.all('aws_iam_role_policy').flatMap(({ path, body }) => lines(path, body.policy)),
    ].sort();
  }

  const NETWORK = [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSubnets',
    'ec2:DescribeVpcs',
    'ec2:GetSecurityGroupsForVpc',
    'ec2:UnassignPrivateIpAddresses',
  ];
  const FUNCTION = 'Orders/BackupFunction';
  const COMMON = [
    `${FUNCTION}/Role: Allow sts:AssumeRole on lambda.amazonaws.com`,
    `${FUNCTION}/SchedulerRole: Allow sts:AssumeRole on scheduler.amazonaws.com if {"StringEquals":{"aws:SourceAccount":"<account>"}}`,
    `${FUNCTION}/SchedulerPolicy: Allow lambda:InvokeFunction on <Orders_BackupFunction.arn>:*`,
    `${FUNCTION}/Policy: Allow logs:CreateLogStream on <Orders_BackupFunction_LogGroup.arn>:*`,
    `${FUNCTION}/Policy: Allow logs:PutLogEvents on <Orders_BackupFunction_LogGroup.arn>:*`,
    ...NETWORK.flatMap((action) => [
      `${FUNCTION}/Policy: Allow ${action} on *`,
      `${FUNCTION}/Policy: Deny ${action} on * if {"ArnLike":{"lambda:SourceFunctionArn":"arn:*:lambda:*:*:function:orders-backup"}}`,
    ]),
    `${FUNCTION}/DatabaseGrant/Resource: Allow secretsmanager:GetSecretValue on <master secret>`,
  ];
  const GRANT = 'Backup/ConnectionTest/Storage/Grant/Resource';

  test('with a secret', () => {
    const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:storage-AbCdEf';
    expect(table(newStorage())).toEqual(
      [...COMMON, `${GRANT}: Allow secretsmanager:GetSecretValue on ${secret}`].sort(),
    );
  });

  test('under the role itself', () => {
    const storage = BackupStorage.amazonS3({
      bucket: 'company-backups',
      path: 'production',
      region: 'eu-central-1',
      credentials: StorageCredentials.fromRole(),
    });
    const actions = ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'];
    expect(table(storage)).toEqual(
      [
        ...COMMON,
        ...actions.map((action) => `${GRANT}: Allow ${action} on arn:<partition>:s3:::company-backups/production/*`),
      ].sort(),
    );
  });
});
