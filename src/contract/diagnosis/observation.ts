/** What was seen of one operation, as plain facts: never a text that the other side chose. */
export type Observation =
  | { readonly kind: 'done' }
  /** An HTTP answer that is no success. `code` is there only where the answer has the form of an S3 error. */
  | { readonly kind: 'answer'; readonly status: number; readonly code?: string; readonly bucketRegion?: string }
  /** No whole HTTP answer: the system's error code, or one of {@link OwnCode}. */
  | { readonly kind: 'no-answer'; readonly code: string }
  /** A GET gave other bytes than the PUT before it took. */
  | { readonly kind: 'other-bytes' };

/** Ends of an operation that no system has a code for. */
export type OwnCode =
  | 'CONNECT_TIMEOUT'
  | 'SILENT'
  | 'TOO_SLOW'
  | 'OUT_OF_TIME'
  | 'ANSWER_TOO_LONG'
  | 'NO_CREDENTIALS'
  | 'BAD_CERTIFICATE_AUTHORITY';

/** What an observation means, whatever the store. */
export type Meaning =
  | 'done'
  | 'wrong-keys'
  | 'wrong-token'
  | 'wrong-clock'
  | 'denied'
  | 'no-bucket'
  | 'wrong-region'
  | 'bad-name'
  | 'refused'
  | 'full'
  | 'missing'
  | 'busy'
  | 'no-storage'
  | 'altered'
  | 'unreachable';

/** The codes of S3 and of the stores that speak it. Anything else goes by its status. */
const STORE_CODES: Record<string, Meaning> = {
  InvalidAccessKeyId: 'wrong-keys',
  SignatureDoesNotMatch: 'wrong-keys',
  Unauthorized: 'wrong-keys',
  AuthFailure: 'wrong-keys',
  AuthenticationRequired: 'wrong-keys',
  AuthorizationQueryParametersError: 'wrong-keys',
  CredentialsNotSupported: 'wrong-keys',
  IncompleteSignature: 'wrong-keys',
  InvalidClientTokenId: 'wrong-keys',
  InvalidSecurity: 'wrong-keys',
  MissingAuthenticationToken: 'wrong-keys',
  MissingSecurityHeader: 'wrong-keys',
  NotSignedUp: 'wrong-keys',
  UnrecognizedClientException: 'wrong-keys',
  UserSuspended: 'wrong-keys',
  AccountProblem: 'wrong-keys',
  ExpiredToken: 'wrong-token',
  InvalidToken: 'wrong-token',
  InvalidTokenId: 'wrong-token',
  TokenRefreshRequired: 'wrong-token',
  RequestTimeTooSkewed: 'wrong-clock',
  RequestExpired: 'wrong-clock',
  AccessDenied: 'denied',
  AccessDeniedException: 'denied',
  AccessForbidden: 'denied',
  AllAccessDisabled: 'denied',
  Forbidden: 'denied',
  NoSuchBucket: 'no-bucket',
  BucketNotFound: 'no-bucket',
  InvalidBucketName: 'bad-name',
  InvalidObjectName: 'bad-name',
  XMinioInvalidObjectName: 'bad-name',
  InvalidURI: 'bad-name',
  KeyTooLongError: 'bad-name',
  KeyTooLong: 'bad-name',
  AuthorizationHeaderMalformed: 'wrong-region',
  IllegalLocationConstraintException: 'wrong-region',
  PermanentRedirect: 'wrong-region',
  Redirect: 'wrong-region',
  TemporaryRedirect: 'wrong-region',
  NoSuchKey: 'missing',
  QuotaExceeded: 'full',
  ServiceQuotaExceeded: 'full',
  InsufficientStorage: 'full',
  InsufficientCapacity: 'full',
  XMinioStorageFull: 'full',
  StorageFull: 'full',
  InternalError: 'busy',
  OperationAborted: 'busy',
  RequestTimeout: 'busy',
  ServiceUnavailable: 'busy',
  SlowDown: 'busy',
  SlowDownRead: 'busy',
  SlowDownWrite: 'busy',
  Throttling: 'busy',
  ThrottlingException: 'busy',
  TooManyRequests: 'busy',
  BadDigest: 'altered',
  InvalidDigest: 'altered',
  XAmzContentSHA256Mismatch: 'altered',
  NotImplemented: 'no-storage',
};

/** Over in a moment, so worth another attempt. */
const TRANSIENT_CODES = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'EAI_AGAIN']);

/** Nothing of the request can have reached a store. */
const NEVER_SENT = new Set([
  'CONNECT_TIMEOUT',
  'OUT_OF_TIME',
  'NO_CREDENTIALS',
  'BAD_CERTIFICATE_AUTHORITY',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EPROTO',
]);

/** Node's codes for a certificate that it does not accept, and for a handshake that fails. */
const HANDSHAKE_CODE = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_SSL_|ERR_TLS_)/;

export function meaningOf(observation: Observation): Meaning {
  switch (observation.kind) {
    case 'done':
      return 'done';
    case 'other-bytes':
      return 'altered';
    case 'no-answer':
      return observation.code === 'NO_CREDENTIALS' ? 'wrong-keys' : 'unreachable';
    case 'answer':
      return meaningOfAnswer(observation.status, observation.code);
  }
}

function meaningOfAnswer(status: number, code: string | undefined): Meaning {
  if (code !== undefined && Object.hasOwn(STORE_CODES, code)) {
    return STORE_CODES[code];
  }
  if (status === 401) {
    return 'wrong-keys';
  }
  if (status === 429 || status >= 500) {
    return 'busy';
  }
  if (code === undefined) {
    return 'no-storage';
  }
  if (status === 403) {
    return 'denied';
  }
  return status === 404 ? 'no-bucket' : status < 400 ? 'wrong-region' : 'refused';
}

/** The store does not accept these keys: asking again may lock the account. */
export function meansWrongCredentials(observation: Observation): boolean {
  return ['wrong-keys', 'wrong-token', 'wrong-clock'].includes(meaningOf(observation));
}

/** Whether the same request may well succeed in a moment. The clock is set by the answer that complains of it. */
export function isTransient(observation: Observation): boolean {
  return (
    ['busy', 'wrong-clock'].includes(meaningOf(observation)) ||
    (observation.kind === 'no-answer' && TRANSIENT_CODES.has(observation.code))
  );
}

/** Whether a PUT with this end may have stored its object all the same. */
export function mayHaveLanded(observation: Observation): boolean {
  switch (observation.kind) {
    case 'no-answer':
      return !NEVER_SENT.has(observation.code) && !HANDSHAKE_CODE.test(observation.code);
    case 'answer':
      return observation.status >= 500;
    default:
      return true;
  }
}
