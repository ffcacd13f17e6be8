import { setTimeout as sleep } from 'node:timers/promises';
import { ActionError } from '../../contract/action-error';
import { Fault } from '../../contract/diagnosis/fault';
import { StorageContext } from '../../contract/diagnosis/fault-texts';
import { faultOfSecret } from '../../contract/diagnosis/secret-fault';
import { faultOfSettings } from '../../contract/diagnosis/settings-fault';
import { CONNECTION_TEST_BOUNDS, PassedVerdict, Verdict } from '../../contract/diagnosis/verdict';
import { failureLine, presentableUrl } from '../../contract/diagnosis/verdict-text';
import { normalizePath, ObjectKeys, standaloneConnectionTestKey } from '../../contract/object-keys';
import { LOCAL_ACCOUNT } from '../../contract/owner';
import { TestConnectionRequest } from '../../contract/requests';
import { endpointOf } from '../../contract/storage-settings';
import { Runtime } from '../runtime';
import { Deadlines, probe, ProbeResult, ProbeTarget } from '../storage/connection-test';
import { CredentialsFault, findKeys, FoundKeys } from '../storage/credentials';
import { StorageClient } from '../storage/s3-client';

/** How long AWS is given to learn of a role or a policy that has just been made. */
export interface RetryBudget {
  /** Milliseconds in all. */
  readonly totalMs: number;
  /** Milliseconds between two attempts. */
  readonly pauseMs: number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** Nobody deploys a role just before a run in a terminal; there an answer at once is worth more. */
export function retryBudgetOf(runtime: Pick<Runtime, 'remainingMs'>): RetryBudget {
  return { totalMs: runtime.remainingMs() === Infinity ? 0 : 60_000, pauseMs: 5_000, sleep };
}

/**
 * Proves that backups can be stored, read and deleted, from where they will be made.
 *
 * @throws ActionError ConnectionTestFailed, with a FailedVerdict as its details.
 */
export async function testConnection(
  request: TestConnectionRequest,
  runtime: Runtime,
  retryBudget: RetryBudget = retryBudgetOf(runtime),
): Promise<PassedVerdict> {
  const { storage, database } = request;
  const place = {
    endpoint: presentableUrl(endpointOf(storage)),
    bucket: storage.bucket,
    path: normalizePath(storage.path),
    key: targetOf(request, runtime).key,
  };
  runtime.log.info('connection-test', { state: 'Testing', ...place });

  const { durationMs, fault, left, warnings } = await judge(request, runtime, retryBudget);
  const verdict: Verdict =
    fault === undefined
      ? {
          state: 'Passed',
          ...place,
          testedAt: runtime.now().toISOString(),
          durationMs,
          warnings:
            database === undefined ? [...warnings, 'No database was named, so no owner was checked.'] : warnings,
        }
      : { state: 'Failed', ...fault, ...place, ...(left === undefined ? {} : { left }), durationMs };
  if (verdict.state === 'Passed') {
    runtime.log.info('connection-test', { ...verdict });
    return verdict;
  }
  runtime.log.warn('connection-test', { ...verdict });
  throw new ActionError('ConnectionTestFailed', failureLine(verdict), verdict);
}

function targetOf({ storage, database }: TestConnectionRequest, { account, region }: Runtime): ProbeTarget {
  if (database === undefined) {
    return { key: standaloneConnectionTestKey(storage.path) };
  }
  const keys = new ObjectKeys(storage.path, database);
  const owner = { account: account ?? LOCAL_ACCOUNT, region, database };
  return { key: keys.connectionTest, folder: { catalogs: keys.catalogs, owner } };
}

type Judgement = ProbeResult & { readonly durationMs: number };

/** The whole test, and again where AWS may not know of a role or a policy yet. */
async function judge(request: TestConnectionRequest, runtime: Runtime, retryBudget: RetryBudget): Promise<Judgement> {
  const settings = faultOfSettings(request.storage, request.database);
  if (settings !== undefined) {
    return { fault: settings, warnings: [], durationMs: 0 };
  }
  const start = performance.now();
  let waited = 0;
  for (;;) {
    const attemptStart = performance.now();
    const { tooEarly, ...result } = await judgeOnce(request, runtime);
    const spent = performance.now() - start;
    const enough = retryBudget.totalMs - Math.max(spent, waited) < retryBudget.pauseMs;
    // Another attempt must end before the program is ended.
    const late = runtime.remainingMs() < retryBudget.pauseMs + 2 * CONNECTION_TEST_BOUNDS.totalMs;
    if (!tooEarly || enough || late) {
      return { ...result, durationMs: Math.round(performance.now() - attemptStart) };
    }
    await retryBudget.sleep(retryBudget.pauseMs);
    waited += retryBudget.pauseMs;
  }
}

async function judgeOnce(
  request: TestConnectionRequest,
  runtime: Runtime,
): Promise<ProbeResult & { readonly tooEarly: boolean }> {
  const { storage } = request;
  const deadlines = new Deadlines(performance.now());
  const context: StorageContext = { storage, region: runtime.region, bounds: CONNECTION_TEST_BOUNDS };
  const target = targetOf(request, runtime);
  const probeWith = async (found: FoundKeys): Promise<ProbeResult> => {
    const client = new StorageClient(storage, found.keys, CONNECTION_TEST_BOUNDS);
    try {
      const result = await probe(client, target, context, deadlines);
      return found.warning === undefined ? result : { ...result, warnings: [found.warning, ...result.warnings] };
    } finally {
      client.close();
    }
  };

  let found: FoundKeys;
  try {
    found = await before(deadlines.work, findKeys(context, runtime.secrets), () => {
      throw new CredentialsFault(faultOfSlowSecret(context));
    });
  } catch (error) {
    if (error instanceof CredentialsFault) {
      return { fault: error.fault, warnings: [], tooEarly: error.mayBeTooEarly };
    }
    throw error;
  }
  let result = await probeWith(found);
  if (result.fault?.faultClass === 'authentication') {
    const newer = await before(deadlines.work, found.newer(), () => undefined);
    result = newer === undefined ? result : await probeWith(newer);
  }
  return { ...result, tooEarly: storage.credentials.kind === 'role' && isDenial(result.fault) };
}

function faultOfSlowSecret(context: StorageContext): Fault {
  const { credentials } = context.storage;
  const arn = credentials.kind === 'secret' ? credentials.secretArn : '';
  return faultOfSecret({ kind: 'no-answer', code: 'OUT_OF_TIME' }, arn, context);
}

/** What is promised, or something else where it is not there in time. */
async function before<T>(deadline: number, promised: Promise<T>, otherwise: () => T): Promise<T> {
  promised.catch(() => undefined);
  const timer = new AbortController();
  const late = sleep(Math.max(0, deadline - performance.now()), undefined, { signal: timer.signal }).then(otherwise);
  late.catch(() => undefined);
  try {
    return await Promise.race([promised, late]);
  } finally {
    timer.abort();
  }
}

function isDenial(fault: Fault | undefined): boolean {
  return fault?.code === 'AccessDenied';
}
