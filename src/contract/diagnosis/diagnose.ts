import {
  answerOf,
  describeError,
  errorKindOf,
  isKind,
  rejectsCredentials,
  seconds,
  secretErrorKindOf,
} from './error-kinds';
import { Fault, StorageContext, StorageOperation } from './fault';
import { OperationResult, SecretResult, StorageErrorKind } from './operation-result';
import { USE_S3_URL } from './remedies';
import { CONNECTION_TEST_BOUNDS } from './verdict';
import { minimumPolicySentence } from '../minimum-policy';

/** How each operation that was tried ended. */
export type OperationResults = { readonly [operation in StorageOperation]?: OperationResult };

/** In this order they are tried. */
export const STORAGE_OPERATIONS: readonly StorageOperation[] = ['PUT', 'GET', 'DELETE'];

/** Answers about the bucket hold for all operations, whichever of them they were given to. */
const ABOUT_THE_BUCKET: readonly StorageErrorKind[] = ['no-bucket', 'wrong-region', 'bad-name'];

/**
 * The one fault behind the results of several operations; undefined where nothing is wrong.
 * Wrong credentials decide, then the bucket itself, then the first operation that failed.
 */
export function diagnoseStorage(results: OperationResults, context: StorageContext): Fault | undefined {
  const failed = STORAGE_OPERATIONS.filter((operation) => isFault(operation, results));
  if (failed.length === 0) {
    return undefined;
  }
  const operation =
    failed.find((each) => rejectsCredentials(results[each]!)) ??
    failed.find((each) => isKind(results[each]!, ...ABOUT_THE_BUCKET)) ??
    failed[0];
  const result = results[operation] as Exclude<OperationResult, { kind: 'done' }>;
  const denied = failed.filter((each) => isKind(results[each]!, 'denied'));
  return { ...codeAndStatusOf(result), ...diagnosed(operation, result, denied, results, context) };
}

/** Why a secret gave no keys. */
export function diagnoseSecret(result: SecretResult, secretArn: string, context: StorageContext): Fault {
  const { flaw, ...codeAndStatus } =
    result.kind === 'bad-content' ? result : { flaw: undefined, ...codeAndStatusOf(result) };
  const answer = result.kind === 'bad-content' ? '' : answerOf(result);
  const text = describeError(secretErrorKindOf(result), { answer, subject: secretArn, context, flaw });
  return { ...(result.kind === 'bad-content' ? {} : codeAndStatus), ...text, operations: [] };
}

function diagnosed(
  operation: StorageOperation,
  result: Exclude<OperationResult, { kind: 'done' }>,
  denied: readonly StorageOperation[],
  results: OperationResults,
  context: StorageContext,
): Fault {
  const kind = errorKindOf(result);
  if (kind === 'denied') {
    return diagnoseDenials(denied, result, context);
  }
  if (kind === 'missing' && operation === 'GET' && results.PUT?.kind === 'done') {
    return diagnoseVanished(result);
  }
  const bucketRegion = result.kind === 'answer' ? result.bucketRegion : undefined;
  const text = describeError(kind, { answer: answerOf(result), subject: operation, context, bucketRegion });
  return { operations: [operation], ...text };
}

function isFault(operation: StorageOperation, results: OperationResults): boolean {
  const result = results[operation];
  if (result === undefined || result.kind === 'done') {
    return false;
  }
  // Nothing to read where nothing was stored, nothing to delete where nothing is.
  const stored = results.PUT?.kind === 'done';
  return !(isKind(result, 'missing') && (operation === 'DELETE' || (operation === 'GET' && !stored)));
}

function codeAndStatusOf(result: OperationResult | SecretResult): Pick<Fault, 'code' | 'status'> {
  switch (result.kind) {
    case 'answer':
      return { ...(result.code === undefined ? {} : { code: result.code }), status: result.status };
    case 'no-answer':
      return { code: result.code };
    default:
      return {};
  }
}

function diagnoseDenials(denied: readonly StorageOperation[], result: OperationResult, context: StorageContext): Fault {
  if (denied.length === STORAGE_OPERATIONS.length) {
    return {
      faultClass: 'bucket-or-path',
      operations: denied,
      summary: `The storage answered ${answerOf(result)} to PUT, GET and DELETE alike.`,
      remedy: `Check that the bucket exists, that it belongs to these credentials, and that their policy covers this path: ${minimumPolicySentence(context.storage)}`,
    };
  }
  // To credentials that may not list, a store hides whether an object exists: a GET after a refused PUT proves nothing.
  const unclear: StorageOperation[] = denied.includes('PUT') && denied.includes('GET') ? ['GET'] : [];
  const operations = denied.filter((operation) => !unclear.includes(operation));
  const text = describeError('denied', { answer: answerOf(result), subject: operations.join(' and '), context });
  const alsoGet = unclear.length > 0 ? ' GET was refused too, perhaps only because there was no object to read.' : '';
  return {
    ...text,
    operations,
    ...(unclear.length > 0 ? { unclear } : {}),
    summary: `${text.summary}${alsoGet}`,
  };
}

/** The store said that it had stored the object, and then did not have it. */
function diagnoseVanished(result: OperationResult): Fault {
  const waited = seconds(CONNECTION_TEST_BOUNDS.visibleMs);
  return {
    faultClass: 'network',
    operations: ['GET'],
    summary: `The object that PUT had stored was not there ${waited} later: ${answerOf(result)} on GET.`,
    remedy: `${USE_S3_URL} If it is, check that nothing deletes objects under this path.`,
  };
}
