import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Client } from 'pg';
import { ZipFile } from 'yazl';
import { startOfProcess } from '../../sandbox/process';
import { Sandbox } from '../../sandbox/sandbox';

jest.setTimeout(2_400_000);

let sandbox: Sandbox;
let source: string;

beforeAll(async () => {
  sandbox = await Sandbox.start();
  source = await mkdtemp(path.join(tmpdir(), 'sandbox-test-'));
  await writeFile(path.join(source, 'one.zip'), await zipOf('index.js', program('one')));
  await writeFile(path.join(source, 'two.zip'), await zipOf('index.js', program('two')));
  await writeFile(path.join(source, 'layer.zip'), await zipOf('greeting.txt', 'from the layer'));
  await writeFile(path.join(source, 'main.tf.json'), JSON.stringify(CONFIGURATION));
});

afterAll(async () => {
  await sandbox?.stop();
  await rm(source, { recursive: true, force: true });
});

test('fails to fire a schedule that is not there, and says which are', async () => {
  await expect(sandbox.fire('nightly')).rejects.toThrow('No schedule has the name nightly. There are: none.');
});

// One story, as the provider waits 80 seconds for an instance to come and 60 for it to go, whatever it is of.
test('Terraform applies, fails, changes nothing twice, and destroys; functions run, databases answer, schedules fire', async () => {
  // GIVEN a deployment whose test fails
  const failed = await sandbox.apply(source, { variables: { fail: true } });
  // THEN Terraform shows the function's error, and what depends on the test was not made
  expect(failed.exitCode).toBe(1);
  expect(failed.output).toContain('invoking Lambda Function (probe): {"errorType":"Error","errorMessage":"no way"');
  expect(await sandbox.schedules()).toEqual([]);

  // WHEN it passes
  const applied = await sandbox.apply(source, {});
  // THEN everything is there, and planning again finds nothing to do
  expect(applied.output).toContain('Apply complete!');
  const planned = await sandbox.plan(source, {});
  expect(planned.output).toContain('No changes.');
  expect(planned.exitCode).toBe(0);

  await expectRealDatabases();
  await expectPasswordRotation();
  await expectSchedulesToFire();
  await expectInvocationsAsOnLambda();
  await expectImmutableVersions();

  // WHEN it is destroyed
  const servers = sandbox.databases().map(({ processId }) => processId);
  const destroyed = await sandbox.destroy(source, {});
  // THEN no server is left
  expect(destroyed.output).toContain('Destroy complete!');
  expect(sandbox.databases()).toEqual([]);
  expect(await Promise.all(servers.map(startOfProcess))).toEqual([undefined, undefined]);
});

test('two sandboxes run side by side, and stop leaves no process and no file', async () => {
  // GIVEN
  const other = await Sandbox.start();
  const status = await other.status();
  const processes = status.processes.map(({ processId }) => processId);
  expect(other.endpoint).not.toBe(sandbox.endpoint);
  expect(await Promise.all(processes.map(startOfProcess))).not.toContain(undefined);
  // WHEN
  await other.stop();
  // THEN
  expect(await Promise.all(processes.map(startOfProcess))).toEqual([undefined, undefined]);
  await expect(stat(status.directory)).rejects.toThrow('ENOENT');
  await expect(fetch(status.endpoint)).rejects.toThrow();
  expect((await sandbox.status()).account).toBe('123456789012');
});

test('fails to start when it is broken off, and leaves nothing', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'sandbox-broken-off-'));
  const breaking = new AbortController();
  const steps: string[] = [];
  const start = Sandbox.start({
    directory,
    signal: breaking.signal,
    onProgress: (step) => {
      steps.push(step);
      if (step === 'Starting AWS and the storage') breaking.abort(new Error('broken off'));
    },
  });
  await expect(start).rejects.toThrow('broken off');
  expect(steps).not.toContain('Ready');
  await expect(stat(directory)).rejects.toThrow('ENOENT');
});

