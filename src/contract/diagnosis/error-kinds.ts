import { FaultClass, StorageContext } from './fault';
import { ErrorKind, OperationResult, SecretErrorKind, SecretResult, StorageErrorKind } from './operation-result';
import {
  CHECK_URL,
  keysRemedy,
  permissionRemedy,
  secretsRouteRemedy,
  storageRouteRemedy,
  urlRemedy,
  USE_S3_URL,
} from './remedies';
import { CONNECTION_TEST_BOUNDS } from './verdict';
import { minimumPolicySentence } from '../minimum-policy';
import { settingName } from '../setting-names';

/** What the texts of a row are made from. */
interface SeenError {
  /** The store's code and status, or the system's code, as they stand in a text: `AccessDenied (HTTP 403)`. */
  readonly answer: string;
  /** The operation; of a secret, its ARN. */
  readonly subject: string;
  readonly context: StorageContext;
  readonly bucketRegion?: string;
  /** What is wrong with the content of a secret. */
  readonly flaw?: string;
}

/** Everything that is known of one kind of error. */
interface ErrorRow {
  readonly faultClass: FaultClass;
  /** `always`: the same request may succeed in a moment. `by-backups`: only a backup has the time to wait for that. */
  readonly retry?: 'always' | 'by-backups';
  /** The error codes of S3, of the stores that speak it, or of Secrets Manager. */
  readonly codes?: readonly string[];
  /** Words of the message that mean this kind where the code alone means another. */
  readonly message?: { readonly codes: readonly string[]; readonly words: RegExp };
  /** The codes of the operating system, of Node and our own where no answer came. */
  readonly noAnswer?: RegExp;
  readonly summary: (seen: SeenError) => string;
  readonly remedy: (seen: SeenError) => string;
}

const VERIFY_SPEED = 'Check the load of the storage and the speed of the network.';

/**
 * The table. Of the rows without an answer, the first that fits counts. Sources of the codes: the lists of Amazon S3,
 * Cloudflare R2, Backblaze B2, Wasabi, MinIO, Ceph, Garage, Alibaba OSS and StorageGRID.
 */
