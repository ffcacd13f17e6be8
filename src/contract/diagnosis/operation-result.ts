/** How one operation on a storage ended, as plain data: never a text that the other side chose. */
export type OperationResult =
  | { readonly kind: 'done' }
  /** An HTTP answer that is no success. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** Only where the answer has the form of an S3 error. */
      readonly code?: string;
      readonly bucketRegion?: string;
      /** What the error's message says where its code does not say enough. */
      readonly messageKind?: StorageErrorKind;
    }
  /** No whole HTTP answer: the system's error code, or an {@link OwnCode}. */
  | { readonly kind: 'no-answer'; readonly code: string }
  /** A GET gave other bytes than the PUT before it stored. */
  | { readonly kind: 'other-bytes' };

/** Ends of an operation that the operating system has no code for. */
export type OwnCode =
  | 'CONNECT_TIMEOUT'
  | 'SILENT'
  | 'TOO_SLOW'
  | 'OUT_OF_TIME'
  | 'ANSWER_TOO_LONG'
  | 'NO_CREDENTIALS'
  | 'BAD_CERTIFICATE_AUTHORITY';

/** Why reading the secret that holds the keys of a storage gave no keys. */
export type SecretResult =
  /** Secrets Manager refused: its code and HTTP status. */
  | { readonly kind: 'answer'; readonly code: string; readonly status: number }
  /** No answer: the system's error code, or an {@link OwnCode}. */
  | { readonly kind: 'no-answer'; readonly code: string }
  /** The secret was read; its content is wrong in this way. */
  | { readonly kind: 'bad-content'; readonly flaw: string };

/** What the end of an operation on a storage means, whatever the store. */
export type StorageErrorKind =
  // The store answered.
  | 'wrong-keys'
  | 'wrong-token'
  | 'wrong-clock'
  | 'denied'
  | 'no-bucket'
  | 'wrong-region'
  | 'bad-name'
  | 'refused'
  | 'encryption-key'
  | 'archived'
  | 'full'
  | 'too-large'
  | 'missing'
  | 'busy'
  | 'not-s3'
  | 'altered'
  // No whole answer came.
  | 'no-credentials'
  | 'no-connection'
  | 'unknown-host'
  | 'no-name-server'
  | 'nothing-listens'
  | 'silent'
  | 'too-slow'
  | 'out-of-time'
  | 'certificate-expired'
  | 'certificate-not-yet-valid'
  | 'certificate-other-host'
  | 'certificate-unknown-authority'
  | 'bad-certificate-authority'
  | 'no-tls'
  | 'connection-broken'
  | 'no-answer';

/** What it means that a secret gave no keys. */
export type SecretErrorKind =
  | 'secret-bad-content'
  | 'secret-no-credentials'
  | 'secret-unreachable'
  | 'secret-busy'
  | 'secret-wrong-credentials'
  | 'secret-missing'
  | 'secret-denied';

export type ErrorKind = StorageErrorKind | SecretErrorKind;
