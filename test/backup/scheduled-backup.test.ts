import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lazy, TerraformOutput, TerraformStack, TerraformVariable, Token } from 'cdktf';
import { Construct } from 'constructs';
import { BackupAlarm, BackupSchedule, ConnectionTest, ScheduledBackup } from '../../src';
import { newDatabase, newScheduledBackup, newStack, newStorage, requestOf, Synthesized } from '../support/synth';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:oncall';

function stackOf(identifier: string): TerraformStack {
  const stack = newStack();
  newScheduledBackup(stack, newDatabase(stack, 'Orders', { identifier }));
  return stack;
}

describe('ScheduledBackup', () => {
  const stack = newStack();
  newScheduledBackup(stack);
  const synthesized = Synthesized.of(stack);
  const test_ = synthesized.one('aws_lambda_invocation', 'ConnectionTest');
  const instance = synthesized.one('aws_db_instance');
  const schedule = synthesized.one('aws_scheduler_schedule', 'Backup/Schedule');

  test('creates database and schedules after its connection test', () => {
    expect(synthesized.before(instance)).toContain(test_.address);
    expect(synthesized.before(schedule)).toContain(test_.address);
    expect(synthesized.before(synthesized.one('aws_scheduler_schedule', 'Backup/WatchSchedule'))).toContain(
      test_.address,
    );
  });

  test('tests with the storage grant and the published function, and needs no database', () => {
    const before = synthesized.before(test_);
    expect(before).toContain(synthesized.one('aws_iam_role_policy', 'Storage/Grant').address);
    expect(before).toContain(synthesized.one('aws_lambda_function').address);
    expect(before).not.toContain(instance.address);
    expect(test_.body).toMatchObject({ lifecycle_scope: 'CREATE_ONLY' });
    expect(test_.body.qualifier).toBe(`\${${synthesized.one('aws_lambda_function').address}.version}`);
  });

  test('schedules last: after the database, every grant and the retry setting', () => {
    const before = synthesized.before(schedule);
    for (const resource of [
      instance,
      ...synthesized.all('aws_iam_role_policy').filter((policy) => policy.path.includes('Grant')),
      synthesized.one('aws_lambda_function_event_invoke_config'),
      synthesized.one('aws_vpc_security_group_ingress_rule'),
    ]) {
      expect(before).toContain(resource.address);
    }
  });

  test('names the version that was tested, with the settings that were tested', () => {
    expect(schedule.body.target.arn).toBe(`\${${synthesized.one('aws_lambda_function').address}.qualified_arn}`);
    const request = requestOf(schedule.body.target.input);
    expect(request.storage).toEqual(requestOf(test_.body.input).storage);
    expect(request).toMatchObject({
      action: 'back-up',
      database: { identifier: 'orders', endpoint: `\${${instance.address}.endpoint}` },
      retentionDays: 30,
      dueAt: '<aws.scheduler.scheduled-time>',
    });
    expect(synthesized.one('aws_lambda_function').body).not.toHaveProperty('environment');
  });

  test('tests again for another endpoint, bucket, path, region, secret, secret version or function version', () => {
    expect(Object.keys(test_.body.triggers).sort()).toEqual([
      'bucket',
      'endpoint',
      'function_version',
      'path',
      'region',
      'secret_arn',
      'secret_version',
    ]);
  });

  test('gives up the test that passed only for another that has passed', () => {
    expect(test_.body.lifecycle).toEqual({ create_before_destroy: true });
  });

  test('replaces a grant only after what depends on it', () => {
    for (const policy of synthesized.all('aws_iam_role_policy').filter(({ path }) => path.includes('Grant'))) {
      const declared = policy.path.includes('DatabaseGrant');
      expect(policy.body.lifecycle).toEqual(declared ? undefined : { create_before_destroy: true });
      expect(policy.body).not.toHaveProperty('name');
      expect(policy.body.name_prefix).toMatch(/^[a-z-]+\$\{substr\(sha256\(.*\), 0, 8\)\}-$/);
    }
  });

  test('an instance can be replaced under its identifier: Terraform never creates it before the old one is destroyed', () => {
    const creatingFirst = synthesized.resources.filter(({ body }) => body.lifecycle?.create_before_destroy);
    expect(creatingFirst).not.toEqual([]);
    for (const resource of creatingFirst) {
      expect(synthesized.before(resource)).not.toContain(instance.address);
    }
  });

  test('is repeated once by Lambda when a run fails; the scheduler repeats the delivery alone', () => {
    expect(synthesized.one('aws_lambda_function_event_invoke_config').body).toMatchObject({
      maximum_retry_attempts: 1,
      qualifier: `\${${synthesized.one('aws_lambda_function').address}.version}`,
    });
    expect(schedule.body.target.retry_policy).toEqual({
      maximum_retry_attempts: 1,
      maximum_event_age_in_seconds: 3600,
    });
  });

  test('has construct ids that are a contract', () => {
    expect(synthesized.resources.map((resource) => resource.path).sort()).toEqual([
      'stack/Backup/AgeAlarm',
      'stack/Backup/ConnectionTest/Invocation/Resource',
      'stack/Backup/ConnectionTest/Storage/Grant/Resource',
      'stack/Backup/ConnectionTest/Storage/Versions',
      'stack/Backup/FailureAlarm',
      'stack/Backup/FirstWatch/Resource',
      'stack/Backup/Schedule',
      'stack/Backup/WatchSchedule',
      'stack/BackupFunctionAssets/ClientLayer',
      'stack/Orders/BackupFunction/Account',
      'stack/Orders/BackupFunction/DatabaseEgress',
      'stack/Orders/BackupFunction/DatabaseGrant/Resource',
      'stack/Orders/BackupFunction/DatabaseIngress',
      'stack/Orders/BackupFunction/DeletionGuard/Resource',
      'stack/Orders/BackupFunction/EventInvokeConfig',
      'stack/Orders/BackupFunction/HttpsEgress',
      'stack/Orders/BackupFunction/LogGroup',
      'stack/Orders/BackupFunction/Policy',
      'stack/Orders/BackupFunction/Resource',
      'stack/Orders/BackupFunction/Role',
      'stack/Orders/BackupFunction/SchedulerPolicy',
      'stack/Orders/BackupFunction/SchedulerRole',
      'stack/Orders/BackupFunction/SecurityGroup',
      'stack/Orders/Deployed',
      'stack/Orders/DeployedInstance',
      'stack/Orders/Identity',
      'stack/Orders/ParameterGroup',
      'stack/Orders/Resource',
      'stack/Orders/SecurityGroup',
      'stack/Orders/SubnetGroup',
    ]);
  });

  test('raises an alarm when no backup was completed for twice the longest gap, and when its age is unknown', () => {
    expect(synthesized.one('aws_cloudwatch_metric_alarm', 'AgeAlarm').body).toMatchObject({
      metric_name: 'BackupAge',
      threshold: 2 * 24 * 3600,
      comparison_operator: 'GreaterThanThreshold',
      treat_missing_data: 'missing',
      actions_enabled: true,
      dimensions: { Database: 'orders', Schedule: 'orders-backup' },
    });
    expect(synthesized.one('aws_cloudwatch_metric_alarm', 'FailureAlarm').body).toMatchObject({
      metric_name: 'BackupFailed',
      threshold: 1,
      treat_missing_data: 'ignore',
    });
  });

  test('each alarm names the page that says what to do, and that page exists', () => {
    for (const { body } of synthesized.all('aws_cloudwatch_metric_alarm')) {
      const [, page] = /What to do: https:\/\/\S+\/(docs\/runbooks\/\S+\.md)$/.exec(body.alarm_description)!;
      expect(readFileSync(join(__dirname, '../..', page), 'utf8')).toContain(
        body.alarm_name.replace('orders-backup', '<schedule>'),
      );
    }
  });

  test('publishEvents asks for events and allows them on the default bus, before the schedule starts', () => {
    const other = newStack();
    newScheduledBackup(other, undefined, { publishEvents: true });
    const result = Synthesized.of(other);
    const backUp = result.one('aws_scheduler_schedule', 'Backup/Schedule');
    expect(requestOf(backUp.body.target.input).events).toBe(true);
    const grant = result.one('aws_iam_role_policy', 'EventsGrant');
    expect(result.before(backUp)).toContain(grant.address);
    const { Statement } = requestOf(grant.body.policy);
    expect(Statement).toEqual([
      { Effect: 'Allow', Action: ['events:PutEvents'], Resource: [expect.stringMatching(/:event-bus\/default/)] },
    ]);
  });

  test('without publishEvents there is neither a grant nor a request for events', () => {
    expect(synthesized.all('aws_iam_role_policy').filter(({ path }) => path.includes('EventsGrant'))).toEqual([]);
    expect(requestOf(schedule.body.target.input)).not.toHaveProperty('events');
  });

  test('alarmAfterHours replaces twice the longest gap', () => {
    const other = newStack();
    newScheduledBackup(other, undefined, { alarmAfterHours: 30 });
    expect(Synthesized.of(other).one('aws_cloudwatch_metric_alarm', 'AgeAlarm').body).toMatchObject({
      threshold: 30 * 3600,
      alarm_description: expect.stringContaining('for 30 hours'),
    });
  });

  test('alarmActions are bound once for each alarm, beside the topics', () => {
    const other = newStack();
    const topic = 'arn:aws:sns:eu-central-1:123456789012:oncall';
    const unknown = 'arn:aws:sns:eu-central-1:123456789012:unknown';
    const bound: [string, BackupAlarm][] = [];
    const item = {
      bind: (scope: Construct, alarm: BackupAlarm) => {
        bound.push([scope.node.path, alarm]);
        return { onAlarm: ['arn:aws:ssm:eu-central-1:123456789012:opsitem:1'], onInsufficientData: [unknown] };
      },
    };
    newScheduledBackup(other, undefined, { alarmTopicArns: [topic], alarmActions: [item] });
    const result = Synthesized.of(other);
    for (const id of ['AgeAlarm', 'FailureAlarm']) {
      const { body } = result.one('aws_cloudwatch_metric_alarm', id);
      expect(body.alarm_actions).toEqual([topic, 'arn:aws:ssm:eu-central-1:123456789012:opsitem:1']);
      expect(body.ok_actions).toEqual([topic]);
      expect(body.insufficient_data_actions).toEqual([topic, unknown]);
    }
    expect(bound).toEqual([
      [
        'stack/Backup/AgeAlarmActions/Action1',
        { alarmName: 'orders-backup-age', kind: 'age', databaseIdentifier: 'orders' },
      ],
      [
        'stack/Backup/FailureAlarmActions/Action1',
        { alarmName: 'orders-backup-failure', kind: 'failure', databaseIdentifier: 'orders' },
      ],
    ]);
  });

  test('left to itself runs, and a pause from the command line survives a deployment', () => {
    expect(schedule.body.state).toBe('ENABLED');
    expect(schedule.body.lifecycle).toEqual({ ignore_changes: ['state'] });
  });

  test.each([
    [true, 'DISABLED', false],
    [false, 'ENABLED', true],
  ])('with paused %s is %s by every deployment', (paused, state, actionsEnabled) => {
    const other = newStack();
    newScheduledBackup(other, undefined, { paused });
    const result = Synthesized.of(other);
    for (const each of result.all('aws_scheduler_schedule')) {
      expect(each.body.state).toBe(state);
      expect(each.body.lifecycle).toBeUndefined();
    }
    expect(result.one('aws_cloudwatch_metric_alarm', 'AgeAlarm').body.actions_enabled).toBe(actionsEnabled);
  });

  test('with maximal properties passes every one on', () => {
    const other = newStack();
    const backup = newScheduledBackup(other, undefined, {
      schedule: BackupSchedule.cron('0 30 4 * * MON'),
      scheduleName: 'nightly',
      alarmTopicArns: ['arn:aws:sns:eu-central-1:123456789012:oncall'],
      retestOnEveryDeploy: true,
      leaveOut: [{ schema: 'audit' }, { database: 'orders', schema: 'public', table: 'Events' }],
    });
    const result = Synthesized.of(other);
    expect(requestOf(result.one('aws_scheduler_schedule', 'Backup/Schedule').body.target.input)).toMatchObject({
      leaveOut: [{ schema: 'audit' }, { database: 'orders', schema: 'public', table: 'Events' }],
    });
    expect(backup.scheduleNames).toEqual(['nightly']);
    expect(result.one('aws_scheduler_schedule', 'Backup/Schedule').body).toMatchObject({
      name: 'nightly',
      schedule_expression: 'cron(30 4 ? * 2 *)',
      schedule_expression_timezone: 'UTC',
    });
    expect(result.one('aws_lambda_invocation', 'ConnectionTest').body.triggers.deployment).toBe('${timestamp()}');
    expect(result.one('aws_cloudwatch_metric_alarm', 'AgeAlarm').body.alarm_actions).toEqual([
      'arn:aws:sns:eu-central-1:123456789012:oncall',
    ]);
  });

  test('shares one function with every other use of the database, and one layer with the stack', () => {
    const other = newStack();
    const orders = newDatabase(other);
    newScheduledBackup(other, orders);
    newScheduledBackup(other, orders, { storage: newStorage({ path: 'second' }), scheduleName: 'second' }, 'Second');
    new ConnectionTest(other, 'Test', { database: orders, storage: newStorage({ path: 'third' }) });
    newScheduledBackup(other, newDatabase(other, 'Users', { identifier: 'users' }), {}, 'Third');
    const result = Synthesized.of(other);
    expect(result.all('aws_lambda_function')).toHaveLength(2);
    expect(result.all('aws_lambda_layer_version')).toHaveLength(1);
    expect(result.all('aws_lambda_invocation').filter(({ path }) => path.includes('ConnectionTest'))).toHaveLength(3);
  });

  test('fails where another one writes to the same folder', () => {
    const other = newStack();
    const orders = newDatabase(other);
    newScheduledBackup(other, orders);
    expect(() => newScheduledBackup(other, orders, { storage: newStorage({ path: 'production/' }) }, 'Second')).toThrow(
      'Two scheduled backups never write to one folder; stack/Backup writes to this one already. Got "company-backups/production/orders". Give one of them another path. (at stack/Second)',
    );
  });

  test('fails with a schedule name that EventBridge Scheduler refuses', () => {
    expect(() => newScheduledBackup(newStack(), undefined, { scheduleName: 'every night' })).toThrow(
      'scheduleName has 1 to 58 letters, digits, hyphens, underscores and dots. Got "every night".',
    );
  });

  test('runs the watch once before its alarm, so that the alarm has a value from the beginning', () => {
    const alarm = synthesized.one('aws_cloudwatch_metric_alarm', 'AgeAlarm');
    const watch = synthesized.one('aws_lambda_invocation', 'FirstWatch');
    expect(synthesized.before(alarm)).toContain(watch.address);
    expect(synthesized.before(watch)).toContain(test_.address);
    expect(requestOf(watch.body.input)).toMatchObject({
      action: 'watch',
      database: 'orders',
      schedule: 'orders-backup',
    });
  });

  test('notifies its topics of an age that is unknown, not only of one that is too high', () => {
    const other = newStack();
    const alarmTopicArns = ['arn:aws:sns:eu-central-1:123456789012:oncall'];
    newScheduledBackup(other, undefined, { alarmTopicArns });
    expect(Synthesized.of(other).one('aws_cloudwatch_metric_alarm', 'AgeAlarm').body).toMatchObject({
      alarm_actions: alarmTopicArns,
      insufficient_data_actions: alarmTopicArns,
    });
  });

  test('gives the metrics of two backups of one database different dimensions', () => {
    const other = newStack();
    const orders = newDatabase(other);
    newScheduledBackup(other, orders);
    newScheduledBackup(other, orders, { storage: newStorage({ path: 'second' }), scheduleName: 'second' }, 'Second');
    const result = Synthesized.of(other);
    const alarm = result.one('aws_cloudwatch_metric_alarm', 'Second/AgeAlarm').body;
    expect(alarm).toMatchObject({ alarm_name: 'second-age', dimensions: { Database: 'orders', Schedule: 'second' } });
    expect(requestOf(result.one('aws_scheduler_schedule', 'Second/Schedule').body.target.input).schedule).toBe(
      'second',
    );
    expect(requestOf(result.one('aws_scheduler_schedule', 'Second/WatchSchedule').body.target.input).schedule).toBe(
      'second',
    );
  });

  test('fails with the name of another one, naming both', () => {
    const other = newStack();
    const orders = newDatabase(other);
    newScheduledBackup(other, orders);
    expect(() => newScheduledBackup(other, orders, { storage: newStorage({ path: 'second' }) }, 'Second')).toThrow(
      'Two scheduled backups have names of their own for their schedules; stack/Backup has this one already. Got "orders-backup". Give one of them another scheduleName. (at stack/Second)',
    );
  });

  test('fails in another stack than its database, and says what to do', () => {
    const other = newStack();
    const database = newDatabase(other);
    const second = new TerraformStack(other.node.root, 'second');
    expect(() => newScheduledBackup(second, database)).toThrow(
      'is declared in the stack of that database: its connection test comes before the database, and its schedule after it. Got "second". Declare it in stack, or bring the database in with ManagedDatabase.fromManagedDatabaseAttributes in second. (at second/Backup)',
    );
  });

  test.each([
    ['database', undefined, 'database is required. Got nothing.'],
    ['storage', undefined, 'storage is required. Got nothing. Make it with a method of BackupStorage'],
    ['schedule', undefined, 'schedule is required. Got nothing. Make it with a method of BackupSchedule'],
    ['retention', undefined, 'retention is required. Got nothing. Make it with BackupRetention.days.'],
    ['retention', 30, 'retention is made with BackupRetention.days. Got 30.'],
    ['scheduleName', 'a'.repeat(59), 'scheduleName has 1 to 58'],
    ['alarmTopicArns', ['arn:aws:sns:eu-central-1:123456789012:oncall.fifo'], 'is the ARN of a standard SNS topic'],
    ['alarmTopicArns', ['arn:aws:sqs:eu-central-1:123456789012:oncall'], 'cannot notify a FIFO topic or a queue'],
    ['alarmActions', [{}], 'Each of alarmActions is an IAlarmAction.'],
    ['alarmAfterHours', 23, 'alarmAfterHours is a whole number of hours from 24 to 17568.'],
    ['leaveOut', [{}], 'schema of leaveOut is required.'],
    ['leaveOut', [{ schema: 'public', table: '' }], 'table of leaveOut has 1 to 63 bytes. Got "".'],
    ['leaveOut', ['public.events'], 'schema of leaveOut is required.'],
    ['leaveOut', [{ schema: 'a${b}' }], 'schema of leaveOut has no ${ and no %{'],
    ['alarmAfterHours', Token.asNumber(Lazy.numberValue({ produce: () => 30 })), 'is known when the program runs'],
    ['alarmTopicArns', Array.from({ length: 6 }, (_, index) => `${TOPIC}-${index}`), 'at most 5 actions for one state'],
    ['alarmActions', [{ bind: () => ({ onOk: ['on-call'] }) }], 'Each ARN of alarmActions is an ARN. Got "on-call".'],
    ['tags', { 'aws:x': 'y' }, 'A tag has a key of 1 to 128'],
  ])('fails with %s %j', (prop, value, message) => {
    const attempt = () => {
      const other = newStack();
      newScheduledBackup(other, newDatabase(other), { [prop]: value });
    };
    expect(attempt).toThrow(message);
    expect(attempt).toThrow('(at stack/Backup)');
  });

  test('fails without props', () => {
    expect(() => new ScheduledBackup(newStack(), 'Backup', undefined as any)).toThrow('database is required.');
    expect(() => new ConnectionTest(newStack(), 'Test', undefined as any)).toThrow('database is required.');
  });

  test.each([52, 55, 63])('keeps every name of an identifier of %d characters within its length', (length) => {
    const result = Synthesized.of(stackOf('a'.repeat(length)));
    for (const { body } of result.all('aws_scheduler_schedule')) expect(body.name.length).toBeLessThanOrEqual(64);
    expect(result.one('aws_lambda_function').body.function_name.length).toBeLessThanOrEqual(64);
    for (const { body } of result.all('aws_iam_role')) expect(body.name_prefix.length).toBeLessThanOrEqual(38);
  });

  test('shortens two long identifiers to two names', () => {
    const names = ['x', 'y'].map((end) => {
      const result = Synthesized.of(stackOf(`${'a'.repeat(62)}${end}`));
      return [
        result.one('aws_lambda_function').body.function_name,
        result.one('aws_scheduler_schedule', 'Backup/Schedule').body.name,
      ];
    });
    expect(names[0][0]).not.toBe(names[1][0]);
    expect(names[0][1]).not.toBe(names[1][1]);
  });

  test('gives what a user needs as attributes, and its schedule as default child', () => {
    const other = newStack();
    const backup = newScheduledBackup(other);
    expect(backup).toMatchObject({
      scheduleNames: ['orders-backup'],
      watchScheduleName: 'orders-backup-watch',
      ageAlarmName: 'orders-backup-age',
      failureAlarmName: 'orders-backup-failure',
    });
    expect(backup.backupFunction).toMatchObject({
      functionName: 'orders-backup',
      logGroupName: '/aws/lambda/orders-backup',
    });
    expect(backup.node.defaultChild).toBe(backup.node.findChild('Schedule'));
    expect(backup.connectionTest.node.defaultChild).toBe(
      backup.connectionTest.node.findChild('Invocation').node.findChild('Resource'),
    );
  });

  test('takes an endpoint that only Terraform knows', () => {
    const other = newStack();
    const endpoint = new TerraformVariable(other, 'endpoint', {}).stringValue;
    newScheduledBackup(other, undefined, { storage: newStorage({ endpoint }) });
    expect(Synthesized.of(other).one('aws_lambda_invocation', 'ConnectionTest').body.input).toContain(
      '"endpoint":${jsonencode(var.endpoint)}',
    );
  });
});

describe('ConnectionTest', () => {
  test('has its state once it has run', () => {
    const stack = newStack();
    const { connectionTest } = newScheduledBackup(stack);
    const address = Synthesized.of(stack).one('aws_lambda_invocation', 'ConnectionTest').address;
    new TerraformOutput(stack, 'state', { value: connectionTest.state });
    expect(Synthesized.of(stack).json.output.state.value).toBe(`\${jsondecode(${address}.result).state}`);
  });
});