export const ERROR_KINDS: Record<ErrorKind, ErrorRow> = {
  'wrong-keys': {
    faultClass: 'authentication',
    codes: [
      'InvalidAccessKeyId',
      'SignatureDoesNotMatch',
      'Unauthorized',
      'UnauthorizedAccess',
      'AccountNotActivated',
      'AccountProblem',
      'AuthFailure',
      'AuthenticationLockout',
      'AuthenticationRequired',
      'AuthorizationQueryParametersError',
      'CredentialsNotSupported',
      'IncompleteSignature',
      'InvalidAuthenticationCode',
      'InvalidClientTokenId',
      'InvalidSecurity',
      'MissingAuthenticationToken',
      'MissingSecurityHeader',
      'NotSignedUp',
      'UnrecognizedClientException',
      'UserDisable',
      'UserProjectAccountProblem',
      'UserSuspended',
      'XMinioInvalidIAMCredentials',
    ],
    message: {
      codes: ['AccessDenied'],
      words: /\b(invalid signature|no such key|signature does not match|does not support anonymous access)\b/i,
    },
    summary: ({ answer, subject }) => `The storage refused the access key with ${answer} on ${subject}.`,
    remedy: ({ context }) => keysRemedy(context),
  },
  'wrong-token': {
    faultClass: 'authentication',
    codes: [
      'ExpiredToken',
      'InvalidSecurityToken',
      'InvalidToken',
      'InvalidTokenId',
      'SecurityTokenExpired',
      'TokenRefreshRequired',
    ],
    summary: ({ answer, subject }) => `The storage refused the session token with ${answer} on ${subject}.`,
    remedy: ({ context }) =>
      `The token has expired or is not for these keys: renew it, or use permanent keys. ${keysRemedy(context)}`,
  },
  // The SDK sets its clock by the answer that complains of it, so the second attempt has the store's time.
  'wrong-clock': {
    faultClass: 'authentication',
    retry: 'always',
    codes: ['RequestTimeTooSkewed', 'RequestExpired', 'ExpiredRequest'],
    message: { codes: ['InvalidRequest', 'AccessDenied'], words: /\b(date is too old|request has expired)\b/i },
    summary: ({ answer, subject }) =>
      `The storage refused the time of the request with ${answer} on ${subject}, twice.`,
    remedy: () => 'Set the clock of this machine and that of the storage.',
  },
  denied: {
    faultClass: 'permission',
    codes: ['AccessDenied', 'AccessDeniedException', 'AccessForbidden', 'AllAccessDisabled', 'Forbidden'],
    summary: ({ answer, subject }) => `The storage answered ${answer} to ${subject}.`,
    remedy: ({ context: { storage } }) => `${permissionRemedy(storage)} ${minimumPolicySentence(storage)}`,
  },
  'no-bucket': {
    faultClass: 'bucket-or-path',
    codes: ['NoSuchBucket', 'BucketNotFound'],
    summary: ({ answer, subject }) => `The storage has no such bucket: ${answer} on ${subject}.`,
    remedy: () => 'Check the name of the bucket, its case included, and that it exists at this endpoint.',
  },
  'wrong-region': {
    faultClass: 'bucket-or-path',
    codes: [
      'AuthorizationHeaderMalformed',
      'IllegalLocationConstraintException',
      'InvalidRegion',
      'PermanentRedirect',
      'Redirect',
      'TemporaryRedirect',
    ],
    message: { codes: ['SignatureDoesNotMatch'], words: /\bscoped to a valid region\b/i },
    summary: ({ answer, subject, context: { storage } }) =>
      `The bucket is not served from region ${storage.region}: ${answer} on ${subject}.`,
    remedy: ({ bucketRegion }) =>
      bucketRegion === undefined
        ? "Set the region and the endpoint to the bucket's own."
        : `Set the region to the bucket's own, ${bucketRegion}.`,
  },
  'bad-name': {
    faultClass: 'bucket-or-path',
    codes: [
      'InvalidBucketName',
      'InvalidObjectName',
      'InvalidURI',
      'KeyTooLong',
      'KeyTooLongError',
      'XMinioInvalidObjectName',
      'XMinioInvalidResourceName',
      'XMinioObjectExistsAsDirectory',
      'XMinioParentIsObject',
    ],
    summary: ({ answer, subject }) => `The storage refused the name with ${answer} on ${subject}.`,
    remedy: () => 'Use a bucket name of small letters, digits and hyphens, and a short path of plain characters.',
  },
  refused: {
    faultClass: 'bucket-or-path',
    summary: ({ answer, subject }) => `The storage refused the request with ${answer} on ${subject}.`,
    remedy: ({ context: { storage } }) =>
      `Check the bucket, the path, the region, and whether the storage needs ${settingName('pathStyle', storage.givenAs)}.`,
  },
  'encryption-key': {
    faultClass: 'bucket-or-path',
    codes: [
      'KMS.DisabledException',
      'KMS.InvalidKeyUsageException',
      'KMS.InvalidStateException',
      'KMS.KMSInvalidStateException',
      'KMS.NotFoundException',
      'XMinioEncryptionError',
    ],
    summary: ({ answer, subject }) =>
      `The storage could not use the encryption key of the bucket: ${answer} on ${subject}.`,
    remedy: () => "Check that the bucket's KMS key exists and is enabled.",
  },
  archived: {
    faultClass: 'bucket-or-path',
    codes: ['InvalidObjectState'],
    summary: ({ answer, subject }) => `The object is in an archive and cannot be read: ${answer} on ${subject}.`,
    remedy: () =>
      'Restore the object from its archive storage class, and exclude this path from the lifecycle rules that archive.',
  },
  full: {
    faultClass: 'bucket-or-path',
    codes: [
      'InsufficientCapacity',
      'InsufficientStorage',
      'QuotaExceeded',
      'ServiceQuotaExceeded',
      'StorageFull',
      'StorageQuotaExceeded',
      'XMinioAdminBucketQuotaExceeded',
      'XMinioStorageFull',
    ],
    message: {
      codes: ['AccessDenied'],
      words: /\b(quota (is reached|would be (reached|exceeded))|quota exceeded|cap exceeded)\b/i,
    },
    summary: ({ answer, subject }) => `The storage has no room left or a quota is reached: ${answer} on ${subject}.`,
    remedy: () => 'Make room in the bucket, or raise its quota.',
  },
  'too-large': {
    faultClass: 'network',
    codes: ['EntityTooLarge', 'MaxMessageLengthExceeded', 'RequestEntityTooLarge'],
    summary: ({ answer, subject }) => `The object is larger than the endpoint accepts: ${answer} on ${subject}.`,
    remedy: () => 'Raise the limit on the size of a request at the storage, or at the proxy in front of it, to 64 MiB.',
  },
  missing: {
    faultClass: 'bucket-or-path',
    codes: ['NoSuchKey'],
    summary: ({ answer, subject }) => `The storage found nothing at this path: ${answer} on ${subject}.`,
    remedy: () => 'Check the bucket and the path.',
  },
  busy: {
    faultClass: 'network',
    retry: 'always',
    codes: [
      'InternalError',
      'OperationAborted',
      'RequestRateLimitExceeded',
      'RequestTimeout',
      'ServerBusy',
      'ServiceUnavailable',
      'SlowDown',
      'SlowDownRead',
      'SlowDownWrite',
      'Throttling',
      'ThrottlingException',
      'TooManyRequests',
      'Unavailable',
      'XMinioBackendDown',
      'XMinioServerNotInitialized',
    ],
    summary: ({ answer, subject }) => `The storage is not able to serve at the moment: ${answer} on ${subject}.`,
    remedy: () =>
      "Try again later. If it persists, see the provider's status page, or the proxy in front of the storage.",
  },
  'not-s3': {
    faultClass: 'network',
    codes: ['NotImplemented'],
    message: { codes: ['InvalidArgument'], words: /\bAPI port\b/i },
    noAnswer: /^(ANSWER_TOO_LONG|HPE_\w+)$/,
    summary: ({ answer, subject }) => `The server at the endpoint is no S3 storage: ${answer} on ${subject}.`,
    remedy: () => USE_S3_URL,
  },
  altered: {
    faultClass: 'network',
    retry: 'always',
    codes: ['BadDigest', 'InvalidDigest', 'XAmzContentChecksumMismatch', 'XAmzContentSHA256Mismatch'],
    summary: ({ answer, subject }) =>
      answer === OTHER_BYTES
        ? 'GET gave other bytes than PUT had stored, twice.'
        : `The bytes were altered in transit: ${answer} on ${subject}.`,
    remedy: () => `${USE_S3_URL} If it is, look for a proxy that alters the bodies of requests or answers.`,
  },
  'no-credentials': {
    faultClass: 'authentication',
    noAnswer: /^NO_CREDENTIALS$/,
    summary: () => 'There are no credentials to sign with.',
    remedy: ({ context }) => keysRemedy(context),
  },
  'no-connection': {
    faultClass: 'network',
    retry: 'by-backups',
    noAnswer: /^(CONNECT_TIMEOUT|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)$/,
    summary: ({ answer, subject, context }) =>
      `No connection to the endpoint within ${seconds(context.bounds.connectMs)} (${answer} on ${subject}).`,
    remedy: ({ context }) => storageRouteRemedy(context) ?? CHECK_URL,
  },
  'unknown-host': {
    faultClass: 'network',
    noAnswer: /^ENOTFOUND$/,
    summary: ({ answer, subject }) => `The host name of the endpoint cannot be resolved (${answer} on ${subject}).`,
    remedy: () => 'Check the spelling of the endpoint URL, and the name server.',
  },
  'no-name-server': {
    faultClass: 'network',
    retry: 'always',
    noAnswer: /^EAI_\w+$/,
    summary: ({ answer, subject }) =>
      `The name server did not resolve the host name of the endpoint (${answer} on ${subject}).`,
    remedy: () => 'Check the spelling of the endpoint URL, and the name server.',
  },
  'nothing-listens': {
    faultClass: 'network',
    retry: 'by-backups',
    noAnswer: /^ECONNREFUSED$/,
    summary: ({ answer, subject }) => `Nothing listens at the endpoint (${answer} on ${subject}).`,
    remedy: () => CHECK_URL,
  },
  silent: {
    faultClass: 'network',
    retry: 'by-backups',
    noAnswer: /^SILENT$/,
    summary: ({ answer, subject, context }) =>
      `The endpoint accepted the connection, then was silent for ${seconds(context.bounds.socketMs)} (${answer} on ${subject}).`,
    remedy: () => CHECK_URL,
  },
  'too-slow': {
    faultClass: 'network',
    retry: 'by-backups',
    noAnswer: /^TOO_SLOW$/,
    summary: ({ answer, subject, context }) =>
      `The endpoint did not finish within ${seconds(context.bounds.requestMs)} (${answer} on ${subject}).`,
    remedy: () => VERIFY_SPEED,
  },
  'out-of-time': {
    faultClass: 'network',
    noAnswer: /^OUT_OF_TIME$/,
    summary: ({ answer, subject }) =>
      `The endpoint is too slow for a test of ${seconds(CONNECTION_TEST_BOUNDS.totalMs)} (${answer} on ${subject}).`,
    remedy: () => VERIFY_SPEED,
  },
  'certificate-expired': {
    faultClass: 'network',
    noAnswer: /^CERT_HAS_EXPIRED$/,
    summary: ({ answer, subject }) => `The certificate of the endpoint has expired (${answer} on ${subject}).`,
    remedy: () => 'Renew the certificate of the storage. If it is valid, check the clock of this machine.',
  },
  'certificate-not-yet-valid': {
    faultClass: 'network',
    noAnswer: /^CERT_NOT_YET_VALID$/,
    summary: ({ answer, subject }) => `The certificate of the endpoint is not valid yet (${answer} on ${subject}).`,
    remedy: () => 'Check the clock of this machine and that of the storage.',
  },
  'certificate-other-host': {
    faultClass: 'network',
    noAnswer: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    summary: ({ answer, subject }) => `The certificate of the endpoint is for another host (${answer} on ${subject}).`,
    remedy: ({ context: { storage } }) =>
      `Use the host name that it is for; a bucket with dots in its name needs ${settingName('pathStyle', storage.givenAs)}.`,
  },
  'certificate-unknown-authority': {
    faultClass: 'network',
    noAnswer: /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_)/,
    summary: ({ answer, subject }) =>
      `The certificate of the endpoint is signed by an unknown certificate authority (${answer} on ${subject}).`,
    remedy: ({ context: { storage } }) =>
      `Give the certificate authority of the storage, in PEM, as ${settingName('caCertificate', storage.givenAs)}.`,
  },
  'bad-certificate-authority': {
    faultClass: 'network',
    noAnswer: /^BAD_CERTIFICATE_AUTHORITY$/,
    summary: ({ answer, subject, context: { storage } }) =>
      `${settingName('caCertificate', storage.givenAs)} is not a PEM certificate (${answer} on ${subject}).`,
    remedy: () => 'A PEM certificate begins with -----BEGIN CERTIFICATE-----.',
  },
  'no-tls': {
    faultClass: 'network',
    noAnswer: /^(EPROTO|ERR_SSL_\w+|ERR_TLS_\w+)$/,
    summary: ({ answer, subject }) =>
      `The endpoint does not speak TLS, or a version that is too old (${answer} on ${subject}).`,
    remedy: ({ context: { storage } }) =>
      `Check the port. A storage without TLS has a URL that begins with http:// and needs ${settingName('allowUnencrypted', storage.givenAs)}.`,
  },
  'connection-broken': {
    faultClass: 'network',
    retry: 'always',
    noAnswer: /^(ECONNRESET|ECONNABORTED|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/,
    summary: ({ answer, subject }) => `The endpoint closed the connection without an answer (${answer} on ${subject}).`,
    remedy: ({ context }) => urlRemedy(context),
  },
  'no-answer': {
    faultClass: 'network',
    noAnswer: /^/,
    summary: ({ answer, subject }) => `The endpoint gave no answer (${answer} on ${subject}).`,
    remedy: ({ context }) => urlRemedy(context),
  },

  'secret-bad-content': {
    faultClass: 'authentication',
    summary: ({ subject, flaw }) => `Secret ${subject} ${flaw}.`,
    remedy: () =>
      'Store the keys as a JSON object with accessKeyId and secretAccessKey, and sessionToken if there is one.',
  },
  'secret-no-credentials': {
    faultClass: 'authentication',
    noAnswer: /^NO_CREDENTIALS$/,
    summary: ({ subject }) => `There are no AWS credentials to read secret ${subject} with.`,
    remedy: () => 'Give this program AWS credentials that may read the secret.',
  },
  'secret-unreachable': {
    faultClass: 'network',
    noAnswer: /^/,
    summary: ({ answer, subject }) => `No answer from Secrets Manager when secret ${subject} was read (${answer}).`,
    remedy: ({ context }) => secretsRouteRemedy(context) ?? 'Check the network between here and Secrets Manager.',
  },
  'secret-busy': {
    faultClass: 'network',
    codes: ['Throttling', 'ThrottlingException', 'ThrottledException', 'TooManyRequestsException'],
    summary: ({ answer, subject }) =>
      `Secrets Manager is not able to serve at the moment: ${answer} for secret ${subject}.`,
    remedy: () => 'Try again later.',
  },
  'secret-wrong-credentials': {
    faultClass: 'authentication',
    codes: [
      'ExpiredTokenException',
      'IncompleteSignature',
      'InvalidClientTokenId',
      'InvalidSignatureException',
      'MissingAuthenticationTokenException',
      'SignatureDoesNotMatch',
      'UnrecognizedClientException',
    ],
    summary: ({ answer, subject }) => `AWS refused the credentials that read secret ${subject}: ${answer}.`,
    remedy: () => 'Verify the AWS credentials of this program; they are not those of the storage.',
  },
  'secret-missing': {
    faultClass: 'authentication',
    codes: ['ResourceNotFoundException'],
    summary: ({ answer, subject }) => `Secret ${subject} does not exist or has no value: ${answer}.`,
    remedy: () => 'Check the ARN, its region included, and store the keys in the secret.',
  },
  'secret-denied': {
    faultClass: 'permission',
    summary: ({ answer, subject }) => `Secret ${subject} may not be read or decrypted: ${answer}.`,
    remedy: () =>
      'Allow secretsmanager:GetSecretValue on it, and kms:Decrypt on its KMS key if it has its own; a secret that is being deleted must be restored.',
  },
};

