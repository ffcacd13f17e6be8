import { diagnoseSecret, diagnoseStorage } from '../../../src/contract/diagnosis/diagnose';
import {
  ERROR_KINDS,
  errorKindOf,
  errorKindOfMessage,
  isRetriedByBackups,
  isTransient,
  mayHaveStored,
  rejectsCredentials,
} from '../../../src/contract/diagnosis/error-kinds';
import { StorageContext } from '../../../src/contract/diagnosis/fault';
import { OperationResult } from '../../../src/contract/diagnosis/operation-result';
import { CONNECTION_TEST_BOUNDS } from '../../../src/contract/diagnosis/verdict';

const context: StorageContext = {
  storage: {
    kind: 's3-compatible',
    endpoint: 'https://storage.example',
    region: 'us-east-1',
    bucket: 'backups',
    path: 'nightly',
    credentials: { kind: 'environment' },
  },
  bounds: CONNECTION_TEST_BOUNDS,
};

const rows = Object.entries(ERROR_KINDS);

describe('the table of error kinds', () => {
  test('names each code once among storages, and once among secrets', () => {
    for (const secrets of [false, true]) {
      const codes = rows
        .filter(([kind]) => kind.startsWith('secret-') === secrets)
        .flatMap(([, row]) => row.codes ?? []);
      expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
    }
  });

  test('each kind has a summary of one sentence, and a remedy', () => {
    for (const [, row] of rows) {
      const seen = { answer: 'Code (HTTP 400)', subject: 'PUT', context, flaw: 'has no keys' };
      expect(row.summary(seen)).toMatch(/^[A-Za-z-].*\.$/s);
      expect(row.remedy(seen)).toMatch(/^[A-Z].*[.*]$/s);
    }
  });

  test('a code that no store has ever had is judged by its status', () => {
    const kindOf = (status: number, code?: string) => errorKindOf({ kind: 'answer', status, code });
    expect([401, 413, 429, 500, 507].map((status) => kindOf(status, 'constructor'))).toEqual([
      'wrong-keys',
      'too-large',
      'busy',
      'busy',
      'full',
    ]);
    expect([301, 400, 403, 404].map((status) => kindOf(status, '__proto__'))).toEqual([
      'wrong-region',
      'refused',
      'denied',
      'no-bucket',
    ]);
    expect([301, 400, 403, 404].map((status) => kindOf(status))).toEqual(['not-s3', 'not-s3', 'not-s3', 'not-s3']);
  });

  test.each([
    ['AccessDenied', 'Forbidden: Invalid signature', 'wrong-keys'],
    ['AccessDenied', 'Forbidden: No such key: GK31c2f218a2e44f485b94239e', 'wrong-keys'],
    ['AccessDenied', 'Forbidden: Object quota is reached, maximum objects for this bucket: 2', 'full'],
    ['InvalidRequest', 'Bad request: Date is too old', 'wrong-clock'],
    ['InvalidArgument', 'S3 API Requests must be made to API port.', 'not-s3'],
    ['AccessDenied', 'Access Denied', undefined],
    ['AccessDenied', 'Forbidden: Operation is not allowed for this key.', undefined],
    ['AccessDenied', 'Not authorized on resource: arn:aws:s3:::a/quota/exceeded', undefined],
    ['NoSuchBucket', 'Invalid signature', undefined],
  ])('%s with the message %j: %p', (code, message, kind) => {
    expect(errorKindOfMessage(code, message)).toBe(kind);
  });

  test('wrong credentials are not sent again, except where the clock was wrong', () => {
    for (const [kind, { codes = [], retry }] of rows.filter(([, row]) => row.faultClass === 'authentication')) {
      expect([kind, retry]).toEqual([kind, kind === 'wrong-clock' ? 'always' : undefined]);
      for (const code of codes.filter(() => !kind.startsWith('secret-'))) {
        expect(rejectsCredentials({ kind: 'answer', status: 403, code })).toBe(true);
      }
    }
  });

  test.each<[OperationResult, boolean, boolean]>([
    [{ kind: 'answer', status: 503, code: 'SlowDown' }, true, true],
    [{ kind: 'answer', status: 400, code: 'BadDigest' }, true, true],
    [{ kind: 'no-answer', code: 'ECONNRESET' }, true, true],
    [{ kind: 'no-answer', code: 'SILENT' }, false, true],
    [{ kind: 'no-answer', code: 'ECONNREFUSED' }, false, true],
    [{ kind: 'no-answer', code: 'CERT_HAS_EXPIRED' }, false, false],
    [{ kind: 'answer', status: 403, code: 'AccessDenied' }, false, false],
    [{ kind: 'done' }, false, false],
  ])('%j is tried again by everyone: %p, by backups: %p', (result, always, byBackups) => {
    expect([isTransient(result), isRetriedByBackups(result)]).toEqual([always, byBackups]);
  });

  test.each<[OperationResult, boolean]>([
    [{ kind: 'no-answer', code: 'ECONNREFUSED' }, false],
    [{ kind: 'no-answer', code: 'CONNECT_TIMEOUT' }, false],
    [{ kind: 'no-answer', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, false],
    [{ kind: 'no-answer', code: 'ECONNRESET' }, true],
    [{ kind: 'no-answer', code: 'TOO_SLOW' }, true],
    [{ kind: 'no-answer', code: 'HPE_INVALID_CONSTANT' }, true],
    [{ kind: 'answer', status: 503 }, true],
    [{ kind: 'answer', status: 403, code: 'AccessDenied' }, false],
    [{ kind: 'done' }, true],
  ])('a PUT that ended in %j may have stored its object: %p', (result, stored) => {
    expect(mayHaveStored(result)).toBe(stored);
  });
});

test('every way in which a secret gives no keys has a fault that names the secret', () => {
  for (const fault of [
    diagnoseSecret({ kind: 'answer', code: 'AccessDeniedException', status: 400 }, 'arn:secret', context),
    diagnoseSecret({ kind: 'answer', code: 'Anything', status: 500 }, 'arn:secret', context),
    diagnoseSecret({ kind: 'no-answer', code: 'ENOTFOUND' }, 'arn:secret', context),
    diagnoseSecret({ kind: 'bad-content', flaw: 'lacks accessKeyId' }, 'arn:secret', context),
  ]) {
    expect(fault).toMatchObject({ operations: [], summary: expect.stringContaining('arn:secret') as unknown });
    expect(fault).not.toHaveProperty('flaw');
    expect(fault).not.toHaveProperty('kind');
  }
});

test('an archived object is named as one, not as a denied read', () => {
  const archived: OperationResult = { kind: 'answer', status: 403, code: 'InvalidObjectState' };
  expect(diagnoseStorage({ GET: archived }, context)).toMatchObject({
    faultClass: 'bucket-or-path',
    summary: expect.stringContaining('archive') as unknown,
  });
});