async function expectRealDatabases(): Promise<void> {
  const outputs = await (await sandbox.app(source)).outputs();
  expect(outputs.resource_one).not.toBe(outputs.resource_two);
  for (const [name, major] of [
    ['one', '17'],
    ['two', '15'],
  ]) {
    const { username, password } = await secretOf(outputs[`secret_${name}`] as string);
    expect(username).toBe(`master_${name}`);
    const rows = await query(outputs[`endpoint_${name}`] as string, username, password);
    expect(rows).toEqual([{ database: 'app', major, superuser: 'off' }]);
  }
}

async function expectPasswordRotation(): Promise<void> {
  const outputs = await (await sandbox.app(source)).outputs();
  const before = await secretOf(outputs.secret_one as string);
  await sandbox.rotateMasterPassword('one');
  const after = await secretOf(outputs.secret_one as string);
  expect(after.password).not.toBe(before.password);
  await query(outputs.endpoint_one as string, after.username, after.password);
  await expect(query(outputs.endpoint_one as string, before.username, before.password)).rejects.toThrow(
    'password authentication failed',
  );
}

async function expectSchedulesToFire(): Promise<void> {
  const earliest = Math.floor(Date.now() / 1000) * 1000;
  const first = await sandbox.fire('nightly');
  const second = await sandbox.fire('group/nightly');
  const { input, ...rest } = JSON.parse(first.payload);
  // THEN the function was told when the run was due, of which schedule, and which run it is
  expect(rest).toEqual({ program: 'one', layer: 'from the layer' });
  expect(input).toEqual({
    time: first.scheduledTime,
    arn: 'arn:aws:scheduler:us-east-1:123456789012:schedule/group/nightly',
    run: expect.stringMatching(/^[0-9a-f-]{36}$/),
    attempt: '1',
    unknown: '<aws.scheduler.unknown>',
  });
  expect(new Date(first.scheduledTime).getTime()).toBeGreaterThanOrEqual(earliest);
  expect(new Date(second.scheduledTime).getTime()).toBeGreaterThan(new Date(first.scheduledTime).getTime());

  // WHEN the clock is set ahead THEN the run is due then, and one can be delivered again
  sandbox.setClock('+30d');
  const later = await sandbox.fire('nightly');
  expect(new Date(later.scheduledTime).getTime() - new Date(second.scheduledTime).getTime()).toBeGreaterThanOrEqual(
    30 * 86_400_000,
  );
  const again = await sandbox.fire('nightly', { due: new Date(first.scheduledTime) });
  expect(again.scheduledTime).toBe(first.scheduledTime);
  sandbox.setClock(0);

  await expect(sandbox.fire('paused')).rejects.toThrow('group/paused is switched off (DISABLED) and does not fire');
  const forced = await sandbox.fire('paused', { force: true });
  expect(forced.functionError).toBe('Unhandled');
  expect(JSON.parse(forced.payload).errorMessage).toBe('no way');
}

async function expectInvocationsAsOnLambda(): Promise<void> {
  const client = new LambdaClient(clientSettings());
  const invoke = async (input: object, more: object = {}) =>
    client.send(new InvokeCommand({ FunctionName: 'probe', Payload: JSON.stringify(input), ...more }));

  const answer = await invoke({ a: 1 }, { Qualifier: '1', LogType: 'Tail' });
  expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '1' });
  expect(answer.FunctionError).toBeUndefined();
  expect(Buffer.from(answer.LogResult!, 'base64').toString()).toContain('heard {"a":1}');
  expect((await invoke({ fail: true })).FunctionError).toBe('Unhandled');
  expect((await invoke({}, { InvocationType: 'Event' })).StatusCode).toBe(202);
  await expect(invoke({ long: 'x'.repeat(6_291_456) })).rejects.toMatchObject({ name: 'RequestTooLargeException' });
  await expect(invoke({}, { Qualifier: '99' })).rejects.toThrow();
  client.destroy();
}

