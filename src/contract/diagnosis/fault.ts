import { answerOf, StorageContext, permissionRemedy, TEXTS } from './fault-texts';
import { minimumPolicySentence } from '../minimum-policy';
import { Meaning, meaningOf, meansWrongCredentials, Observation } from './observation';
import { FaultClass, StorageOperation } from './verdict';

/** What was seen of each operation that was tried. */
export type Findings = { readonly [operation in StorageOperation]?: Observation };

/** A fault of a storage: one class, what was seen, and what to do. */
export interface Fault {
  readonly faultClass: FaultClass;
  readonly operations: readonly StorageOperation[];
  readonly unclear?: readonly StorageOperation[];
  readonly code?: string;
  readonly status?: number;
  readonly summary: string;
  readonly remedy: string;
}

/** In this order they are tried. */
export const STORAGE_OPERATIONS: readonly StorageOperation[] = ['PUT', 'GET', 'DELETE'];

/** Answers that settle the case for all operations, whichever of them they were given to. */
const ABOUT_THE_BUCKET: readonly Meaning[] = ['no-bucket', 'wrong-region', 'bad-name'];

/**
 * What is wrong with a storage, from all that was seen of it; undefined where nothing is.
 * Wrong credentials decide, then the bucket itself, then whatever failed first.
 */
export function faultOf(findings: Findings, context: StorageContext): Fault | undefined {
  const failed = STORAGE_OPERATIONS.filter((operation) => isFault(operation, findings));
  if (failed.length === 0) {
    return undefined;
  }
  const operation =
    failed.find((each) => meansWrongCredentials(findings[each]!)) ??
    failed.find((each) => ABOUT_THE_BUCKET.includes(meaningOf(findings[each]!))) ??
    failed[0];
  const observation = findings[operation]!;
  const meaning = meaningOf(observation) as Exclude<Meaning, 'done'>;
  const text =
    meaning === 'denied'
      ? faultOfDenials(
          failed.filter((each) => meaningOf(findings[each]!) === 'denied'),
          observation,
          context,
        )
      : { operations: [operation], ...TEXTS[meaning](operation, observation, context) };
  return { ...seenIn(observation), ...text };
}

function isFault(operation: StorageOperation, findings: Findings): boolean {
  const observation = findings[operation];
  if (observation === undefined || observation.kind === 'done') {
    return false;
  }
  // Nothing to read where nothing was stored, nothing to delete where nothing is.
  const stored = findings.PUT?.kind === 'done';
  return !(meaningOf(observation) === 'missing' && (operation === 'DELETE' || (operation === 'GET' && !stored)));
}

function seenIn(observation: Observation): Pick<Fault, 'code' | 'status'> {
  switch (observation.kind) {
    case 'answer':
      return { ...(observation.code === undefined ? {} : { code: observation.code }), status: observation.status };
    case 'no-answer':
      return { code: observation.code };
    default:
      return {};
  }
}

function faultOfDenials(
  denied: readonly StorageOperation[],
  observation: Observation,
  { storage }: StorageContext,
): Omit<Fault, 'code' | 'status'> {
  const policy = minimumPolicySentence(storage);
  if (denied.length === STORAGE_OPERATIONS.length) {
    return {
      faultClass: 'bucket-or-path',
      operations: denied,
      summary: `The storage answered ${answerOf(observation)} to PUT, GET and DELETE alike.`,
      remedy: `Check that the bucket exists, that it belongs to these credentials, and that their policy covers this path: ${policy}`,
    };
  }
  // A store that may not list hides whether an object is there, so a GET after a refused PUT proves nothing.
  const unclear: StorageOperation[] = denied.includes('PUT') && denied.includes('GET') ? ['GET'] : [];
  const operations = denied.filter((operation) => !unclear.includes(operation));
  const alsoGet = unclear.length > 0 ? ' GET was refused too, perhaps only because there was no object to read.' : '';
  return {
    faultClass: 'permission',
    operations,
    ...(unclear.length > 0 ? { unclear } : {}),
    summary: `The storage answered ${answerOf(observation)} to ${operations.join(' and ')}.${alsoGet}`,
    remedy: `${permissionRemedy(storage)} ${policy}`,
  };
}
