import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ANSWERS, ARN, call, DEPLOYED, SECRET } from './recorded-call';
import { Answers } from '../../src/contract/requests';

const STORAGE = '--endpoint https://store.example --bucket backups --path /nightly/ --region eu-1';
const SETTINGS = {
  kind: 's3-compatible',
  endpoint: 'https://store.example',
  region: 'eu-1',
  bucket: 'backups',
  path: 'nightly',
  pathStyle: true,
  allowUnencrypted: false,
  caCertificate: undefined,
  givenAs: 'options',
  credentials: { kind: 'environment' },
};
const SERVER = '--host db.example --user master --retention-days 7';
const DATABASE = {
  identifier: 'orders',
  endpoint: 'db.example:5432',
  credentials: { kind: 'environment' },
  plan: { name: 'given on the command line', vcpu: 0, memoryGib: 0, storageGib: 0 },
};

const VARIABLES = ['AWS_REGION', 'PGHOST', 'PGPORT', 'PGUSER', 'PGPASSWORD'];
const BEFORE = VARIABLES.map((name) => [name, process.env[name]] as const);

beforeEach(() => {
  VARIABLES.forEach((name) => delete process.env[name]);
  process.env.PGPASSWORD = 'se cret';
});

afterAll(() => {
  VARIABLES.forEach((name) => delete process.env[name]);
  Object.assign(process.env, Object.fromEntries(BEFORE.filter(([, value]) => value !== undefined)));
});

