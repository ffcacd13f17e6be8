import { ActionError } from '../../../src/contract/action-error';
import { StorageSettings } from '../../../src/contract/storage-settings';
import { RetryBudget, retryBudgetOf, testConnection } from '../../../src/runtime/actions/test-connection';
import { JsonLog } from '../../../src/runtime/log';
import { Runtime } from '../../../src/runtime/runtime';
import { Secrets } from '../../../src/runtime/secrets';
import { ACCOUNT, REGION, SECRET_ARN, secretsError, secretsHolding } from '../../conformance/conformance';
import { Fault, FaultServer, FaultServerProps, first, s3Error } from '../../support/fault-server';

const KEYS = '{"accessKeyId":"AK","secretAccessKey":"SK"}';

describe('test-connection', () => {
  const environment = { ...process.env };
  let server: FaultServer;
  let lines: { readonly level: string; readonly event: string; readonly state: string }[];
  let pauses: number[];

  const judge = async (
    props: FaultServerProps,
    {
      secrets = secretsHolding(KEYS),
      remainingMs = 900_000,
      settings = {},
      action = 'test-connection',
    }: {
      secrets?: Secrets;
      remainingMs?: number;
      settings?: Partial<StorageSettings>;
      action?: 'test-connection' | 'test-drill';
    } = {},
  ) => {
    server = await FaultServer.start(props);
    lines = [];
    pauses = [];
    const runtime: Runtime = {
      now: () => new Date('2026-11-22T03:00:00Z'),
      remainingMs: () => remainingMs,
      account: ACCOUNT,
      region: REGION,
      libraryVersion: '0.0.0',
      log: new JsonLog((line) => lines.push(JSON.parse(line) as (typeof lines)[number])),
      secrets,
      workDirectory: '',
      openStorage: () => Promise.reject(new Error('A connection test opens its storage itself.')),
    };
    const retryBudget: RetryBudget = {
      ...retryBudgetOf(runtime),
      sleep: (milliseconds) => Promise.resolve(pauses.push(milliseconds)),
    };
    const storage: StorageSettings = {
      kind: 'amazon-s3',
      endpoint: server.url,
      region: REGION,
      bucket: 'backups',
      path: 'nightly',
      pathStyle: true,
      allowUnencrypted: true,
      credentials: { kind: 'secret', secretArn: SECRET_ARN },
      ...settings,
    };
    return testConnection({ action, storage, database: 'orders' }, runtime, retryBudget);
  };
  const deniedFor = (times: number): Secrets => {
    let count = 0;
    return {
      read: () =>
        count++ < times ? Promise.reject(secretsError('AccessDeniedException', 400)) : Promise.resolve(KEYS),
    };
  };
  const underRole = { settings: { credentials: { kind: 'role' } } } as const;

  beforeEach(() => {
    process.env.AWS_ACCESS_KEY_ID = 'AK';
    process.env.AWS_SECRET_ACCESS_KEY = 'SK';
  });

  afterEach(async () => {
    await server.stop();
    process.env = { ...environment };
  });

  test('passes, and logs one line for each state', async () => {
    const verdict = await judge({});
    expect(verdict).toMatchObject({
      state: 'Passed',
      key: expect.stringMatching(/^nightly\/orders\/\.connection-test\.\d+$/) as unknown,
      warnings: [],
    });
    expect(lines.map(({ level, event, state }) => [level, event, state])).toEqual([
      ['info', 'connection-test', 'Testing'],
      ['info', 'connection-test', 'Passed'],
    ]);
  });

  test('fails with an error without a stack, and logs one line for each state', async () => {
    const error = await judge({ on: { PUT: s3Error(404, 'NoSuchBucket') } }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ActionError);
    expect(error).toMatchObject({
      kind: 'ConnectionTestFailed',
      stack: 'ConnectionTestFailed',
      details: { state: 'Failed' },
    });
    expect(lines.map(({ state }) => state)).toEqual(['Testing', 'Failed']);
  });

  describe('of a drill', () => {
    const denied = s3Error(403, 'AccessDenied');
    const ofProofsOnly: Fault = (exchange) =>
      /^\/backups\/nightly\/orders\/[^/]+\/proof\.json$/.test(exchange.path) ? exchange.asStore() : denied(exchange);
    const drillsRole = { on: { PUT: ofProofsOnly, DELETE: ofProofsOnly } };

    test('passes with a role that may write proofs only, and leaves nothing', async () => {
      const verdict = await judge(drillsRole, { action: 'test-drill' });
      expect(verdict).toMatchObject({
        state: 'Passed',
        key: expect.stringMatching(/^nightly\/orders\/\.drill-test\.\d+\/proof\.json$/) as unknown,
        warnings: [],
      });
      expect(server.objects.size).toBe(0);
      await server.stop();

      await expect(judge(drillsRole)).rejects.toMatchObject({ details: { faultClass: 'permission' } });
    });

    test('fails where the proof cannot be deleted, and names the permission', async () => {
      await expect(judge({ on: { DELETE: denied } }, { action: 'test-drill' })).rejects.toMatchObject({
        details: { faultClass: 'permission', operations: ['DELETE'], left: expect.stringContaining('/proof.json') },
      });
    });
  });

  test('waits for a policy on the secret that AWS does not know of yet', async () => {
    const verdict = await judge({}, { secrets: deniedFor(3) });
    expect(verdict.state).toBe('Passed');
    expect(pauses).toEqual([5_000, 5_000, 5_000]);
    expect(lines).toHaveLength(2);
  });

  test('waits for a policy of its role that AWS does not know of yet', async () => {
    const denied = s3Error(403, 'AccessDenied');
    const verdict = await judge({ on: { PUT: first(2, denied), DELETE: first(2, denied) } }, underRole);
    expect(verdict.state).toBe('Passed');
    expect(pauses).toEqual([5_000, 5_000]);
  });

  test('fails after a minute of denials, and does not count it', async () => {
    const error = await judge({}, { secrets: deniedFor(Infinity) }).catch((reason: unknown) => reason as ActionError);
    expect(error).toMatchObject({ details: { faultClass: 'permission' } });
    const waited = pauses.reduce((sum, pause) => sum + pause, 0);
    expect(waited).toBeGreaterThan(50_000);
    expect(waited).toBeLessThanOrEqual(60_000);
    expect((error as ActionError).details).toHaveProperty('durationMs', expect.any(Number));
    expect(((error as ActionError).details as { durationMs: number }).durationMs).toBeLessThan(50_000);
  });

  test('fails at once where a storage with keys of its own denies', async () => {
    await expect(judge({ on: { PUT: s3Error(403, 'AccessDenied') } })).rejects.toThrow('permission');
    expect(pauses).toEqual([]);
  });

  test('fails at once in a terminal, where no role has just been made', async () => {
    await expect(judge({}, { secrets: deniedFor(1), remainingMs: Infinity })).rejects.toThrow('permission');
    expect(pauses).toEqual([]);
  });

  test('fails at once where the program would be ended before another attempt', async () => {
    await expect(judge({}, { secrets: deniedFor(1), remainingMs: 20_000 })).rejects.toThrow('permission');
    expect(pauses).toEqual([]);
  });
});