const ROWS = Object.entries(ERROR_KINDS) as [ErrorKind, ErrorRow][];
const STORAGE_ROWS = ROWS.filter(([kind]) => !kind.startsWith('secret-')) as [StorageErrorKind, ErrorRow][];
const SECRET_ROWS = ROWS.filter(([kind]) => kind.startsWith('secret-')) as [SecretErrorKind, ErrorRow][];

/** How other bytes than the stored ones stand in a text. */
const OTHER_BYTES = 'other bytes';

/** What the end of an operation means. */
export function errorKindOf(result: Exclude<OperationResult, { kind: 'done' }>): StorageErrorKind {
  switch (result.kind) {
    case 'other-bytes':
      return 'altered';
    case 'no-answer':
      return rowOfNoAnswer(STORAGE_ROWS, result.code)!;
    case 'answer':
      return result.messageKind ?? rowOfCode(STORAGE_ROWS, result.code) ?? kindOfStatus(result.status, result.code);
  }
}

/** Whether an operation ended in this way. */
export function isKind(result: OperationResult, ...kinds: readonly (StorageErrorKind | 'done')[]): boolean {
  return kinds.includes(result.kind === 'done' ? 'done' : errorKindOf(result));
}

/** What the message of an S3 error says where its code means something else; undefined where it adds nothing. */
export function errorKindOfMessage(code: string, message: string): StorageErrorKind | undefined {
  // Names of resources are chosen by their owner and must not be read as words of the store.
  const words = message.replace(/arn:\S+|"[^"]*"|'[^']*'/g, '');
  return STORAGE_ROWS.find(([, row]) => row.message?.codes.includes(code) && row.message.words.test(words))?.[0];
}

