import { TerraformOutput, TerraformVariable } from 'cdktf';
import { BackupSchedule, ConnectionTest } from '../../src';
import { newDatabase, newScheduledBackup, newStack, newStorage, requestOf, Synthesized } from '../support/synth';

describe('ScheduledBackup', () => {
  const stack = newStack();
  newScheduledBackup(stack);
  const synthesized = Synthesized.of(stack);
  const test_ = synthesized.one('aws_lambda_invocation');
  const instance = synthesized.one('aws_db_instance');
  const schedule = synthesized.one('aws_scheduler_schedule', 'Backup/Schedule');

  test('lets no database and no schedule through before its connection test', () => {
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

  test('names the version that was tested, and hands it the settings that were tested', () => {
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

  test('tests anew for another endpoint, bucket, path, region, secret, secret version or function version', () => {
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

  test('lets an instance be replaced under its identifier: nothing makes Terraform create it before the old one goes', () => {
    const creatingFirst = synthesized.resources.filter(({ body }) => body.lifecycle?.create_before_destroy);
    expect(creatingFirst).not.toEqual([]);
    for (const resource of creatingFirst) {
      expect(synthesized.before(resource)).not.toContain(instance.address);
    }
  });

  test('repeats nothing by itself, and once by the scheduler', () => {
    expect(synthesized.one('aws_lambda_function_event_invoke_config').body).toMatchObject({
      maximum_retry_attempts: 0,
      qualifier: `\${${synthesized.one('aws_lambda_function').address}.version}`,
    });
    expect(schedule.body.target.retry_policy.maximum_retry_attempts).toBe(1);
  });

  test('has construct ids that are a contract', () => {
    expect(synthesized.resources.map((resource) => resource.path).sort()).toEqual([
      'stack/Backup/AgeAlarm',
      'stack/Backup/ConnectionTest/Invocation/Resource',
      'stack/Backup/ConnectionTest/Storage/Grant/Resource',
      'stack/Backup/ConnectionTest/Storage/Versions',
      'stack/Backup/FailureAlarm',
      'stack/Backup/Schedule',
      'stack/Backup/WatchSchedule',
      'stack/BackupFunctionAssets/ClientLayer',
      'stack/Orders/BackupFunction/DatabaseEgress',
      'stack/Orders/BackupFunction/DatabaseGrant/Resource',
      'stack/Orders/BackupFunction/DatabaseIngress',
      'stack/Orders/BackupFunction/EventInvokeConfig',
      'stack/Orders/BackupFunction/HttpsEgress',
      'stack/Orders/BackupFunction/LogGroup',
      'stack/Orders/BackupFunction/Policy',
      'stack/Orders/BackupFunction/Resource',
      'stack/Orders/BackupFunction/Role',
      'stack/Orders/BackupFunction/SchedulerPolicy',
      'stack/Orders/BackupFunction/SchedulerRole',
      'stack/Orders/BackupFunction/SecurityGroup',
      'stack/Orders/ParameterGroup',
      'stack/Orders/Resource',
      'stack/Orders/SecurityGroup',
      'stack/Orders/SubnetGroup',
    ]);
  });

  test('raises an alarm when no backup was completed for twice the longest gap, and when nobody can tell', () => {
    expect(synthesized.one('aws_cloudwatch_metric_alarm', 'AgeAlarm').body).toMatchObject({
      metric_name: 'BackupAge',
      threshold: 2 * 24 * 3600,
      comparison_operator: 'GreaterThanThreshold',
      treat_missing_data: 'breaching',
      actions_enabled: true,
    });
    expect(synthesized.one('aws_cloudwatch_metric_alarm', 'FailureAlarm').body).toMatchObject({
      metric_name: 'BackupFailed',
      threshold: 1,
      treat_missing_data: 'notBreaching',
    });
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

  test('with maximal properties hands every one on', () => {
    const other = newStack();
    const backup = newScheduledBackup(other, undefined, {
      schedule: BackupSchedule.cron('0 30 4 * * MON'),
      scheduleName: 'nightly',
      alarmTopicArns: ['arn:aws:sns:eu-central-1:123456789012:oncall'],
      retestOnEveryDeploy: true,
    });
    const result = Synthesized.of(other);
    expect(backup.scheduleNames).toEqual(['nightly']);
    expect(result.one('aws_scheduler_schedule', 'Backup/Schedule').body).toMatchObject({
      name: 'nightly',
      schedule_expression: 'cron(30 4 ? * 2 *)',
      schedule_expression_timezone: 'UTC',
    });
    expect(result.one('aws_lambda_invocation').body.triggers.deployment).toBe('${timestamp()}');
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
    expect(result.all('aws_lambda_invocation')).toHaveLength(4);
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
      'The name of a schedule has 1 to 60 letters, digits, hyphens, underscores and dots. Got "every night".',
    );
  });

  test('takes an endpoint that only Terraform knows', () => {
    const other = newStack();
    const endpoint = new TerraformVariable(other, 'endpoint', {}).stringValue;
    newScheduledBackup(other, undefined, { storage: newStorage({ endpoint }) });
    expect(Synthesized.of(other).one('aws_lambda_invocation').body.input).toContain(
      '"endpoint":${jsonencode(var.endpoint)}',
    );
  });
});

describe('ConnectionTest', () => {
  test('tells its state once it has run', () => {
    const stack = newStack();
    const { connectionTest } = newScheduledBackup(stack);
    const address = Synthesized.of(stack).one('aws_lambda_invocation').address;
    new TerraformOutput(stack, 'state', { value: connectionTest.state });
    expect(Synthesized.of(stack).json.output.state.value).toBe(`\${jsondecode(${address}.result).state}`);
  });
});
