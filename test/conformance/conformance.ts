import { randomBytes } from 'node:crypto';
import { describeVerdict } from '../../src/cli/output/verdict';
import { ActionError } from '../../src/contract/action-error';
import { FaultClass, StorageOperation } from '../../src/contract/diagnosis/fault';
import { presentableUrl } from '../../src/contract/diagnosis/fault-line';
import { FailedVerdict, Verdict } from '../../src/contract/diagnosis/verdict';
import { minimumPolicySentence } from '../../src/contract/minimum-policy';
import { normalizePath } from '../../src/contract/object-keys';
import { endpointOf, StorageSettings } from '../../src/contract/storage-settings';
import { testConnection } from '../../src/runtime/actions/test-connection';
import { JsonLog } from '../../src/runtime/log';
import { Runtime } from '../../src/runtime/runtime';
import { Secrets } from '../../src/runtime/secrets';
import { StorageKeys } from '../../src/runtime/storage/s3-client';

/** Whether a key is that of a connection test's temporary object. */
export function isTestObjectKey(key: string): boolean {
  return /\/\.connection-test\.\d+$/.test(key);
}

/** The stores that the contract is held against. */
export type StoreName = 'moto' | 'ceph' | 'versitygw' | 'fault-server';

/** One line of the table: a fault, and the verdict that it must lead to. */
export interface ConformanceCase {
  readonly fault: string;
  readonly expected: Expectation;
  readonly arrange: () => Promise<Arrangement>;
}

export interface Expectation {
  readonly verdict: 'Passed' | FaultClass;
  /** The operations that the verdict names. @default - none */
  readonly operations?: readonly StorageOperation[];
  /** Those that it says it cannot tell. @default - none */
  readonly unclear?: readonly StorageOperation[];
  /** The store's code, or the system's. @default - any */
  readonly code?: string;
  readonly status?: number;
  /** What the text says besides what every text says; of a passed test, the warnings. */
  readonly says?: readonly RegExp[];
  /** How long it may take on a quiet machine, in seconds. @default - 10 */
  readonly within?: number;
  /** Whether the object may stay, because nothing may or can delete it. @default false */
  readonly leaves?: boolean;
  /** How many requests may be sent. @default - any number */
  readonly requests?: number;
}

/** A store in the state that the fault wants. */
export interface Arrangement {
  readonly storage: StorageSettings;
  readonly database?: string;
  /** Who asks. @default - {@link ACCOUNT} */
  readonly account?: string;
  readonly secrets: Secrets;
  /** What may appear in no text. */
  readonly confidential: readonly string[];
  /** How many temporary objects there are. */
  readonly objectsLeft: () => Promise<number>;
  readonly requests?: () => number;
  readonly stop?: () => Promise<void>;
}

/** A case, run. */
export interface CaseResult {
  readonly fault: string;
  readonly verdict: Verdict | undefined;
  readonly seconds: number;
  /** Longer than it may take on a quiet machine: the bench counts it, a test does not. */
  readonly late: boolean;
  readonly objectsLeft: number;
  /** How the outcome differs from what was expected; empty where it does not. */
  readonly wrong: readonly string[];
}

export const ACCOUNT = '123456789012';
/** No machine is so slow: whatever takes longer does not end. */
export const HANG_SECONDS = 100;
export const REGION = 'eu-west-1';
export const SECRET_ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:storage-AbCdEf';

/** Secrets that are simply there. */
export function secretsHolding(text: string | Record<string, string>): Secrets {
  return {
    read: (_arn, versionId = 'current') => {
      const found = typeof text === 'string' ? text : text[versionId];
      return found === undefined
        ? Promise.reject(secretsError('ResourceNotFoundException', 400))
        : Promise.resolve(found);
    },
  };
}

/** An error as the SDK throws it when Secrets Manager refuses. */
export function secretsError(name: string, status: number): Error {
  return Object.assign(new Error(`${name} for s3cr3t-shown`), { name, $metadata: { httpStatusCode: status } });
}

export function someKeys(): StorageKeys {
  return {
    accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(20).toString('hex'),
  };
}

/** Runs one case and compares everything that is promised. */
export async function runCase(each: ConformanceCase): Promise<CaseResult> {
  const arrangement = await each.arrange();
  try {
    const lines: string[] = [];
    const start = performance.now();
    const { verdict, error } = await ask(arrangement, lines);
    const seconds = (performance.now() - start) / 1000;
    const objectsLeft = await arrangement.objectsLeft();
    const wrong = [
      ...(verdict === undefined ? [`no verdict but ${String(error)}`] : differences(each.expected, verdict)),
      ...(verdict?.state === 'Failed' ? flawsOfText(arrangement, verdict, error as Error) : []),
      ...flawsOfLog(lines, verdict?.state),
      ...confidentialIn(arrangement, [JSON.stringify(verdict), String(error), (error as Error)?.stack ?? '', ...lines]),
      ...(seconds > HANG_SECONDS ? [`hung for ${seconds.toFixed(1)} s`] : []),
      ...(objectsLeft > 0 && !each.expected.leaves ? [`${objectsLeft} objects left`] : []),
      ...flawsOfTraffic(each.expected, arrangement),
    ];
    return {
      fault: each.fault,
      verdict,
      seconds,
      late: seconds > (each.expected.within ?? 10),
      objectsLeft: each.expected.leaves ? 0 : objectsLeft,
      wrong,
    };
  } finally {
    await arrangement.stop?.();
  }
}