describe('a storage given by options', () => {
  test.each([
    ['', {}],
    ['--virtual-hosted', { pathStyle: false }],
    ['--allow-unencrypted', { allowUnencrypted: true }],
    [`--secret ${SECRET}`, { credentials: { kind: 'secret', secretArn: SECRET } }],
    [
      '--endpoint https://a1.r2.cloudflarestorage.com',
      { endpoint: 'https://a1.r2.cloudflarestorage.com', kind: 'cloudflare-r2' },
    ],
    [
      '--endpoint https://fra1.digitaloceanspaces.com',
      { endpoint: 'https://fra1.digitaloceanspaces.com', kind: 'digitalocean-spaces' },
    ],
    ['--endpoint https://s3.eu-1.amazonaws.com', { endpoint: 'https://s3.eu-1.amazonaws.com', kind: 'amazon-s3' }],
  ])('%s', async (further, expected) => {
    const { requests, runners, code } = await call(`test-connection ${STORAGE} ${further}`);
    expect(requests).toEqual([{ action: 'test-connection', storage: { ...SETTINGS, ...expected } }]);
    expect(runners).toEqual([{ region: 'eu-1' }]);
    expect(code).toBe(0);
  });

  test('without an endpoint it is Amazon S3, with the bucket in the host name', async () => {
    const { requests } = await call('test-connection --bucket backups --path nightly --region eu-west-1');
    expect(requests).toEqual([
      {
        action: 'test-connection',
        storage: { ...SETTINGS, kind: 'amazon-s3', endpoint: undefined, region: 'eu-west-1', pathStyle: false },
      },
    ]);
  });

  test('the region may come from AWS_REGION', async () => {
    process.env.AWS_REGION = 'from-environment';
    const { requests } = await call('test-connection --endpoint https://store.example --bucket backups --path nightly');
    expect(requests).toEqual([{ action: 'test-connection', storage: { ...SETTINGS, region: 'from-environment' } }]);
  });

  test('a certificate authority is read from its file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'certificate-'));
    try {
      writeFileSync(join(directory, 'ca.pem'), 'a certificate');
      const { requests } = await call(`test-connection ${STORAGE} --ca-certificate ${join(directory, 'ca.pem')}`);
      expect(requests).toEqual([
        { action: 'test-connection', storage: { ...SETTINGS, caCertificate: 'a certificate' } },
      ]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('the request of each command', () => {
  const source = { storage: SETTINGS, database: 'orders', backup: { kind: 'latest' } };

  test.each([
    [
      `test-connection ${STORAGE} --database orders`,
      { action: 'test-connection', storage: SETTINGS, database: 'orders' },
    ],
    [`list ${STORAGE} --database orders`, { action: 'list', storage: SETTINGS, database: 'orders', proofs: true }],
    [`watch ${STORAGE} --database orders`, { action: 'watch', storage: SETTINGS, database: 'orders' }],
    [
      `show 2026-11-22T03:00:00Z ${STORAGE} --database orders`,
      { action: 'show', storage: SETTINGS, database: 'orders', backup: '20261122T030000Z' },
    ],
    [`verify ${STORAGE} --database orders`, { action: 'verify', ...source }],
    [`verify --latest ${STORAGE} --database orders`, { action: 'verify', ...source }],
    [`drill ${STORAGE} --database orders`, { action: 'drill', source }],
    [
      `drill 20261122T030000Z ${STORAGE} --database orders`,
      { action: 'drill', source: { ...source, backup: { kind: 'backup', id: '20261122T030000Z' } } },
    ],
    [
      `verify 20261122T030000Z ${STORAGE} --database orders`,
      { action: 'verify', ...source, backup: { kind: 'backup', id: '20261122T030000Z' } },
    ],
    [
      `verify --before 2026-11-22T03:00:00Z ${STORAGE} --database orders`,
      { action: 'verify', ...source, backup: { kind: 'before', time: '2026-11-22T03:00:00.000Z' } },
    ],
    [
      `back-up ${STORAGE} --database orders ${SERVER}`,
      { action: 'back-up', storage: SETTINGS, database: DATABASE, retentionDays: 7 },
    ],
    [
      `back-up ${STORAGE} --database orders ${SERVER} --leave-out audit public.events "a.b"."C""d"`,
      {
        action: 'back-up',
        storage: SETTINGS,
        database: DATABASE,
        retentionDays: 7,
        leaveOut: [{ schema: 'audit' }, { schema: 'public', table: 'events' }, { schema: 'a.b', table: 'C"d' }],
      },
    ],
    [
      `back-up ${STORAGE} --database orders ${SERVER} --port 6000 --vcpu 2 --memory 4 --storage-size 50`,
      {
        action: 'back-up',
        storage: SETTINGS,
        database: {
          ...DATABASE,
          endpoint: 'db.example:6000',
          plan: { name: 'given on the command line', vcpu: 2, memoryGib: 4, storageGib: 50 },
        },
        retentionDays: 7,
      },
    ],
    [
      `restore-check --latest --engine 17 --vcpu 2 --memory 4 --storage-size 50 ${STORAGE} --database orders`,
      {
        action: 'restore-check',
        source,
        target: { engineMajor: 17, plan: { name: 'given on the command line', vcpu: 2, memoryGib: 4, storageGib: 50 } },
        sourceDescription: 'the latest completed backup of https://store.example/backups/nightly/orders',
      },
    ],
    [
      `restore --latest ${STORAGE} --database orders --host new.abc.rds.amazonaws.com --user master`,
      {
        action: 'restore',
        source,
        target: { ...DATABASE, identifier: 'new', endpoint: 'new.abc.rds.amazonaws.com:5432' },
      },
    ],
    [
      `restore --latest ${STORAGE} --database orders --host new.example --user master --identifier orders2`,
      { action: 'restore', source, target: { ...DATABASE, identifier: 'orders2', endpoint: 'new.example:5432' } },
    ],
  ])('%s', async (line, request) => {
    const { requests, runners, code, errors } = await call(line);
    expect(errors).toBe('');
    expect(requests).toEqual([request]);
    expect(runners).toEqual([{ region: 'eu-1' }]);
    expect(code).toBe(0);
  });

  test.each([
    [
      `prune ${STORAGE} --database orders ${SERVER}`,
      { action: 'prune', storage: SETTINGS, database: DATABASE, retentionDays: 7, dryRun: true, databaseGone: false },
    ],
    [
      `prune --yes ${STORAGE} --database orders --host db.example --database-secret ${SECRET} --retention-days 7`,
      {
        action: 'prune',
        storage: SETTINGS,
        database: { ...DATABASE, credentials: { kind: 'secret', secretArn: SECRET } },
        retentionDays: 7,
        dryRun: false,
        databaseGone: false,
      },
    ],
    [
      `prune --yes ${STORAGE} --database orders --retention-days 7 --database-gone --confirm orders`,
      {
        action: 'prune',
        storage: SETTINGS,
        database: { ...DATABASE, endpoint: 'gone:5432' },
        retentionDays: 7,
        dryRun: false,
        databaseGone: true,
      },
    ],
    [
      `repair --newest 2026-11-22T03:00:00Z ${STORAGE} --database orders --host db.example --user master`,
      {
        action: 'repair',
        storage: SETTINGS,
        database: DATABASE,
        newest: '20261122T030000Z',
        dueTimes: undefined,
        databaseGone: false,
      },
    ],
    [
      'repair --schedule orders-backup',
      {
        action: 'repair',
        storage: DEPLOYED.storage,
        database: DEPLOYED.database,
        newest: undefined,
        dueTimes: ['cron(0 3 * * ? *)'],
        databaseGone: false,
      },
    ],
  ])('%s', async (line, request) => {
    const { requests, code, errors } = await call(line);
    expect(errors).toBe('');
    expect(requests).toEqual([request]);
    expect(code).toBe(0);
  });

  describe('--database-gone', () => {
    const line = `prune --yes ${STORAGE} --database orders --retention-days 7 --database-gone`;
    const terminal = (typed: string) => Object.assign(Readable.from([`${typed}\n`]), { isTTY: true });

    test('is confirmed by a person who types the name of the database', async () => {
      const { code, requests, errors } = await call(line, {}, terminal('orders'));
      expect(errors).toContain('Type orders to go on');
      expect(requests).toMatchObject([{ action: 'prune', databaseGone: true }]);
      expect(code).toBe(0);
    });

    test.each(['order', 'yes', ''])('fails for the confirmation "%s", and changes nothing', async (typed) => {
      const { code, requests } = await call(line, {}, terminal(typed));
      expect([code, requests]).toEqual([6, []]);
    });

    test('fails for another name in --confirm, and changes nothing', async () => {
      const { code, requests } = await call(`${line} --confirm shop`);
      expect([code, requests]).toEqual([6, []]);
    });

    test('fails without a terminal and without --confirm, and names that option', async () => {
      const { code, requests, errors } = await call(line, {}, Readable.from([]));
      expect([code, requests]).toEqual([2, []]);
      expect(errors).toContain('--confirm orders');
    });
  });

  test('the user is passed on in PGUSER, from which the action reads it', async () => {
    await call(`back-up ${STORAGE} --database orders ${SERVER}`);
    expect(process.env.PGUSER).toBe('master');
  });

  test('host, port and user may come from the variables of PostgreSQL', async () => {
    Object.assign(process.env, { PGHOST: 'db.example', PGPORT: '6000', PGUSER: 'master' });
    const { requests } = await call(`back-up ${STORAGE} --database orders --retention-days 7`);
    expect(requests).toMatchObject([{ database: { ...DATABASE, endpoint: 'db.example:6000' } }]);
  });

  test('list requests every page and shows them as one', async () => {
    const pages = [
      {
        backups: [{ backup: '20261122T030000Z', state: 'Completed', startedAt: '2026-11-22T03:00:00Z' }],
        next: '20261122T030000Z',
      },
      {
        backups: [{ backup: '20261121T030000Z', state: 'Failed', startedAt: '2026-11-21T03:00:00Z', reason: 'broken' }],
      },
    ];
    let page = 0;
    const answers = Object.defineProperty({}, 'list', { enumerable: true, get: () => pages[page++] });
    const { requests, output } = await call(`list --json ${STORAGE} --database orders`, answers);
    expect(requests.map((request) => (request as { before?: string }).before)).toEqual([undefined, '20261122T030000Z']);
    expect(JSON.parse(output).backups).toEqual(pages.flatMap(({ backups }) => backups));
  });
});

describe('with a deployed schedule', () => {
  const { storage, database } = DEPLOYED;

  test.each([
    ['test-connection', { action: 'test-connection', storage, database: 'orders' }],
    ['list', { action: 'list', storage, database: 'orders', proofs: true }],
    ['show 20261122T030000Z', { action: 'show', storage, database: 'orders', backup: '20261122T030000Z' }],
    ['watch', { action: 'watch', storage, database: 'orders', since: '2026-11-01T00:00:00Z' }],
    ['verify', { action: 'verify', storage, database: 'orders', backup: { kind: 'latest' } }],
    // A manual run is named by the second of its start.
    ['back-up', { action: 'back-up', storage, database, retentionDays: 30, schedule: 'orders-backup' }],
  ])('%s runs in its function with its settings', async (command, request) => {
    process.env.AWS_REGION = 'eu-central-1';
    const { requests, runners, code } = await call(`${command} --schedule orders-backup`);
    expect(requests).toEqual([request]);
    expect(runners).toEqual([ARN]);
    expect(code).toBe(0);
  });

  test('--local runs it in this process, for the same owner, without the network of the function', async () => {
    const { requests, runners } = await call('list --schedule orders-backup --local');
    expect(requests).toMatchObject([
      { action: 'list', storage: { ...storage, network: undefined }, database: 'orders' },
    ]);
    expect(runners).toEqual([{ account: '123456789012', region: 'eu-central-1' }]);
  });

  test('restore takes its source from it, and always runs in this process', async () => {
    const { requests, runners } = await call(
      'restore --latest --schedule orders-backup --host new.example --user master',
    );
    expect(requests).toMatchObject([
      {
        action: 'restore',
        source: { storage: { bucket: 'deployed-bucket' }, database: 'orders' },
        target: { endpoint: 'new.example:5432' },
      },
    ]);
    expect(runners).toEqual([{ account: '123456789012', region: 'eu-central-1' }]);
  });

  test('restore --in-function fills its own database, in its function', async () => {
    process.env.PGHOST = 'of.another.program';
    const { requests, runners } = await call('restore --latest --in-function --schedule orders-backup');
    const source = { storage, database: 'orders', backup: { kind: 'latest' } };
    expect(requests).toEqual([{ action: 'restore', source, target: database }]);
    expect(runners).toEqual([ARN]);
  });

  test.each(['--bucket backups', '--region eu-1', '--database orders', `--secret ${SECRET}`])(
    'fails if %s is given too',
    async (option) => {
      const { code, requests, errors } = await call(`list --schedule orders-backup ${option}`);
      expect(code).toBe(2);
      expect(requests).toEqual([]);
      expect(errors).toContain(option.split(' ')[0]);
    },
  );

  test('fails if a retention is given too', async () => {
    const { code, requests } = await call('prune --yes --schedule orders-backup --retention-days 1');
    expect([code, requests]).toEqual([2, []]);
  });
});

describe('mistakes', () => {
  test.each([
    ['list', ['--bucket', '--path', '--region']],
    ['list --bucket backups --path nightly', ['--region']],
    [`list ${STORAGE}`, ['--database']],
    [`list ${STORAGE} --database orders --nonsense`, ['--nonsense']],
    [`list ${STORAGE} --database orders --state Deleting`, ['Deleting', 'Completed']],
    [`list ${STORAGE} --database orders --since noon`, ['noon']],
    [`list ${STORAGE} --database orders --bucket b!`, ['bucket', 'b!']],
    [`list ${STORAGE} --database ../other`, ['../other']],
    [`list ${STORAGE} --database orders --path a//b`, ['//', 'a//b']],
    [
      `list ${STORAGE} --database orders --endpoint http://store.example`,
      ['http://store.example', '--allow-unencrypted'],
    ],
    [`list ${STORAGE} --database orders --ca-certificate /none/ca.pem`, ['/none/ca.pem', 'ENOENT']],
    [`show ${STORAGE} --database orders`, ['backup']],
    [`show yesterday ${STORAGE} --database orders`, ['yesterday', '20261122T030000Z']],
    [`verify --before noon ${STORAGE} --database orders`, ['noon']],
    [`verify --latest 20261122T030000Z ${STORAGE} --database orders`, ['2 of these']],
    [`restore ${STORAGE} --database orders --host h --user u`, ['--latest', '0 of these']],
    [`restore --latest ${STORAGE} --database orders --user u`, ['--host']],
    [`restore --latest --in-function ${STORAGE} --database orders`, ['--in-function', '--schedule']],
    ['restore --latest --in-function --schedule orders-backup --host h', ['--schedule', '--host']],
    [`back-up ${STORAGE} --database orders --host h --user u`, ['--retention-days']],
    [`back-up ${STORAGE} --database orders ${SERVER} --leave-out a.b.c`, ['schema.table', 'a.b.c']],
    [`back-up ${STORAGE} --database orders --host h --retention-days 7`, ['--user']],
    [`back-up ${STORAGE} --database orders --host h --user u --retention-days 0`, ['--retention-days', '"0"']],
    [`back-up ${STORAGE} --database orders --host h --user u --retention-days 1.5`, ['"1.5"']],
    [`back-up ${STORAGE} --database orders --host h --port 70000 --user u`, ['--port', '70000', '65535']],
    [`restore-check --latest ${STORAGE} --database orders`, ['--engine', '--vcpu', '--memory', '--storage-size']],
    ['lst', ['lst', 'list']],
    [`repair ${STORAGE} --database orders --host h --user u`, ['--newest', '--due', '--schedule']],
    [`prune ${STORAGE} --database orders --retention-days 7 --confirm orders`, ['--database-gone']],
    [`drill ${STORAGE} --database orders --check /none.sql`, ['--check', '/none.sql']],
    ['status', ['Name one deployed schedule; got none']],
    ['status orders-backup --schedule other', ['got orders-backup and --schedule other']],
    ['pause', ['--schedule']],
    ['resume', ['--schedule']],
  ])('fails: %s', async (line, texts) => {
    const { code, requests, errors, output } = await call(line);
    expect(requests).toEqual([]);
    expect(output).toBe('');
    texts.forEach((text) => expect(errors).toContain(text));
    expect(code).toBe(2);
  });

  test('fails without a password, and names its variable', async () => {
    delete process.env.PGPASSWORD;
    const { code, errors } = await call(`back-up ${STORAGE} --database orders ${SERVER}`);
    expect(errors).toContain('PGPASSWORD');
    expect(code).toBe(2);
  });

  test('fails with --json with one flat object on standard output', async () => {
    const { code, output } = await call('list --json');
    expect(JSON.parse(output)).toEqual({
      ok: false,
      error: 'InvalidRequest',
      message: expect.stringContaining('--bucket'),
    });
    expect(code).toBe(2);
  });
});

describe('results', () => {
  test('fails to back up while another run is under way', async () => {
    const answer = { backup: '20261122T030000Z', outcome: 'Locked', durationMs: 1 } as const;
    const person = await call('back-up --schedule orders-backup', { 'back-up': answer });
    expect(person).toMatchObject({ code: 7, output: '', errors: expect.stringContaining('another run') });
    const machine = await call('back-up --schedule orders-backup --json', { 'back-up': answer });
    expect(JSON.parse(machine.output)).toEqual({
      ok: false,
      error: 'Locked',
      message: expect.stringContaining('another run'),
      ...answer,
    });
  });

  const LISTED: Answers['list'] = {
    backups: [
      {
        backup: '20261123T030000Z',
        state: 'Failed',
        startedAt: '2026-11-23T03:00:00Z',
        endedAt: '2026-11-23T03:00:09Z',
      },
      {
        backup: '20261122T030000Z',
        state: 'Completed',
        startedAt: '2026-11-22T03:00:00Z',
        endedAt: '2026-11-22T03:02:10Z',
      },
      {
        backup: '20261121T030000Z',
        state: 'Completed',
        startedAt: '2026-11-21T03:00:00Z',
        endedAt: '2026-11-21T03:02:10Z',
      },
      {
        backup: '20261001T030000Z',
        state: 'Completed',
        startedAt: '2026-10-01T03:00:00Z',
        endedAt: '2026-10-01T03:02:10Z',
      },
    ],
  };

  test('prune shows what it keeps and why, and deletes nothing without --yes', async () => {
    const { output } = await call('prune --schedule orders-backup', {
      prune: {
        deleted: ['20261001T030000Z'],
        kept: 1,
        reasons: [{ backup: '20261122T030000Z', reason: 'the newest completed backup, which is always kept' }],
      },
    });
    expect(output.split('\n')).toEqual([
      'Expired:',
      '  20261001T030000Z',
      'Kept: 1 completed.',
      '  20261122T030000Z  the newest completed backup, which is always kept',
      'Nothing was deleted. Add --yes to delete the expired backups.',
      '',
    ]);
  });

  test('repair shows what it added, and what is not whole', async () => {
    const { output } = await call('repair --schedule orders-backup', {
      repair: {
        backups: ['20261122T030000Z', '20261121T030000Z'],
        added: ['20261121T030000Z'],
        notWhole: [{ backup: '20261120T030000Z', reason: 'part 000002 is missing' }],
      },
    });
    expect(output.split('\n')).toEqual([
      'The list of backups of database orders is whole: 2 completed, 1 of them added.',
      '  added      20261121T030000Z',
      '  not whole  20261120T030000Z: part 000002 is missing',
      '',
    ]);
  });

  test.each([
    ['--state Completed', ['20261122T030000Z', '20261121T030000Z', '20261001T030000Z']],
    ['--since 2026-11-21T03:00:00Z', ['20261123T030000Z', '20261122T030000Z', '20261121T030000Z']],
    ['--state Completed --limit 1', ['20261122T030000Z']],
    ['--since 20261124T000000Z', []],
  ])('list %s shows these backups only', async (options, expected) => {
    const { output } = await call(`list --json --schedule orders-backup ${options}`, { list: LISTED });
    expect(JSON.parse(output).backups.map(({ backup }: { backup: string }) => backup)).toEqual(expected);
  });

  test('list says until when the retention of the schedule keeps each backup', async () => {
    const { output } = await call('list --json --schedule orders-backup --limit 3', { list: LISTED });
    expect(JSON.parse(output).backups).toMatchObject([
      { state: 'Failed' },
      { keptUntil: '2026-12-22T03:02:10.000Z', isNewest: true },
      { keptUntil: '2026-12-21T03:02:10.000Z', isNewest: false },
    ]);
  });

  test('status shows the last backup, the last failure and the next runs', async () => {
    const { output, runners } = await call('status --json --schedule orders-backup', { list: LISTED });
    const status = JSON.parse(output);
    expect(status).toMatchObject({
      ok: true,
      state: 'Active',
      due: 'At 03:00, every day',
      lastBackup: { backup: '20261122T030000Z' },
      lastFailure: { backup: '20261123T030000Z' },
    });
    expect(status.nextRuns).toHaveLength(5);
    status.nextRuns.forEach((time: string) => expect(time).toMatch(/T03:00:00.000Z$/));
    expect(runners).toEqual([ARN]);
  });

  test('status takes the schedule as its argument too, and shows the last drill', async () => {
    const proof = { state: 'Proved', endedAt: '2026-11-22T05:00:00.000Z', durations: { restoreMs: 61_000 } };
    const backups = LISTED.backups.map((each) => (each.backup === '20261122T030000Z' ? { ...each, proof } : each));
    const { output } = await call('status orders-backup', { list: { ...LISTED, backups } as never });
    expect(output).toMatch(/last drill +20261122T030000Z: proved 2026-11-22 05:00:00, restored in 1m 1s/);
  });

  const REMARK = { type: 'tablespace', name: 'fast', reason: 'RDS has no tablespaces' };

  test.each([
    ['show 20261122T030000Z', { show: { ...ANSWERS.show, remarks: [REMARK] } }],
    ['back-up', { 'back-up': { ...ANSWERS['back-up'], remarks: [REMARK] } }],
    ['restore --latest --host new.example --user master', { restore: { ...ANSWERS.restore, remarks: [REMARK] } }],
  ])('%s shows the remarks of the backup', async (command, answers) => {
    const { output } = await call(`${command} --schedule orders-backup`, answers);
    expect(output).toContain('  remark  tablespace fast: RDS has no tablespaces\n');
  });

  test('restore shows what the server refused, with --keep-going', async () => {
    const line = 'restore --latest --keep-going --empty-target --schedule orders-backup --host new.example --user u';
    const { output, requests } = await call(line, { restore: { ...ANSWERS.restore, notEnforced: [REMARK] } });
    expect(requests).toMatchObject([{ action: 'restore', keepGoing: true, emptyTarget: true }]);
    expect(output).toContain('  not enforced  tablespace fast: RDS has no tablespaces\n');
  });

  test('--help ends with 0', async () => {
    const written = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const { code } = await call('list --help');
    const help = written.mock.calls.join('');
    written.mockRestore();
    expect(code).toBe(0);
    expect(help).toContain('Exit codes:');
  });
});