async function expectImmutableVersions(): Promise<void> {
  const changed = await sandbox.apply(source, { variables: { program: 'two' } });
  expect(changed.exitCode).toBe(0);
  expect((await sandbox.plan(source, { variables: { program: 'two' } })).exitCode).toBe(0);
  const client = new LambdaClient(clientSettings());
  const programs = await Promise.all(
    ['1', '2', '$LATEST'].map(async (Qualifier) => {
      const { Payload } = await client.send(new InvokeCommand({ FunctionName: 'probe', Qualifier, Payload: '{}' }));
      return JSON.parse(Buffer.from(Payload!).toString()).program;
    }),
  );
  expect(programs).toEqual(['one', 'two', 'two']);
  client.destroy();
}

function clientSettings() {
  const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION } = sandbox.environment();
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  return { endpoint: AWS_ENDPOINT_URL, region: AWS_REGION, credentials, maxAttempts: 1 };
}

async function secretOf(arn: string): Promise<{ username: string; password: string }> {
  const client = new SecretsManagerClient(clientSettings());
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
  client.destroy();
  return JSON.parse(SecretString!);
}

async function query(endpoint: string, user: string, password: string): Promise<unknown[]> {
  const [host, port] = endpoint.split(':');
  const ssl = { ca: sandbox.certificateAuthority.certificatePem };
  const client = new Client({ host, port: Number(port), user, password, database: 'app', ssl });
  await client.connect();
  try {
    const { rows } = await client.query(
      "SELECT current_database() AS database, split_part(current_setting('server_version'), '.', 1) AS major, current_setting('is_superuser') AS superuser",
    );
    return rows;
  } finally {
    await client.end();
  }
}

function program(name: string): string {
  return `
    exports.handler = async (input) => {
      console.log('heard', JSON.stringify(input));
      if (input.fail) throw new Error('no way');
      const layer = require('node:fs').readFileSync('/opt/greeting.txt', 'utf8');
      return { program: ${JSON.stringify(name)}, layer, input };
    };`;
}

async function zipOf(name: string, content: string): Promise<Buffer> {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(content), name);
  zip.end();
  return buffer(zip.outputStream);
}

const PRINCIPALS = ['lambda.amazonaws.com', 'scheduler.amazonaws.com'];
const ROLE = '${aws_iam_role.role.arn}';
const VERSION = '${aws_lambda_function.probe.version}';

function instance(name: string, major: string, more: object): object {
  return {
    identifier: name,
    engine: 'postgres',
    engine_version: major,
    instance_class: 'db.t4g.micro',
    allocated_storage: 20,
    max_allocated_storage: 100,
    storage_type: 'gp3',
    storage_encrypted: true,
    username: `master_${name}`,
    manage_master_user_password: true,
    db_name: 'app',
    skip_final_snapshot: true,
    ...more,
  };
}

function schedule(name: string, state: string, input: object): object {
  return {
    name,
    state,
    group_name: '${aws_scheduler_schedule_group.group.name}',
    schedule_expression: 'cron(0 3 * * ? *)',
    flexible_time_window: { mode: 'OFF' },
    target: {
      arn: '${aws_lambda_function.probe.qualified_arn}',
      role_arn: ROLE,
      input: JSON.stringify(input),
      retry_policy: { maximum_retry_attempts: 1 },
    },
    depends_on: ['aws_lambda_invocation.test'],
  };
}