/**
 * Runs cases at the same time: most of them only wait. On a machine that is busy with other work they slow each other down,
 * and then "the endpoint is too slow" is the right verdict. So a case that got it, and should not, is run alone after the
 * others. No other result is repeated.
 */
export async function runCases(cases: readonly ConformanceCase[], atOnce = 12): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const waiting = cases.map((each, index) => ({ each, index }));
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results[next.index] = await runCase(next.each);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  for (const [index, result] of results.entries()) {
    if (result.wrong.length > 0 && foundTooSlow(result)) results[index] = await runCase(cases[index]);
  }
  return results;
}

function foundTooSlow({ verdict }: CaseResult): boolean {
  return verdict?.state === 'Failed' && ['OUT_OF_TIME', 'SILENT', 'TOO_SLOW'].includes(verdict.code ?? '');
}

export async function ask(
  { storage, database, account = ACCOUNT, secrets }: Omit<Arrangement, 'objectsLeft' | 'confidential'>,
  lines: string[] = [],
): Promise<{ readonly verdict?: Verdict; readonly error?: unknown }> {
  const runtime: Runtime = {
    now: () => new Date(),
    remainingMs: () => Infinity,
    account,
    region: REGION,
    libraryVersion: '0.0.0',
    log: new JsonLog((line) => lines.push(line)),
    secrets,
    workDirectory: '',
    openStorage: () => Promise.reject(new Error('A connection test opens its storage itself.')),
  };
  try {
    return { verdict: await testConnection({ action: 'test-connection', storage, database }, runtime) };
  } catch (error) {
    return error instanceof ActionError && error.kind === 'ConnectionTestFailed'
      ? { verdict: error.details as FailedVerdict, error }
      : { error };
  }
}

function differences(expected: Expectation, verdict: Verdict): string[] {
  const differs = (what: string, want: unknown, got: unknown) =>
    JSON.stringify(want) === JSON.stringify(got)
      ? []
      : [`${what}: expected ${JSON.stringify(want)}, got ${JSON.stringify(got)}`];
  if (verdict.state === 'Passed') {
    return [
      ...differs('verdict', expected.verdict, 'Passed'),
      ...(expected.says ?? [])
        .filter((pattern) => !verdict.warnings.some((warning) => pattern.test(warning)))
        .map((pattern) => `no warning says ${pattern}`),
      ...(expected.says === undefined && verdict.warnings.length > 0 ? [`warns: ${verdict.warnings.join(' ')}`] : []),
    ];
  }
  const text = `${verdict.summary} ${verdict.remedy}`;
  return [
    ...differs('verdict', expected.verdict, verdict.faultClass),
    ...differs('operations', expected.operations ?? [], verdict.operations),
    ...differs('unclear', expected.unclear ?? [], verdict.unclear ?? []),
    ...(expected.code === undefined ? [] : differs('code', expected.code, verdict.code)),
    ...(expected.status === undefined ? [] : differs('status', expected.status, verdict.status)),
    ...(expected.says ?? [])
      .filter((pattern) => !pattern.test(text))
      .map((pattern) => `does not say ${pattern}: ${text}`),
    ...differs('left', expected.leaves === true, verdict.left !== undefined),
  ].map((difference) => `${difference} (${verdict.summary})`);
}

/** What every text of a failure has: the place, the operation, the code and status, the remedy; the policy where due. */
function flawsOfText({ storage }: Arrangement, verdict: FailedVerdict, error: Error): string[] {
  const laidOut = describeVerdict(verdict).join(' ').replace(/ +/g, ' ');
  const facts = [
    presentableUrl(endpointOf(storage)),
    storage.bucket,
    normalizePath(storage.path),
    verdict.key,
    verdict.remedy,
    ...verdict.operations,
    ...(verdict.code === undefined ? [] : [verdict.code]),
    ...(verdict.status === undefined ? [] : [String(verdict.status)]),
    ...(verdict.faultClass === 'permission' && verdict.operations.length > 0
      ? ['s3:PutObject, s3:GetObject, s3:DeleteObject']
      : []),
  ];
  const policy = minimumPolicySentence(storage);
  return [
    ...facts.filter((fact) => !error.message.includes(fact)).map((fact) => `the line does not name ${fact}`),
    ...facts.filter((fact) => !laidOut.includes(fact)).map((fact) => `the layout does not name ${fact}`),
    ...(verdict.faultClass === 'permission' && verdict.operations.length > 0 && !error.message.includes(policy)
      ? ['the line does not render the minimum policy']
      : []),
    ...(/[\n"]|\bat \S+:\d+/.test(error.message)
      ? [`the line has a line break, a quotation mark or a stack: ${error.message}`]
      : []),
    ...(error.stack === error.name ? [] : ['the error has a stack']),
  ];
}

function flawsOfLog(lines: readonly string[], state: string | undefined): string[] {
  const states = lines.map((line) => (JSON.parse(line) as { state: string }).state);
  return JSON.stringify(states) === JSON.stringify(['Testing', state]) ? [] : [`the log tells ${states.join(', ')}`];
}

function confidentialIn({ confidential }: Arrangement, texts: readonly string[]): string[] {
  return [...confidential, 's3cr3t-shown']
    .filter((secret) => texts.some((text) => text.includes(secret)))
    .map(() => 'a secret is shown');
}

function flawsOfTraffic({ requests }: Expectation, arrangement: Arrangement): string[] {
  const sent = arrangement.requests?.();
  return requests === undefined || requests === sent ? [] : [`sent ${sent} requests, not ${requests}`];
}
