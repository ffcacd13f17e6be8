import { Fault } from './fault';
import { StorageContext, secretsRouteRemedy } from './fault-texts';

/** What was seen of reading the secret that holds the keys of a storage. */
export type SecretObservation =
  /** Secrets Manager refused: its code and HTTP status. */
  | { readonly kind: 'refused'; readonly code: string; readonly status: number }
  /** No answer: the system's error code, or one of our own. */
  | { readonly kind: 'no-answer'; readonly code: string }
  /** It was read, and what it holds is not what it should. */
  | { readonly kind: 'bad-content'; readonly flaw: string };

/** Refusals that concern whoever reads, not the secret. */
const WRONG_READER = new Set([
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

/** What a secret that yields no keys means, and what to do. */
export function faultOfSecret(seen: SecretObservation, secretArn: string, context: StorageContext): Fault {
  return { operations: [], ...textOf(seen, secretArn, context) };
}

function textOf(seen: SecretObservation, secretArn: string, context: StorageContext): Omit<Fault, 'operations'> {
  if (seen.kind === 'bad-content') {
    return {
      faultClass: 'authentication',
      summary: `Secret ${secretArn} ${seen.flaw}.`,
      remedy: 'Store the keys as a JSON object with accessKeyId and secretAccessKey, and sessionToken if there is one.',
    };
  }
  if (seen.kind === 'no-answer') {
    return seen.code === 'NO_CREDENTIALS'
      ? {
          faultClass: 'authentication',
          code: seen.code,
          summary: `There are no AWS credentials to read secret ${secretArn} with.`,
          remedy: 'Give this program AWS credentials that may read the secret.',
        }
      : {
          faultClass: 'network',
          code: seen.code,
          summary: `Secrets Manager could not be reached to read secret ${secretArn} (${seen.code}).`,
          remedy: secretsRouteRemedy(context) ?? 'Check the way from here to Secrets Manager.',
        };
  }
  const answer = `${seen.code} (HTTP ${seen.status})`;
  const facts = { code: seen.code, status: seen.status };
  if (seen.status >= 500 || seen.code.startsWith('Throttling')) {
    return {
      ...facts,
      faultClass: 'network',
      summary: `Secrets Manager cannot serve at the moment: ${answer} for secret ${secretArn}.`,
      remedy: 'Try again later.',
    };
  }
  if (WRONG_READER.has(seen.code)) {
    return {
      ...facts,
      faultClass: 'authentication',
      summary: `AWS refused the credentials that read secret ${secretArn}: ${answer}.`,
      remedy: 'Verify the AWS credentials of this program; they are not those of the storage.',
    };
  }
  if (seen.code === 'ResourceNotFoundException') {
    return {
      ...facts,
      faultClass: 'authentication',
      summary: `There is no secret ${secretArn}, or it has no value: ${answer}.`,
      remedy: 'Check the ARN, its region included, and store the keys in the secret.',
    };
  }
  return {
    ...facts,
    faultClass: 'permission',
    summary: `Secret ${secretArn} may not be read or decrypted: ${answer}.`,
    remedy:
      'Allow secretsmanager:GetSecretValue on it, and kms:Decrypt on its KMS key if it has one of its own; a secret that is being deleted must be restored.',
  };
}
