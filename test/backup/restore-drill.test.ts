import { TerraformVariable } from 'cdktf';
import {
  BackupStorage,
  DatabaseEngine,
  DatabaseNetwork,
  DatabasePlan,
  ManagedDatabase,
  RestoreDrill,
  RestoreDrillOptions,
  StorageCredentials,
} from '../../src';
import {
  NETWORK,
  newDatabase,
  newScheduledBackup,
  newStack,
  newStorage,
  requestOf,
  SECRET_ARN,
  Synthesized,
} from '../support/synth';

const OWN_SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:drill-AbCdEf';
const OWN_NETWORK = DatabaseNetwork.of({ vpcId: 'vpc-00000002', subnetIds: ['subnet-0000000c', 'subnet-0000000d'] });

function drilled(options: RestoreDrillOptions = {}, props: object = {}, database: object = {}) {
  const stack = newStack();
  const backup = newScheduledBackup(stack, newDatabase(stack, 'Orders', database), {
    drill: RestoreDrill.weekly(options),
    ...props,
  });
  return { backup, result: Synthesized.of(stack) };
}

describe('RestoreDrill', () => {
  const { backup, result } = drilled();
  const test_ = result.one('aws_lambda_invocation', 'Drill/Test');
  const schedule = result.one('aws_scheduler_schedule', 'Drill');
  const lambda = result.one('aws_lambda_function', 'Drill');

  test('drills the newest backup every Sunday, in a function of its own', () => {
    expect(schedule.body).toMatchObject({
      name: 'orders-backup-drill',
      schedule_expression: 'cron(0 5 ? * 1 *)',
      schedule_expression_timezone: 'UTC',
      target: { arn: `\${${lambda.address}.qualified_arn}` },
    });
    expect(requestOf(schedule.body.target.input)).toMatchObject({
      action: 'drill',
      source: { database: 'orders', backup: { kind: 'latest' } },
      schedule: 'orders-backup',
    });
    expect(lambda.body).toMatchObject({
      function_name: 'orders-backup-drill',
      memory_size: 4096,
      ephemeral_storage: { size: 10_240 },
      timeout: 900,
    });
  });

  test.each([
    ['daily', RestoreDrill.daily(), 'cron(0 5 * * ? *)', 1],
    ['weekly', RestoreDrill.weekly(), 'cron(0 5 ? * 1 *)', 7],
    ['cron', RestoreDrill.cron('0 30 6 1 * *'), 'cron(30 6 1 * ? *)', 31],
  ])('%s is due as it says, and a proof is missed after twice its longest gap', (_, drill, expression, days) => {
    const synthesized = drilled({}, { drill }).result;
    expect(synthesized.one('aws_scheduler_schedule', 'Drill').body.schedule_expression).toBe(expression);
    expect(synthesized.one('aws_cloudwatch_metric_alarm', 'Drill/AgeAlarm').body.threshold).toBe(2 * days * 86_400);
  });

  test('has the layers of the clients and of the server; the backup function has the clients alone', () => {
    const layer = (id: string) => `\${${result.one('aws_lambda_layer_version', id).address}.arn}`;
    expect(lambda.body.layers).toEqual([layer('ClientLayer'), layer('ServerLayer')]);
    expect(result.one('aws_lambda_function', 'BackupFunction').body.layers).toEqual([layer('ClientLayer')]);
  });

  test('without a drill there is neither its function nor the layer of the server', () => {
    const stack = newStack();
    expect(newScheduledBackup(stack).drill).toBeUndefined();
    const synthesized = Synthesized.of(stack);
    expect(synthesized.all('aws_lambda_function')).toHaveLength(1);
    expect(synthesized.all('aws_lambda_layer_version')).toHaveLength(1);
    expect(requestOf(synthesized.one('aws_scheduler_schedule', 'Watch').body.target.input)).not.toHaveProperty(
      'drillsSince',
    );
  });

  test('is tested where it runs, and a test that fails stops the deployment before database and schedules', () => {
    expect(test_.body).toMatchObject({
      lifecycle_scope: 'CREATE_ONLY',
      lifecycle: { create_before_destroy: true },
      function_name: 'orders-backup-drill',
      qualifier: `\${${lambda.address}.version}`,
    });
    expect(requestOf(test_.body.input)).toMatchObject({ action: 'test-drill', database: 'orders' });
    expect(requestOf(test_.body.input).storage).toEqual(requestOf(schedule.body.target.input).source.storage);
    const stopped = [result.one('aws_db_instance'), ...result.all('aws_scheduler_schedule')];
    expect(stopped).toHaveLength(4);
    for (const each of stopped) expect(result.before(each)).toContain(test_.address);
    expect(result.before(test_)).toContain(result.one('aws_iam_role_policy', 'Drill/Storage/Grant').address);
  });

  test('that fails stops the schedules of a database that was brought in, too', () => {
    const stack = newStack();
    const database = ManagedDatabase.fromManagedDatabaseAttributes(stack, 'Orders', {
      ...{ identifier: 'orders', engine: DatabaseEngine.postgres('17'), plan: DatabasePlan.SMALL, network: NETWORK },
      ...{ address: 'orders.example.com', securityGroupId: 'sg-0123abcd', masterSecretArn: SECRET_ARN },
    });
    newScheduledBackup(stack, database, { drill: RestoreDrill.weekly() });
    const synthesized = Synthesized.of(stack);
    const schedules = synthesized.all('aws_scheduler_schedule');
    expect(schedules).toHaveLength(3);
    for (const each of schedules) {
      expect(synthesized.before(each)).toContain(synthesized.one('aws_lambda_invocation', 'Drill/Test').address);
    }
  });

  test('is tested again for another storage, secret or version of its function', () => {
    expect(Object.keys(test_.body.triggers).sort()).toEqual([
      'bucket',
      'endpoint',
      'function_version',
      'path',
      'region',
      'secret_arn',
      'secret_version',
    ]);
    expect(test_.body.triggers.function_version).toBe(`\${${lambda.address}.version}`);
    const again = drilled({}, { retestOnEveryDeploy: true }).result.one('aws_lambda_invocation', 'Drill/Test');
    expect(again.body.triggers.deployment).toBe('${timestamp()}');
  });

  test('waits for nothing of the database but its instance, and schedules last', () => {
    const before = result.before(schedule);
    for (const each of [
      result.one('aws_db_instance'),
      result.one('aws_lambda_function_event_invoke_config', 'Drill'),
    ]) {
      expect(before).toContain(each.address);
    }
    expect(result.before(test_)).not.toContain(result.one('aws_db_instance').address);
  });

  test('is watched from the moment that it was tested', () => {
    const expected = { drillsSince: `\${jsondecode(${test_.address}.result).testedAt}` };
    const watches = [
      result.one('aws_scheduler_schedule', 'WatchSchedule').body.target.input,
      result.one('aws_lambda_invocation', 'FirstWatch').body.input,
    ];
    for (const watch of watches) expect(requestOf(watch)).toMatchObject(expected);
  });

  test('raises an alarm on a drill that fails, and on proofs that are missing or whose age is unknown', () => {
    const dimensions = { Database: 'orders', Schedule: 'orders-backup' };
    expect(result.one('aws_cloudwatch_metric_alarm', 'Drill/AgeAlarm').body).toMatchObject({
      alarm_name: 'orders-backup-drill-age',
      metric_name: 'ProofAge',
      comparison_operator: 'GreaterThanThreshold',
      treat_missing_data: 'missing',
      actions_enabled: true,
      dimensions,
    });
    expect(result.one('aws_cloudwatch_metric_alarm', 'Drill/FailureAlarm').body).toMatchObject({
      alarm_name: 'orders-backup-drill-failure',
      metric_name: 'DrillFailed',
      threshold: 1,
      treat_missing_data: 'ignore',
      dimensions,
    });
  });

  test.each([
    [true, 'DISABLED', false],
    [false, 'ENABLED', true],
  ])('with paused %s is %s by every deployment', (paused, state, actionsEnabled) => {
    const synthesized = drilled({}, { paused }).result;
    expect(synthesized.one('aws_scheduler_schedule', 'Drill').body).toMatchObject({ state });
    expect(synthesized.one('aws_scheduler_schedule', 'Drill').body.lifecycle).toBeUndefined();
    expect(synthesized.one('aws_cloudwatch_metric_alarm', 'Drill/AgeAlarm').body.actions_enabled).toBe(actionsEnabled);
  });

  test('left to itself keeps a pause from the command line', () => {
    expect(schedule.body).toMatchObject({ state: 'ENABLED', lifecycle: { ignore_changes: ['state'] } });
    expect(result.one('aws_cloudwatch_metric_alarm', 'Drill/AgeAlarm').body.lifecycle).toEqual({
      ignore_changes: ['actions_enabled'],
    });
  });

  test('tells topics and actions of both alarms what is wrong', () => {
    const topic = 'arn:aws:sns:eu-central-1:123456789012:oncall';
    const kinds: string[] = [];
    const action = {
      bind: (_: unknown, alarm: { kind: string }) => {
        kinds.push(alarm.kind);
        return { onAlarm: ['arn:aws:ssm:eu-central-1:123456789012:opsitem:1'] };
      },
    };
    const synthesized = drilled({}, { alarmTopicArns: [topic], alarmActions: [action] }).result;
    expect(kinds.sort()).toEqual(['age', 'drill-failure', 'failure', 'proof-age']);
    for (const id of ['Drill/AgeAlarm', 'Drill/FailureAlarm']) {
      const { body } = synthesized.one('aws_cloudwatch_metric_alarm', id);
      expect(body.alarm_actions).toEqual([topic, 'arn:aws:ssm:eu-central-1:123456789012:opsitem:1']);
      expect(body).toMatchObject({ ok_actions: [topic], insufficient_data_actions: [topic] });
    }
  });

  test('publishEvents asks the drill for events too, and allows them', () => {
    const synthesized = drilled({}, { publishEvents: true }).result;
    const drill = synthesized.one('aws_scheduler_schedule', 'Drill');
    expect(requestOf(drill.body.target.input).events).toBe(true);
    expect(synthesized.before(drill)).toContain(
      synthesized.one('aws_iam_role_policy', 'Drill/Function/EventsGrant').address,
    );
  });

  test('passes provider and tags on to everything of its own', () => {
    const tagged = drilled({}, { tags: { team: 'orders' } }).result;
    const resources = tagged.resources.filter(
      ({ path, type }) => path.includes('/Drill/') && !type.startsWith('data.'),
    );
    const taggable = ['aws_lambda_function', 'aws_iam_role', 'aws_cloudwatch_log_group', 'aws_cloudwatch_metric_alarm'];
    const withTags = resources.filter(({ type }) => taggable.includes(type));
    expect(withTags).toHaveLength(6);
    for (const { body } of withTags) expect(body.tags).toEqual({ team: 'orders' });
  });

  test('passes checks, memory and disk on', () => {
    const checks = [
      { database: 'orders', query: 'SELECT count(*) > 0 FROM orders' },
      { database: 'orders', query: 'SELECT sum(amount) FROM refunds WHERE order_id IS NULL', expect: '0' },
    ];
    const synthesized = drilled({ checks, memoryMib: 2048, ephemeralStorageMib: 4096 }).result;
    expect(requestOf(synthesized.one('aws_scheduler_schedule', 'Drill').body.target.input).checks).toEqual([
      { ...checks[0], expect: 't' },
      checks[1],
    ]);
    expect(synthesized.one('aws_lambda_function', 'Drill').body).toMatchObject({
      memory_size: 2048,
      ephemeral_storage: { size: 4096 },
    });
  });

  test('uses the secret of the storage, in the version that the backups use', () => {
    const credentials = requestOf(test_.body.input).storage.credentials;
    expect(credentials).toEqual(
      requestOf(result.one('aws_lambda_invocation', 'ConnectionTest').body.input).storage.credentials,
    );
    expect(result.all('aws_secretsmanager_secret_versions')).toHaveLength(1);
  });

  test('writes keys into one secret, which both functions may read', () => {
    const stack = newStack();
    const variable = (name: string) => new TerraformVariable(stack, name, { sensitive: true }).stringValue;
    const credentials = StorageCredentials.fromKeys({ accessKeyId: variable('id'), secretAccessKey: variable('key') });
    newScheduledBackup(stack, undefined, { storage: newStorage({ credentials }), drill: RestoreDrill.daily() });
    const synthesized = Synthesized.of(stack);
    const secret = synthesized.one('aws_secretsmanager_secret');
    for (const path of ['ConnectionTest/Storage/Grant', 'Drill/Storage/Grant']) {
      const [statement] = requestOf(synthesized.one('aws_iam_role_policy', path).body.policy).Statement;
      expect(statement).toEqual({
        Effect: 'Allow',
        Action: ['secretsmanager:GetSecretValue'],
        Resource: [`\${${secret.address}.arn}`],
      });
    }
  });

  test('with credentials of its own reads no other secret', () => {
    const synthesized = drilled({ credentials: StorageCredentials.fromSecret(OWN_SECRET) }).result;
    const { Statement } = requestOf(synthesized.one('aws_iam_role_policy', 'Drill/Storage/Grant').body.policy);
    expect(Statement).toEqual([{ Effect: 'Allow', Action: ['secretsmanager:GetSecretValue'], Resource: [OWN_SECRET] }]);
    const drill = requestOf(synthesized.one('aws_scheduler_schedule', 'Drill').body.target.input);
    expect(drill.source.storage.credentials.secretArn).toBe(OWN_SECRET);
    const backUp = requestOf(synthesized.one('aws_scheduler_schedule', 'Backup/Schedule').body.target.input);
    expect(backUp.storage.credentials.secretArn).toBe(SECRET_ARN);
  });

  test('fits its names into those of the longest schedule name', () => {
    const { result: synthesized } = drilled({}, { scheduleName: 'n'.repeat(58) }, { identifier: 'a'.repeat(63) });
    const name = `${'n'.repeat(58)}-drill`;
    expect(synthesized.one('aws_lambda_function', 'Drill').body.function_name).toBe(name);
    for (const { body } of synthesized.all('aws_scheduler_schedule')) expect(body.name.length).toBeLessThanOrEqual(64);
    for (const { body } of synthesized.all('aws_iam_role')) expect(body.name_prefix.length).toBeLessThanOrEqual(38);
  });

  test('fails with a name that has a dot, which Lambda refuses', () => {
    expect(() => drilled({}, { scheduleName: 'nightly.1' })).toThrow(
      'scheduleName of a backup with a drill has no dot: the function of the drill is named by it. Got "nightly.1".',
    );
  });

  test('fails where another backup has the name of its schedule', () => {
    const stack = newStack();
    const database = newDatabase(stack);
    newScheduledBackup(stack, database, { drill: RestoreDrill.daily() });
    const storage = newStorage({ path: 'second' });
    expect(() =>
      newScheduledBackup(stack, database, { storage, scheduleName: 'orders-backup-drill' }, 'Second'),
    ).toThrow(
      'stack/Backup has this one already. Got "orders-backup-drill". Give one of them another scheduleName. (at stack/Second)',
    );
  });

  test('keeps what belongs to it as long as the database is protected', () => {
    const guard = result.one('aws_lambda_invocation', 'DeletionGuard');
    for (const each of [schedule, test_, lambda]) expect(guard.body.depends_on).toContain(each.address);
  });

  test('gives what a user needs as attributes', () => {
    expect(backup.drill).toMatchObject({
      scheduleName: 'orders-backup-drill',
      functionName: 'orders-backup-drill',
      logGroupName: '/aws/lambda/orders-backup-drill',
      ageAlarmName: 'orders-backup-drill-age',
      failureAlarmName: 'orders-backup-drill-failure',
      securityGroupId: undefined,
    });
    expect(backup.drill!.node.defaultChild).toBe(backup.drill!.node.findChild('Schedule'));
  });

  test('has construct ids that are a contract', () => {
    const own = result.resources.map(({ path }) => path).filter((path) => path.includes('/Drill/'));
    expect(own.sort()).toEqual([
      'stack/Backup/Drill/AgeAlarm',
      'stack/Backup/Drill/FailureAlarm',
      'stack/Backup/Drill/Function/Account',
      'stack/Backup/Drill/Function/EventInvokeConfig',
      'stack/Backup/Drill/Function/LogGroup',
      'stack/Backup/Drill/Function/Policy',
      'stack/Backup/Drill/Function/Resource',
      'stack/Backup/Drill/Function/Role',
      'stack/Backup/Drill/Function/SchedulerPolicy',
      'stack/Backup/Drill/Function/SchedulerRole',
      'stack/Backup/Drill/Schedule',
      'stack/Backup/Drill/Storage/Grant/Resource',
      'stack/Backup/Drill/Test/Resource',
    ]);
  });

  test.each([
    [DatabasePlan.LARGE, undefined, 0],
    [DatabasePlan.XLARGE, undefined, 1],
    [DatabasePlan.MEDIUM, 4096, 1],
  ])('warns of the plan %s with %s MiB of disk: %i', (plan, ephemeralStorageMib, warnings) => {
    const own = drilled({ ephemeralStorageMib }, {}, { plan }).backup.drill!.node.metadata;
    expect(own.filter(({ type }) => type === '@cdktf/warn')).toHaveLength(warnings);
  });

  test.each<[RestoreDrill | unknown, string]>([
    ['weekly', 'drill is made with a method of RestoreDrill, such as RestoreDrill.weekly. Got "weekly".'],
    [RestoreDrill.cron('0 5 * * *'), 'RestoreDrill.cron takes six fields'],
    [RestoreDrill.cron(''), 'The expression of RestoreDrill.cron is required'],
    [RestoreDrill.cron('0 0 5 * 13 *'), 'RestoreDrill.cron takes for the month'],
    [RestoreDrill.cron('0 0 5 1,L * *'), 'RestoreDrill.cron takes times that EventBridge Scheduler can express in one'],
    [RestoreDrill.weekly({ memoryMib: 1023 }), 'memoryMib of a drill is a whole number of MiB from 1024 to 10240.'],
    [RestoreDrill.weekly({ ephemeralStorageMib: 511 }), 'ephemeralStorageMib of a drill is a whole number of MiB from'],
    [RestoreDrill.weekly({ network: 'vpc' as never }), 'network of a drill is made with DatabaseNetwork.of'],
    [
      RestoreDrill.weekly({ network: DatabaseNetwork.of({ vpcId: 'vpc', subnetIds: [] }) }),
      'vpcId of a network is an id',
    ],
    [RestoreDrill.weekly({ credentials: 'key' as never }), 'credentials of a drill is made with a method of'],
    [
      RestoreDrill.weekly({ credentials: StorageCredentials.fromSecret('x') }),
      'is the ARN of a Secrets Manager secret',
    ],
    [
      RestoreDrill.weekly({ credentials: StorageCredentials.fromKeys({ accessKeyId: 'a', secretAccessKey: 'b' }) }),
      'this accessKeyId would end in the synthesized JSON. Got "(not shown)".',
    ],
    [RestoreDrill.weekly({ credentials: StorageCredentials.fromRole() }), 'works with Amazon S3 only'],
    [RestoreDrill.weekly({ checks: [{}] as never }), 'database of a check is required.'],
    [RestoreDrill.weekly({ checks: [{ database: 'orders' }] as never }), 'query of a check is required.'],
    [RestoreDrill.weekly({ checks: [{ database: 'x'.repeat(64), query: 'SELECT 1' }] }), 'has 1 to 63 bytes.'],
    [
      RestoreDrill.weekly({ checks: [{ database: 'a', query: 'q'.repeat(4001) }] }),
      'query of a check has at most 4000',
    ],
    [RestoreDrill.weekly({ checks: [{ database: 'a', query: 'SELECT ${1}' }] }), 'A check has no ${ and no %{'],
    [
      RestoreDrill.weekly({ checks: Array.from({ length: 51 }, () => ({ database: 'a', query: 'SELECT true' })) }),
      'checks has at most 50 elements. Got 51.',
    ],
  ])('fails with a drill that is wrong: %#', (drill, message) => {
    expect(() => drilled({}, { drill })).toThrow(message);
    expect(() => drilled({}, { drill })).toThrow('(at stack/Backup)');
  });
});

