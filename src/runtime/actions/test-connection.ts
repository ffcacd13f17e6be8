import { setTimeout as sleep } from 'node:timers/promises';
import { ActionError } from '../../contract/action-error';
import { diagnoseSecret } from '../../contract/diagnosis/diagnose';
import { diagnoseSettings } from '../../contract/diagnosis/diagnose-settings';
import { Fault, StorageContext } from '../../contract/diagnosis/fault';
import { failureLine, presentableUrl } from '../../contract/diagnosis/fault-line';
import { CONNECTION_TEST_BOUNDS, PassedVerdict, Verdict } from '../../contract/diagnosis/verdict';
import { connectionTestKey, normalizePath, ObjectKeys } from '../../contract/object-keys';
import { LOCAL_ACCOUNT } from '../../contract/owner';
import { TestConnectionRequest, TestDrillRequest } from '../../contract/requests';
import { endpointOf } from '../../contract/storage-settings';
import { Runtime } from '../runtime';
import { Deadlines, probe, ProbeResult, ProbeTarget } from '../storage/connection-test';
import { CredentialsFault, findKeys, FoundKeys } from '../storage/credentials';
import { StorageClient } from '../storage/s3-client';
import { withDeadline } from '../with-deadline';

/** Both tests are the same but for the temporary object's key. */
type TestRequest = TestConnectionRequest | TestDrillRequest;

/** How long AWS is given to learn of a role or a policy that has just been made. */
export interface RetryBudget {
  /** Milliseconds in all. */
  readonly totalMs: number;
  /** Milliseconds between two attempts. */
  readonly pauseMs: number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** In a terminal nothing was deployed a moment ago, and an answer at once is worth more. */
export function retryBudgetOf(runtime: Pick<Runtime, 'remainingMs'>): RetryBudget {
  return { totalMs: runtime.remainingMs() === Infinity ? 0 : 60_000, pauseMs: 5_000, sleep };
}

/**
 * Proves that backups can be stored, read and deleted, from where they will be made; of a drill, that it can read them and
 * store its proof.
 *
 * @throws ActionError ConnectionTestFailed, with a FailedVerdict as its details.
 */
export async function testConnection(
  request: TestRequest,
  runtime: Runtime,
  retryBudget: RetryBudget = retryBudgetOf(runtime),
): Promise<PassedVerdict> {
  const { storage, database } = request;
  const location = {
    endpoint: presentableUrl(endpointOf(storage)),
    bucket: storage.bucket,
    path: normalizePath(storage.path),
  };
  runtime.log.info('connection-test', { state: 'Testing', ...location });

  const { durationMs, key, fault, left, warnings } = await judge(request, runtime, retryBudget);
  const verdict: Verdict =
    fault === undefined
      ? {
          state: 'Passed',
          ...location,
          key,
          testedAt: runtime.now().toISOString(),
          durationMs,
          warnings:
            database === undefined ? [...warnings, 'No database was named, so the owner was not checked.'] : warnings,
        }
      : { state: 'Failed', ...fault, ...location, key, ...(left === undefined ? {} : { left }), durationMs };
  if (verdict.state === 'Passed') {
    runtime.log.info('connection-test', { ...verdict });
    return verdict;
  }
  runtime.log.warn('connection-test', { ...verdict });
  throw new ActionError('ConnectionTestFailed', failureLine(verdict), verdict);
}

function targetOf({ action, storage, database }: TestRequest, { account, region }: Runtime): ProbeTarget {
  if (database === undefined) {
    return { keyOfSlot: (slot) => connectionTestKey(storage.path, slot) };
  }
  const keys = new ObjectKeys(storage.path, database);
  const owner = { account: account ?? LOCAL_ACCOUNT, region, database };
  return {
    keyOfSlot: (slot) => (action === 'test-drill' ? keys.drillTest(slot) : keys.connectionTest(slot)),
    folder: { ownerObjects: [...keys.catalogs, keys.record], owner },
  };
}

type TestResult = ProbeResult & { readonly durationMs: number };

/** The whole test, and again where AWS may not know of a role or a policy yet. */
async function judge(request: TestRequest, runtime: Runtime, retryBudget: RetryBudget): Promise<TestResult> {
  const settings = diagnoseSettings(request.storage, request.database);
  if (settings !== undefined) {
    return { fault: settings, key: targetOf(request, runtime).keyOfSlot(1), warnings: [], durationMs: 0 };
  }
  const start = performance.now();
  let waited = 0;
  for (;;) {
    const attemptStart = performance.now();
    const { tooEarly, ...result } = await judgeOnce(request, runtime);
    const spent = performance.now() - start;
    const spentBudget = retryBudget.totalMs - Math.max(spent, waited) < retryBudget.pauseMs;
    // Another attempt must end before the program is stopped.
    const late = runtime.remainingMs() < retryBudget.pauseMs + 2 * CONNECTION_TEST_BOUNDS.totalMs;
    if (!tooEarly || spentBudget || late) {
      return { ...result, durationMs: Math.round(performance.now() - attemptStart) };
    }
    await retryBudget.sleep(retryBudget.pauseMs);
    waited += retryBudget.pauseMs;
  }
}

async function judgeOnce(
  request: TestRequest,
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
  const untilDeadline = async <T>(work: () => Promise<T>, otherwise: () => T): Promise<T> =>
    withDeadline(deadlines.work - performance.now(), work, otherwise);

  let found: FoundKeys;
  try {
    found = await untilDeadline(
      () => findKeys(context, runtime.secrets),
      () => {
        throw new CredentialsFault(diagnoseSlowSecret(context));
      },
    );
  } catch (error) {
    if (error instanceof CredentialsFault) {
      return { fault: error.fault, key: target.keyOfSlot(1), warnings: [], tooEarly: error.mayBeTooEarly };
    }
    throw error;
  }
  let result = await probeWith(found);
  if (result.fault?.faultClass === 'authentication') {
    const newer = await untilDeadline(found.newer, () => undefined);
    result = newer === undefined ? result : await probeWith(newer);
  }
  return { ...result, tooEarly: storage.credentials.kind === 'role' && isDenial(result.fault) };
}

function diagnoseSlowSecret(context: StorageContext): Fault {
  const { credentials } = context.storage;
  const arn = credentials.kind === 'secret' ? credentials.secretArn : '';
  return diagnoseSecret({ kind: 'no-answer', code: 'OUT_OF_TIME' }, arn, context);
}

function isDenial(fault: Fault | undefined): boolean {
  return fault?.code === 'AccessDenied';
}