/** What it means that a secret gave no keys. */
export function secretErrorKindOf(result: SecretResult): SecretErrorKind {
  switch (result.kind) {
    case 'bad-content':
      return 'secret-bad-content';
    case 'no-answer':
      return rowOfNoAnswer(SECRET_ROWS, result.code)!;
    case 'answer':
      return rowOfCode(SECRET_ROWS, result.code) ?? (result.status >= 500 ? 'secret-busy' : 'secret-denied');
  }
}

/** Class, summary and remedy of a kind. */
export function describeError(
  kind: ErrorKind,
  seen: SeenError,
): { readonly faultClass: FaultClass; readonly summary: string; readonly remedy: string } {
  const { faultClass, summary, remedy } = ERROR_KINDS[kind];
  return { faultClass, summary: summary(seen), remedy: remedy(seen) };
}

/** The code and the status of a result, as they stand in a text. */
export function answerOf(result: OperationResult): string {
  switch (result.kind) {
    case 'done':
      return 'success';
    case 'other-bytes':
      return OTHER_BYTES;
    case 'no-answer':
      return result.code;
    case 'answer':
      return result.code === undefined
        ? `HTTP ${result.status} without an S3 error code`
        : `${result.code} (HTTP ${result.status})`;
  }
}

/** The store does not accept these keys. Another attempt may lock the account. */
export function rejectsCredentials(result: OperationResult): boolean {
  return isKind(result, 'wrong-keys', 'wrong-token', 'wrong-clock', 'no-credentials');
}

