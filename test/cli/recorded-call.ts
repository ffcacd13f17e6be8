import { Readable } from 'node:stream';
import { ActionRunner } from '../../src/cli/action-runner';
import { DeployedSchedule } from '../../src/cli/deployed/schedule';
import { AccountAndRegion } from '../../src/cli/local-runner';
import { Terminal } from '../../src/cli/output/terminal';
import { run } from '../../src/cli/program';
import { Services, Session } from '../../src/cli/session';
import { PassedVerdict } from '../../src/contract/diagnosis/verdict';
import { Answers, BackUpRequest, Request } from '../../src/contract/requests';

export const ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:orders-backup:3';
export const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:keys';

/** What the deployed schedule carries. */
export const DEPLOYED: BackUpRequest = {
  action: 'back-up',
  storage: {
    kind: 's3-compatible',
    endpoint: 'https://store.example',
    region: 'eu-1',
    bucket: 'deployed-bucket',
    path: 'deployed',
    pathStyle: true,
    allowUnencrypted: false,
    credentials: { kind: 'secret', secretArn: SECRET, versionId: 'v1' },
    network: { vpcId: 'vpc-1', subnetIds: ['subnet-1'] },
  },
  database: {
    identifier: 'orders',
    endpoint: 'orders.abc.eu-central-1.rds.amazonaws.com:5432',
    credentials: { kind: 'secret', secretArn: `${SECRET}-database` },
    plan: { name: 'small', vcpu: 2, memoryGib: 2, storageGib: 20 },
  },
  retentionDays: 30,
  dueAt: '<aws.scheduler.scheduled-time>',
};

const PASSED: PassedVerdict = {
  state: 'Passed',
  endpoint: 'https://store.example',
  bucket: 'b',
  path: 'p',
  key: 'k',
  testedAt: '2026-11-22T03:00:00.000Z',
  durationMs: 12,
  warnings: [],
};

export const ANSWERS: Answers = {
  'test-connection': PASSED,
  'test-drill': PASSED,
  'back-up': { backup: '20261122T030000Z', outcome: 'Completed', durationMs: 1 },
  watch: {},
  list: { backups: [] },
  show: {
    format: 2,
    backup: '20261122T030000Z',
    owner: { account: 'local', region: 'r', database: 'orders' },
    libraryVersion: '0',
    startedAt: '2026-11-22T03:00:00.000Z',
    endedAt: '2026-11-22T03:00:01.000Z',
    engine: { name: 'postgres', serverVersion: '17.1', serverMajor: 17, clientVersion: '18.1' },
    plan: { name: 'small', vcpu: 2, memoryGib: 2, storageGib: 20 },
    master: 'm',
    roles: [],
    memberships: [],
    remarks: [],
    databases: [],
    files: [],
    parts: [],
  },
  verify: { backup: '20261122T030000Z', parts: 1, bytes: 1 },
  prune: { deleted: [], kept: 1, reasons: [] },
  repair: { backups: ['20261122T030000Z'], added: ['20261122T030000Z'], notWhole: [] },
  'restore-check': {
    backup: '20261122T030000Z',
    sourceDescription: '',
    serverVersion: '17.1',
    databaseBytes: 1,
    remarks: [],
  },
  restore: {
    backup: '20261122T030000Z',
    outcome: 'Restored',
    databases: [],
    tables: 0,
    rows: 0,
    databaseBytes: 0,
    connection: { host: 'localhost', port: 5432, user: 'master' },
    passedOver: [],
    remarks: [],
    notEnforced: [],
    durationMs: 1,
  },
  'refuse-deletion': { database: 'orders' },
  drill: {
    format: 1,
    backup: '20261122T030000Z',
    manifestDigest: '0',
    state: 'Proved',
    startedAt: '2026-11-22T03:00:00.000Z',
    endedAt: '2026-11-22T03:00:09.000Z',
    libraryVersion: '0',
    serverVersion: '18.1',
    processors: 2,
    loaded: { databases: ['shop'], tables: 1, rows: 2, databaseBytes: 3 },
    durations: { serverMs: 1, restoreMs: 2, checksMs: 3 },
    notProved: [],
    checks: [],
  },
};

export interface Called {
  readonly code: number;
  readonly requests: readonly Request[];
  /** The owner of a run in this process, or the ARN of the function. */
  readonly runners: readonly (AccountAndRegion | string)[];
  readonly output: string;
  readonly errors: string;
}

/** Runs the command line with a runner that records the requests and gives these answers. */
export async function call(
  line: string,
  answers: Partial<Answers> = {},
  input: NodeJS.ReadableStream & { readonly isTTY?: boolean } = Readable.from([]),
): Promise<Called> {
  const requests: Request[] = [];
  const runners: (AccountAndRegion | string)[] = [];
  const runner: ActionRunner = {
    run: (async (request: Request) => {
      requests.push(request);
      return { ...ANSWERS, ...answers }[request.action];
    }) as ActionRunner['run'],
  };
  const record = (target: AccountAndRegion | string) => {
    runners.push(target);
    return runner;
  };
  const schedule = {
    name: 'orders-backup',
    request: DEPLOYED,
    watchRequest: { action: 'watch', since: '2026-11-01T00:00:00Z' },
    functionArn: ARN,
    owner: { account: '123456789012', region: 'eu-central-1' },
    state: 'Active',
    expressions: ['cron(0 3 * * ? *)'],
  } as DeployedSchedule;
  const services: Services = {
    findSchedule: async (name) => {
      expect(name).toBe('orders-backup');
      return schedule;
    },
    findSchedules: async () => [schedule],
    readAlarms: async (names) => names.map((name) => ({ name, state: 'OK', actionsEnabled: true })),
    readRunLog: async () => [
      { time: '2026-11-22T03:00:01.000Z', level: 'info', event: 'backup-started', backup: '20261122T030000Z' },
    ],
    pause: async () => ({ schedule: 'orders-backup', state: 'Paused', schedules: [], alarms: ['a'] }),
    resume: async () => ({ schedule: 'orders-backup', state: 'Running', schedules: [], alarms: ['a'] }),
    localRunner: record,
    deployedFunction: record,
  };
  const written = { output: '', errors: '' };
  const terminal = new Terminal(
    line.includes('--json'),
    { write: (text) => (written.output += text) },
    { write: (text) => (written.errors += text) },
    input,
  );
  const code = await run(line.split(' ').filter(Boolean), new Session(terminal, services));
  return { code, requests, runners, ...written };
}