/** What a drill may reach, line by line: nothing of the database. */
describe('the function of a drill', () => {
  const AMAZON_S3 = BackupStorage.amazonS3({
    bucket: 'company-backups',
    path: 'production',
    region: 'eu-central-1',
    credentials: StorageCredentials.fromRole(),
    kmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  });

  /** Every action that the roles of a drill are allowed, and on what. */
  function table(result: Synthesized): string[] {
    const lines = result
      .all('aws_iam_role_policy')
      .filter(({ path }) => path.includes('/Drill/'))
      .flatMap(({ path, body }) =>
        requestOf(body.policy).Statement.flatMap(({ Effect, Action, Resource }: any) =>
          [Action].flat().map((action) => `${path.split('/Drill/')[1]}: ${Effect} ${action} on ${readable(Resource)}`),
        ),
      );
    return lines.sort();
  }

  const readable = (resource: string | string[]) =>
    [resource]
      .flat()
      .map((text) =>
        text
          .replace(/^\$\{join\("", \["arn:", data\.aws_partition\.\w+\.partition, (.*)\]\)\}$/, (_, rest: string) =>
            ['arn:<partition>', ...rest.matchAll(/"(.*?)"/g)]
              .map((part) => (typeof part === 'string' ? part : part[1]))
              .join(''),
          )
          .replace(/^\$\{"(.*)"\}$/, '$1')
          .replace(/\$\{aws_\w+\.\w*?(Function(?:_LogGroup)?)(?:_[0-9A-F]{8})?\.(\w+)\}/g, '<$1.$2>'),
      )
      .join(' ');

  const LOG = ['logs:CreateLogStream', 'logs:PutLogEvents'].map(
    (action) => `Function/Policy: Allow ${action} on <Function_LogGroup.arn>:*`,
  );
  const INVOKE = 'Function/SchedulerPolicy: Allow lambda:InvokeFunction on <Function.arn>:*';

  test('with a secret may read it, and write its log', () => {
    expect(table(drilled().result)).toEqual(
      [...LOG, INVOKE, `Storage/Grant/Resource: Allow secretsmanager:GetSecretValue on ${SECRET_ARN}`].sort(),
    );
  });

  test('under its own role may read the folder of its database, and write proofs', () => {
    const objects = 'arn:<partition>:s3:::company-backups/production/orders';
    const key = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    expect(table(drilled({}, { storage: AMAZON_S3 }).result)).toEqual(
      [
        ...LOG,
        INVOKE,
        `Storage/Grant/Resource: Allow kms:Decrypt on ${key}`,
        `Storage/Grant/Resource: Allow kms:GenerateDataKey on ${key}`,
        `Storage/Grant/Resource: Allow s3:DeleteObject on ${objects}/*/proof.json`,
        `Storage/Grant/Resource: Allow s3:GetObject on ${objects}/*`,
        `Storage/Grant/Resource: Allow s3:PutObject on ${objects}/*/proof.json`,
      ].sort(),
    );
  });

  test('the policy that the storage renders for credentials of its own is the same', () => {
    expect(JSON.parse(newStorage().minimumDrillPolicy('orders'))).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: ['s3:GetObject'], Resource: 'arn:aws:s3:::company-backups/production/orders/*' },
        {
          Effect: 'Allow',
          Action: ['s3:PutObject', 's3:DeleteObject'],
          Resource: 'arn:aws:s3:::company-backups/production/orders/*/proof.json',
        },
      ],
    });
  });

  test('runs in no VPC, with a role of its own also where the backup function has an existing one', () => {
    const roleArn = 'arn:aws:iam::123456789012:role/backup';
    const permissionsBoundaryArn = 'arn:aws:iam::123456789012:policy/boundary';
    const { result } = drilled(
      {},
      {},
      { backupFunctionOptions: { roleArn, permissionsBoundaryArn, logRetentionDays: 7 } },
    );
    const { body } = result.one('aws_lambda_function', 'Drill');
    expect(body.vpc_config).toBeUndefined();
    expect(body.role).not.toBe(roleArn);
    expect(result.one('aws_iam_role', 'Drill/Function/Role').body.permissions_boundary).toBe(permissionsBoundaryArn);
    expect(result.one('aws_cloudwatch_log_group', 'Drill').body.retention_in_days).toBe(7);
  });

  test('in a network has a security group of its own, which the database does not let in', () => {
    const { backup, result } = drilled({ network: OWN_NETWORK });
    const group = result.one('aws_security_group', 'Drill');
    const { vpc_config } = result.one('aws_lambda_function', 'Drill').body;
    expect(vpc_config).toEqual({
      subnet_ids: ['subnet-0000000c', 'subnet-0000000d'],
      security_group_ids: [`\${${group.address}.id}`],
    });
    expect(backup.drill!.securityGroupId).toBeDefined();
    expect(JSON.stringify(result.all('aws_vpc_security_group_ingress_rule'))).not.toContain(group.address);
    const egress = result.all('aws_vpc_security_group_egress_rule').filter(({ path }) => path.includes('Drill'));
    expect(egress.map(({ body }) => [body.from_port, body.to_port, body.cidr_ipv4])).toEqual([[443, 443, '0.0.0.0/0']]);
  });

  test('gets nothing that names the database but its identifier', () => {
    const { result } = drilled();
    const names = ['aws_db_instance', 'master_user_secret', 'DatabaseGrant', 'aws_security_group.'];
    for (const { body, path } of result.resources.filter((each) => each.path.includes('/Drill/'))) {
      const { depends_on, ...rest } = body;
      for (const name of names) expect(`${path} ${JSON.stringify(rest)}`).not.toContain(name);
    }
  });
});
