import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateScheduleCommand,
  CreateScheduleCommandInput,
  GetScheduleCommand,
  SchedulerClient,
} from '@aws-sdk/client-scheduler';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CommandLine } from './call';
import { CloudWatchService } from '../../sandbox/aws/cloudwatch';
import { Gateway } from '../../sandbox/aws/gateway';
import { AccessKeys } from '../../sandbox/aws/signature';
import { Upstream } from '../../sandbox/aws/upstream';
import { CertificateAuthority } from '../../sandbox/certificate-authority';
import { Moto, MotoProgram } from '../../sandbox/moto';
import { CustomerStorage } from '../../sandbox/storage';
import { backupIdOf } from '../../src/contract/backup-id';
import { BackUpRequest, DrillRequest, Request, WatchRequest } from '../../src/contract/requests';
import { StorageSettings } from '../../src/contract/storage-settings';
import { seal } from '../../src/runtime/storage/sealed-json';

const BUCKET = 'customer-backups';
const FOLDER = 'nightly/production';
const REGION = 'eu-central-1';
const ACCOUNT = '123456789012';
const FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:orders-backup`;

let directory: string;
let program: CommandLine;
let storage: CustomerStorage;
let aws: Gateway;
let cloudWatch: CloudWatchService;
/** Milliseconds that the clock of CloudWatch is ahead. */
let ahead = 0;
let emulator: Moto;
let keys: AccessKeys;
let readOnly: AccessKeys;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'command-line-'));
  program = await CommandLine.build(directory);
  const moto = await MotoProgram.locate(join(__dirname, '../../.cache'));
  storage = await CustomerStorage.start({
    program: moto,
    certificateAuthority: await CertificateAuthority.create(join(directory, 'authority')),
    directory: join(directory, 'storage'),
  });
  emulator = await Moto.start({ name: 'AWS (moto)', program: moto, logFile: join(directory, 'moto.log') });
  const upstream = new Upstream(emulator.endpoint, REGION);
  aws = await Gateway.start(upstream, moto.models, join(directory, 'gateway.log'));
  cloudWatch = new CloudWatchService(upstream, () => new Date(Date.now() + ahead));
  aws.add(cloudWatch);
  await storage.createBucket(BUCKET);
  keys = await storage.createKeys({ bucket: BUCKET, path: FOLDER });
  readOnly = await storage.createKeys({ bucket: BUCKET, path: FOLDER, actions: ['s3:GetObject', 's3:DeleteObject'] });
});

afterAll(async () => {
  await aws?.stop();
  await emulator?.stop();
  await storage?.stop();
  await rm(directory, { recursive: true, force: true });
});

const call: CommandLine['call'] = async (args, environment) => program.call(args, environment);

const storageOptions = () => [
  ...['--endpoint', storage.endpoint, '--bucket', BUCKET, '--path', FOLDER, '--region', storage.region],
  ...['--ca-certificate', storage.caFile],
];

const environmentOf = ({ accessKeyId, secretAccessKey }: AccessKeys) => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});

describe('test-connection', () => {
  test('passes, shows its states and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await call(['test-connection', ...storageOptions()], environmentOf(keys));
    expect(stderr).toMatch(/Testing https:.*customer-backups.*nightly\/production[^]*Passed after/);
    expect(stdout).toMatch(/^Connection test passed/);
    expect(stdout).toContain('No database was named, so the owner was not checked.');
    expect(stdout + stderr).not.toContain('\u001b');
    expect(code).toBe(0);
    expect(await storage.list(BUCKET)).toEqual([]);
  });

  test('passes with --json with the verdict on standard output', async () => {
    const { code, stdout } = await call(
      ['test-connection', '--json', '--database', 'orders', ...storageOptions()],
      environmentOf(keys),
    );
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      state: 'Passed',
      endpoint: storage.endpoint,
      bucket: BUCKET,
      path: FOLDER,
      key: expect.stringContaining(`${FOLDER}/orders/.connection-test.`) as unknown,
      warnings: [],
    });
    expect(code).toBe(0);
  });

  test('fails with a wrong secret key, which is never printed', async () => {
    const wrong = { ...keys, secretAccessKey: 'a-wrong-secret-access-key-of-somebody' };
    const person = await call(['test-connection', ...storageOptions()], environmentOf(wrong));
    expect(person.stdout).toBe('');
    expect(person.stderr).toContain('Connection test failed: invalid access credentials.');
    expect(person.code).toBe(3);

    const machine = await call(['test-connection', '--json', ...storageOptions()], environmentOf(wrong));
    expect(JSON.parse(machine.stdout)).toMatchObject({
      ok: false,
      error: 'ConnectionTestFailed',
      message: expect.stringContaining('invalid access credentials'),
      state: 'Failed',
      faultClass: 'authentication',
      operations: ['PUT'],
      code: 'SignatureDoesNotMatch',
      status: 403,
      endpoint: storage.endpoint,
    });
    expect(machine.code).toBe(3);
    for (const { stdout, stderr } of [person, machine]) {
      expect(stdout + stderr).not.toContain(wrong.secretAccessKey);
    }
  });

  test('fails without a permission, and prints the remedy in lines that fit the terminal', async () => {
    const { code, stderr } = await call(['test-connection', ...storageOptions()], environmentOf(readOnly));
    expect(stderr).toContain('Connection test failed: missing required permissions.');
    for (const [name, value] of [
      ['class', 'permission'],
      ['operations', 'PUT'],
      ['seen', 'The storage answered AccessDenied'],
      ['endpoint', storage.endpoint],
      ['bucket', BUCKET],
      ['path', FOLDER],
    ]) {
      expect(stderr).toMatch(new RegExp(`^  ${name} +${value}`, 'm'));
    }
    const policy = JSON.parse(stderr.slice(stderr.indexOf('{'), stderr.lastIndexOf('}') + 1));
    expect(policy.Statement[0].Resource).toBe(`arn:aws:s3:::${BUCKET}/${FOLDER}/*`);
    expect(Math.max(...stderr.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
    expect(code).toBe(3);
  });
});

describe('backups in a storage', () => {
  test('a list that is known to be empty has no backups', async () => {
    const owner = { account: 'local', region: storage.region, database: 'empty' };
    const catalog = seal({ format: 2, generation: 1, owner, entries: [] });
    await storage.put(BUCKET, `${FOLDER}/empty/catalog.a.json`, catalog);
    await storage.put(BUCKET, `${FOLDER}/empty/catalog.b.json`, catalog);
    const { code, stdout } = await call(['list', ...storageOptions(), '--database', 'empty'], environmentOf(keys));
    expect(stdout).toBe('No backups of database empty.\n');
    expect(code).toBe(0);
  });

  test.each([['list'], ['show', '20261122T030000Z'], ['verify']])(
    'fails to %s where a storage does not say whether there is none or reading is denied',
    async (...command) => {
      const args = [...command, ...storageOptions(), '--database', 'unknown', '--json'];
      const { code, stdout } = await call(args, environmentOf(keys));
      expect(JSON.parse(stdout)).toMatchObject({
        ok: false,
        error: 'MissingOrDenied',
        message: expect.stringContaining('No backup was made here yet, or reading is denied'),
      });
      expect(code).toBe(8);
    },
  );

  test('fails if the keys are refused, which is no usage error', async () => {
    const wrong = { ...keys, secretAccessKey: 'a-wrong-secret-access-key-of-somebody' };
    const { code, stderr } = await call(['list', ...storageOptions(), '--database', 'orders'], environmentOf(wrong));
    expect(stderr).toContain('invalid access credentials');
    expect(stderr).not.toContain(wrong.secretAccessKey);
    expect(code).toBe(1);
  });
});

describe('usage', () => {
  test('fails without a storage, and names the missing options', async () => {
    const { code, stdout, stderr } = await call(['list']);
    expect(stdout).toBe('');
    expect(stderr).toContain('--bucket, --path, --region');
    expect(code).toBe(2);
  });

  test('fails without a command, and shows all commands', async () => {
    const { code, stderr } = await call([]);
    expect(stderr).toContain('test-connection');
    expect(code).toBe(2);
  });

  test.each([[['--help']], [['restore', '--help']]])('%j documents the exit codes', async (args) => {
    const { code, stdout } = await call(args);
    expect(stdout).toContain('3  the connection test failed');
    expect(code).toBe(0);
  });
});

describe('a deployed schedule', () => {
  const awsEnvironment = () => ({
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'aws-account',
    AWS_SECRET_ACCESS_KEY: 'aws-account',
  });
  const client = () => ({
    endpoint: aws.endpoint,
    region: REGION,
    credentials: { accessKeyId: 'aws-account', secretAccessKey: 'aws-account' },
  });
  let scheduler: SchedulerClient;
  let alarms: CloudWatchClient;

  beforeAll(async () => {
    scheduler = new SchedulerClient(client());
    alarms = new CloudWatchClient(client());
    const { ARN: secretArn } = await new SecretsManagerClient(client()).send(
      new CreateSecretCommand({ Name: 'storage-keys', SecretString: JSON.stringify(keys) }),
    );
    const settings: StorageSettings = {
      kind: 's3-compatible',
      endpoint: storage.endpoint,
      region: storage.region,
      bucket: BUCKET,
      path: FOLDER,
      pathStyle: true,
      allowUnencrypted: false,
      caCertificate: storage.caPem,
      credentials: { kind: 'secret', secretArn: secretArn! },
    };
    const backUp: BackUpRequest = {
      action: 'back-up',
      storage: settings,
      database: {
        identifier: 'orders',
        endpoint: 'orders.example:5432',
        credentials: { kind: 'secret', secretArn: secretArn! },
        plan: { name: 'small', vcpu: 2, memoryGib: 2, storageGib: 20 },
      },
      retentionDays: 30,
      dueAt: '<aws.scheduler.scheduled-time>',
    };
    const watch: WatchRequest = {
      action: 'watch',
      storage: settings,
      database: 'orders',
      since: '2026-11-01T00:00:00Z',
    };
    const drill: DrillRequest = {
      action: 'drill',
      source: { storage: settings, database: 'orders', backup: { kind: 'latest' } },
    };
    for (const [name, request] of [
      ['orders-backup', backUp],
      ['orders-backup-drill', drill],
      ['orders-backup-2', backUp],
      ['orders-backup-watch', watch],
      // Of another database whose name looks like a further schedule of the first.
      ['orders-backup-3', { ...backUp, database: { ...backUp.database, identifier: 'orders-backup-3' } }],
      ['watchless-backup', backUp],
    ] as const) {
      await scheduler.send(new CreateScheduleCommand(definition(name, request)));
    }
    for (const [AlarmName, MetricName] of [
      ['orders-backup-age', 'BackupAge'],
      ['orders-backup-failure', 'BackupFailed'],
      ['orders-backup-drill-age', 'ProofAge'],
      ['orders-backup-drill-failure', 'DrillFailed'],
    ]) {
      await alarms.send(
        new PutMetricAlarmCommand({
          AlarmName,
          Namespace: 'ManagedDatabase',
          MetricName,
          Statistic: 'Minimum',
          Period: 3600,
          EvaluationPeriods: 2,
          Threshold: 172_800,
          ComparisonOperator: 'GreaterThanThreshold',
          ActionsEnabled: true,
        }),
      );
    }
  });

  function definition(name: string, request: Request): CreateScheduleCommandInput {
    return {
      Name: name,
      Description: 'Backups of orders',
      ScheduleExpression: 'cron(0 3 * * ? *)',
      ScheduleExpressionTimezone: 'UTC',
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 7 },
      State: 'ENABLED',
      StartDate: new Date('2027-01-01T00:00:00Z'),
      Target: {
        Arn: `${FUNCTION}:3`,
        RoleArn: `arn:aws:iam::${ACCOUNT}:role/scheduler`,
        Input: JSON.stringify(request),
        RetryPolicy: { MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 3600 },
      },
    };
  }

  const read = async (name: string) => {
    const { $metadata, LastModificationDate, ...schedule } = await scheduler.send(
      new GetScheduleCommand({ Name: name }),
    );
    return schedule;
  };

  const everything = async () => {
    const own = ['orders-backup', 'orders-backup-2', 'orders-backup-watch', 'orders-backup-drill'];
    const names = [...own, 'orders-backup-3', 'watchless-backup'];
    const { MetricAlarms } = await alarms.send(new DescribeAlarmsCommand({}));
    return {
      schedules: await Promise.all(names.map(read)),
      alarms: Object.fromEntries(
        MetricAlarms!.map(({ AlarmName, ActionsEnabled, Threshold }) => [AlarmName, [ActionsEnabled, Threshold]]),
      ),
    };
  };

  test('pause and resume change the state of its schedules, its watch, its drill and two alarms, and nothing else', async () => {
    // GIVEN
    const before = await everything();
    const switched = ['orders-backup', 'orders-backup-2', 'orders-backup-watch', 'orders-backup-drill'];

    // WHEN
    const paused = await call(['pause', '--schedule', 'orders-backup', '--json'], awsEnvironment());

    // THEN
    expect(paused).toMatchObject({ stderr: '', code: 0 });
    expect(JSON.parse(paused.stdout)).toEqual({
      ok: true,
      schedule: 'orders-backup',
      state: 'Paused',
      schedules: switched,
      alarms: ['orders-backup-age', 'orders-backup-drill-age'],
    });
    expect(await everything()).toEqual({
      schedules: before.schedules.map((schedule) =>
        switched.includes(schedule.Name!) ? { ...schedule, State: 'DISABLED' } : schedule,
      ),
      alarms: {
        'orders-backup-age': [false, 172_800],
        'orders-backup-failure': [true, 172_800],
        'orders-backup-drill-age': [false, 172_800],
        'orders-backup-drill-failure': [true, 172_800],
      },
    });

    // WHEN
    const resumed = await call(['resume', '--schedule', 'orders-backup'], awsEnvironment());

    // THEN
    expect(resumed.code).toBe(0);
    expect(await everything()).toEqual(before);
  });

  test('fails to pause a schedule without a watch, and changes nothing', async () => {
    const before = await everything();
    const { code, stderr } = await call(['pause', '--schedule', 'watchless-backup'], awsEnvironment());
    expect(stderr).toContain('watchless-backup-watch');
    expect(code).toBe(4);
    expect(await everything()).toEqual(before);
  });

  /** The function wrote these metrics twice in two hours, and nothing in the hours before that an alarm looks at. */
  const measured = async (metrics: Record<string, number>) => {
    ahead += 5 * 3_600_000;
    const CloudWatchMetrics = [
      { Namespace: 'ManagedDatabase', Dimensions: [[]], Metrics: Object.keys(metrics).map((Name) => ({ Name })) },
    ];
    const times = [1, 0].map((hours) => Date.now() + ahead - hours * 3_600_000);
    await cloudWatch.takeLines(
      times.map((Timestamp) => JSON.stringify({ _aws: { Timestamp, CloudWatchMetrics }, ...metrics })),
    );
  };
  const [FRESH, LATE] = [60, 172_801];
  const OWNER = { account: ACCOUNT, region: REGION, database: 'orders' };
  const store = async (entries: readonly object[]) => {
    const catalog = seal({ format: 2, generation: 1, owner: OWNER, entries });
    await storage.put(BUCKET, `${FOLDER}/orders/catalog.a.json`, catalog);
    await storage.put(BUCKET, `${FOLDER}/orders/catalog.b.json`, catalog);
    await storage.put(BUCKET, `${FOLDER}/orders/folder.json`, seal({ format: 2, owner: OWNER }));
  };
  const COMPLETED = {
    ...{ id: '20261122T030000Z', state: 'Completed', reservedParts: 2 },
    ...{ startedAt: '2026-11-22T03:00:05Z', endedAt: '2026-11-22T03:02:10Z' },
    ...{ storedBytes: 45_600_000, databaseBytes: 3_200_000_000, serverVersion: '17.10' },
  };
  const PROOF_KEY = `${FOLDER}/orders/${COMPLETED.id}/proof.json`;

  test('databases shows each database with scheduled backups, and a shield for active and fresh ones', async () => {
    // WHEN nobody can read the list, and no drill has run yet
    await measured({ BackupAge: FRESH, ProofAge: FRESH });
    const { code, stdout } = await call(['databases', '--json'], awsEnvironment());
    expect(code).toBe(0);
    const expected = {
      database: 'orders',
      schedule: 'orders-backup',
      state: 'Active',
      alarm: 'OK',
      shield: true,
      proved: false,
      drills: 'not known',
      storage: `${storage.endpoint}/${BUCKET}/${FOLDER}`,
    };
    expect(JSON.parse(stdout)).toEqual({ ok: true, databases: [expected] });

    // WHEN the last drill proved its backup
    await measured({ BackupAge: FRESH, ProofAge: FRESH, DrillFailed: 0 });
    // THEN it says so, by the alarms alone
    const proved = await call(['databases'], awsEnvironment());
    expect(proved.stdout).toMatch(/^🛡 +orders +orders-backup +Active +OK +proved +/m);
    Object.assign(expected, { proved: true, drills: 'proved' });

    // WHEN the newest backup is too old
    await measured({ BackupAge: LATE, ProofAge: FRESH, DrillFailed: 0 });
    // THEN there is no shield
    const late = JSON.parse((await call(['databases', '--json'], awsEnvironment())).stdout);
    expect(late.databases).toEqual([{ ...expected, alarm: 'ALARM', shield: false }]);
    await measured({ BackupAge: FRESH, ProofAge: FRESH, DrillFailed: 0 });

    // WHEN it is paused
    await call(['pause', '--schedule', 'orders-backup'], awsEnvironment());
    const paused = await call(['databases', '--json'], awsEnvironment());
    const status = await call(['status', '--schedule', 'orders-backup', '--local'], awsEnvironment());
    await call(['resume', '--schedule', 'orders-backup'], awsEnvironment());
    // THEN there is no shield, and no next run
    expect(JSON.parse(paused.stdout).databases).toEqual([{ ...expected, state: 'Paused', shield: false }]);
    expect(status.stdout).toMatch(/^ {2}state +Paused from the command line: the command resume resumes it$/m);
    expect(status.stdout).not.toContain('next runs');
    expect(status.stdout).not.toContain('next drill');
    expect(status.stdout).toMatch(/^ {2}alarm +orders-backup-age: OK, its actions are off$/m);
  });

  test('databases takes what drills found from the list of backups, not from alarms', async () => {
    const database = async () =>
      JSON.parse((await call(['databases', '--local', '--json'], awsEnvironment())).stdout).databases[0];
    const drills = async () => (await database()).drills;
    const prove = async (state: string) => {
      const durations = { serverMs: 1, restoreMs: 1, checksMs: 1 };
      const proof = { format: 1, backup: COMPLETED.id, state, endedAt: '2026-11-23T04:00:00Z', durations };
      await storage.put(BUCKET, PROOF_KEY, seal(proof));
    };
    await store([COMPLETED]);

    await measured({ BackupAge: FRESH, ProofAge: FRESH, DrillFailed: 0 });
    expect(await database()).toMatchObject({ drills: 'no proof yet', shield: true });
    // A fresh backup that cannot be restored protects nobody.
    await prove('Disproved');
    expect(await database()).toMatchObject({ drills: 'disproved', shield: false });
    await prove('Proved');
    // A new deployment: nothing was measured yet.
    ahead += 5 * 3_600_000;
    expect(await drills()).toBe('proved');
    await measured({ ProofAge: LATE });
    expect(await drills()).toBe('proof too old');
    await measured({ DrillFailed: 172_801 });
    expect(await drills()).toBe('last drill failed');
    await storage.delete(BUCKET, PROOF_KEY);
  });

  test('logs shows all that the function logged in the runs of one backup, and nothing of other runs', async () => {
    // GIVEN a log with three runs, of which the second made the backup, and another stream
    const due = new Date(Math.floor(Date.now() / 1000 - 3600) * 1000);
    const backup = backupIdOf(due);
    const logs = new CloudWatchLogsClient(client());
    const group = { logGroupName: '/aws/lambda/orders-backup' };
    await logs.send(new CreateLogGroupCommand(group));
    const write = async (logStreamName: string, lines: string[]) => {
      await logs.send(new CreateLogStreamCommand({ ...group, logStreamName }));
      const logEvents = lines.map((message, index) => ({ timestamp: due.getTime() + index * 1000, message }));
      await logs.send(new PutLogEventsCommand({ ...group, logStreamName, logEvents }));
    };
    const event = (name: string, fields: object) => JSON.stringify({ level: 'info', event: name, ...fields });
    await write('stream-1', [
      'START RequestId: 1 Version: 3',
      event('connection-test', { state: 'Testing' }),
      'END RequestId: 1',
      'START RequestId: 2 Version: 3',
      event('backup-started', { backup }),
      event('metric', { BackupAge: 1 }),
      event('database-stored', { database: 'shop', bytes: 1_200_000 }),
      'REPORT RequestId: 2 Duration: 900000.00 ms',
      'END RequestId: 2',
      'START RequestId: 3 Version: 3',
      event('backup-started', { backup: '20200101T000000Z' }),
      'END RequestId: 3',
    ]);
    await write('stream-2', ['START RequestId: 4 Version: 3', event('other', {}), 'END RequestId: 4']);

    // WHEN
    const args = ['logs', backup, '--schedule', 'orders-backup'];
    const person = await call(args, awsEnvironment());
    const machine = await call([...args, '--json'], awsEnvironment());

    // THEN
    expect(person.stdout.replace(/^[\d:]{8}/gm, '').split('\n')).toEqual([
      `  backup started: backup ${backup}`,
      '  database stored: database shop, bytes 1.2 MB',
      '  platform: message REPORT RequestId: 2 Duration: 900000.00 ms',
      '',
    ]);
    expect(JSON.parse(machine.stdout).events.map((each: { event: string }) => each.event)).toEqual([
      'backup-started',
      'database-stored',
      'platform',
    ]);

    // AND a backup without a run there is not found
    const missing = await call(['logs', '20201122T030000Z', '--schedule', 'orders-backup'], awsEnvironment());
    expect(missing).toMatchObject({ code: 4, stderr: expect.stringContaining('20201122T030000Z') });
  });

  test('fails if there is no such schedule', async () => {
    const { code, stderr } = await call(['list', '--schedule', 'missing-backup'], awsEnvironment());
    expect(stderr).toContain('missing-backup');
    expect(code).toBe(4);
  });

  test('fails if the schedule makes no backups', async () => {
    const { code, stderr } = await call(['list', '--schedule', 'orders-backup-watch'], awsEnvironment());
    expect(stderr).toContain('back-up');
    expect(code).toBe(4);
  });

  test('list --local uses its settings in this process', async () => {
    // GIVEN
    await store([
      {
        id: '20261121T030000Z',
        state: 'Failed',
        startedAt: '2026-11-21T03:00:01Z',
        endedAt: '2026-11-21T03:00:02Z',
        reason: 'the disk was full',
        reservedParts: 1,
      },
      COMPLETED,
    ]);

    // WHEN
    const { code, stdout, stderr } = await call(['list', '--schedule', 'orders-backup', '--local'], awsEnvironment());

    // THEN
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      `Backups of database orders of account ${ACCOUNT} in ${REGION}:`,
      '',
      'backup            created (UTC)        status     duration  stored   database  server  kept until (UTC)       proved (UTC)  reason',
      '20261122T030000Z  2026-11-22 03:00:05  Completed  2m 5s     45.6 MB  3.2 GB    17.10   always, as the newest',
      '20261121T030000Z  2026-11-21 03:00:01  Failed     1s                                                                        the disk was full',
      '',
    ]);
    expect(code).toBe(0);
  });

  test('test-connection --local uses its owner, so that its own folder is accepted', async () => {
    const { code, stdout } = await call(
      ['test-connection', '--schedule', 'orders-backup', '--local', '--json'],
      awsEnvironment(),
    );
    expect(JSON.parse(stdout)).toMatchObject({
      state: 'Passed',
      key: expect.stringContaining(`${FOLDER}/orders/.connection-test.`) as unknown,
    });
    expect(code).toBe(0);
  });

  test('status shows configuration, next runs, last backup, last failure and alarms', async () => {
    const { code, stdout } = await call(['status', '--schedule', 'orders-backup', '--local'], awsEnvironment());
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('Schedule orders-backup of database orders');
    expect(stdout).toMatch(/^ {2}due \(UTC\) +At 03:00, every day/m);
    expect(lines.filter((line) => /^(?! {2}next drill).* \d{4}-\d\d-\d\d 03:00:00$/.test(line))).toHaveLength(5);
    expect(stdout).toContain('30 days; the newest completed backup is always kept');
    expect(stdout).toContain(`${storage.endpoint}, bucket ${BUCKET}, path ${FOLDER}`);
    expect(stdout).toMatch(/^ {2}last backup +20261122T030000Z, completed 2026-11-22 03:02:10 in 2m 5s, 45.6 MB$/m);
    expect(stdout).toMatch(/^ {2}last failure +20261121T030000Z: the disk was full$/m);
    expect(stdout).toMatch(/^ {2}alarm +orders-backup-failure: no data$/m);
    expect(stdout).toMatch(/^ {2}next drill +\d{4}-\d\d-\d\d 03:00:00$/m);
    expect(stdout).toMatch(/^ {2}alarm +orders-backup-drill-age: (OK|ALARM|no data)$/m);
    expect(stdout).toMatch(/^ {2}alarm +orders-backup-drill-failure: (OK|ALARM|no data)$/m);
    expect(code).toBe(0);
  });

  test('watch shows the age of the newest backup', async () => {
    const { stdout } = await call(['watch', '--schedule', 'orders-backup', '--local', '--json'], awsEnvironment());
    expect(JSON.parse(stdout)).toMatchObject({ newest: '20261122T030000Z' });
  });
});

test('fails if --ca-certificate is not a certificate, before any request', async () => {
  const file = join(directory, 'nonsense.pem');
  await writeFile(file, 'nonsense');
  const { code, stderr } = await call(
    [...['list', ...storageOptions(), '--database', 'orders'], '--ca-certificate', file],
    environmentOf(keys),
  );
  expect(stderr).toContain('PEM');
  expect(code).toBe(2);
});