/** What is used of the resources whose emulation has to be mended, each setting that has been forgotten before. */
const CONFIGURATION = {
  terraform: { required_providers: { aws: { source: 'hashicorp/aws', version: '5.100.0' } } },
  provider: { aws: { s3_use_path_style: true } },
  variable: {
    fail: { type: 'bool', default: false },
    program: { type: 'string', default: 'one' },
  },
  resource: {
    aws_iam_role: {
      role: {
        name_prefix: 'probe-',
        assume_role_policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: PRINCIPALS } }],
        }),
      },
    },
    aws_iam_role_policy: {
      policy: {
        name_prefix: 'probe-',
        role: '${aws_iam_role.role.name}',
        policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action: 'logs:PutLogEvents', Resource: '*' }],
        }),
      },
    },
    aws_s3_bucket: { code: { bucket: 'probe-code', force_destroy: true } },
    aws_s3_object: {
      layer: { bucket: '${aws_s3_bucket.code.bucket}', key: 'a folder/layer.zip', source: 'layer.zip' },
    },
    aws_lambda_layer_version: {
      layer: {
        layer_name: 'probe-layer',
        s3_bucket: '${aws_s3_object.layer.bucket}',
        s3_key: '${aws_s3_object.layer.key}',
        compatible_architectures: ['x86_64'],
      },
    },
    aws_sns_topic: { failures: { name: 'probe-failures' } },
    aws_lambda_function: {
      probe: {
        function_name: 'probe',
        role: ROLE,
        filename: '${var.program}.zip',
        source_code_hash: '${filebase64sha256("${var.program}.zip")}',
        handler: 'index.handler',
        runtime: 'nodejs22.x',
        publish: true,
        timeout: 10,
        layers: ['${aws_lambda_layer_version.layer.arn}'],
        environment: { variables: { NAME: 'value' } },
        ephemeral_storage: { size: 1024 },
        dead_letter_config: { target_arn: '${aws_sns_topic.failures.arn}' },
        logging_config: { log_format: 'JSON', log_group: '/aws/lambda/other' },
        tracing_config: { mode: 'Active' },
      },
    },
    aws_lambda_function_event_invoke_config: {
      version: { function_name: 'probe', qualifier: VERSION, maximum_retry_attempts: 0 },
    },
    aws_lambda_invocation: {
      test: {
        function_name: '${aws_lambda_function.probe.function_name}',
        qualifier: VERSION,
        input: '${jsonencode({ fail = var.fail })}',
        lifecycle_scope: 'CREATE_ONLY',
        triggers: { fail: '${var.fail}' },
        depends_on: ['aws_iam_role_policy.policy'],
      },
    },
    aws_secretsmanager_secret: { storage: { name_prefix: 'probe-', recovery_window_in_days: 0 } },
    aws_secretsmanager_secret_version: {
      storage: {
        secret_id: '${aws_secretsmanager_secret.storage.id}',
        secret_string_wo: 'secret',
        secret_string_wo_version: 1,
      },
    },
    aws_scheduler_schedule_group: { group: { name: 'group' } },
    aws_scheduler_schedule: {
      nightly: schedule('nightly', 'ENABLED', {
        time: '<aws.scheduler.scheduled-time>',
        arn: '<aws.scheduler.schedule-arn>',
        run: '<aws.scheduler.execution-id>',
        attempt: '<aws.scheduler.attempt-number>',
        unknown: '<aws.scheduler.unknown>',
      }),
      paused: schedule('paused', 'DISABLED', { fail: true }),
    },
    aws_vpc: { network: { cidr_block: '10.0.0.0/16' } },
    aws_security_group: { group: { name_prefix: 'probe-', vpc_id: '${aws_vpc.network.id}' } },
    aws_vpc_security_group_ingress_rule: {
      members: {
        security_group_id: '${aws_security_group.group.id}',
        referenced_security_group_id: '${aws_security_group.group.id}',
        ip_protocol: 'tcp',
        from_port: 5432,
        to_port: 5432,
        description: 'Members & friends',
      },
    },
    aws_db_parameter_group: {
      parameters: {
        name_prefix: 'probe-',
        family: 'postgres17',
        parameter: [
          { name: 'rds.force_ssl', value: '1' },
          { name: 'max_connections', value: '50', apply_method: 'pending-reboot' },
        ],
      },
    },
    aws_db_instance: {
      one: instance('one', '17', {
        parameter_group_name: '${aws_db_parameter_group.parameters.name}',
        performance_insights_enabled: true,
        copy_tags_to_snapshot: true,
      }),
      two: instance('two', '15', {}),
    },
  },
  output: Object.fromEntries(
    ['one', 'two'].flatMap((name) => [
      [`endpoint_${name}`, { value: `\${aws_db_instance.${name}.endpoint}` }],
      [`resource_${name}`, { value: `\${aws_db_instance.${name}.resource_id}` }],
      [`secret_${name}`, { value: `\${aws_db_instance.${name}.master_user_secret[0].secret_arn}` }],
    ]),
  ),
};