/** Whether the same request may succeed in a moment. */
export function isTransient(result: OperationResult): boolean {
  return result.kind !== 'done' && ERROR_KINDS[errorKindOf(result)].retry === 'always';
}

/** Whether a backup, which has time, tries the same request again. */
export function isRetriedByBackups(result: OperationResult): boolean {
  return result.kind !== 'done' && ERROR_KINDS[errorKindOf(result)].retry !== undefined;
}

/** Whether a PUT with this end may have stored its object all the same. */
export function mayHaveStored(result: OperationResult): boolean {
  switch (result.kind) {
    case 'no-answer':
      return result.code === 'ETIMEDOUT' || !NEVER_SENT.includes(errorKindOf(result));
    case 'answer':
      return result.status >= 500;
    default:
      return true;
  }
}

/** Nothing of the request can have reached a store. */
const NEVER_SENT: readonly StorageErrorKind[] = [
  'no-credentials',
  'no-connection',
  'unknown-host',
  'no-name-server',
  'nothing-listens',
  'out-of-time',
  'certificate-expired',
  'certificate-not-yet-valid',
  'certificate-other-host',
  'certificate-unknown-authority',
  'bad-certificate-authority',
  'no-tls',
];

function kindOfStatus(status: number, code: string | undefined): StorageErrorKind {
  if (status === 401) {
    return 'wrong-keys';
  }
  if (status === 413) {
    return 'too-large';
  }
  if (status === 507) {
    return 'full';
  }
  if (status === 429 || status >= 500) {
    return 'busy';
  }
  if (code === undefined) {
    return 'not-s3';
  }
  if (status === 403) {
    return 'denied';
  }
  return status === 404 ? 'no-bucket' : status < 400 ? 'wrong-region' : 'refused';
}

function rowOfCode<K extends ErrorKind>(rows: readonly [K, ErrorRow][], code: string | undefined): K | undefined {
  return code === undefined ? undefined : rows.find(([, row]) => row.codes?.includes(code))?.[0];
}

function rowOfNoAnswer<K extends ErrorKind>(rows: readonly [K, ErrorRow][], code: string): K | undefined {
  return rows.find(([, row]) => row.noAnswer?.test(code))?.[0];
}

/** A bound as it stands in a text. */
export function seconds(milliseconds: number): string {
  return `${milliseconds / 1000} s`;
}
