import { diagnoseStorage, OperationResults, STORAGE_OPERATIONS } from '../../../src/contract/diagnosis/diagnose';
import { isKind } from '../../../src/contract/diagnosis/error-kinds';
import { StorageContext } from '../../../src/contract/diagnosis/fault';
import { OperationResult } from '../../../src/contract/diagnosis/operation-result';
import { CONNECTION_TEST_BOUNDS } from '../../../src/contract/diagnosis/verdict';
import * as fc from '../../support/properties';

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

const done: OperationResult = { kind: 'done' };
const denied: OperationResult = { kind: 'answer', status: 403, code: 'AccessDenied' };

const code = fc.oneof(
  fc.constantFrom(
    'AccessDenied',
    'InvalidAccessKeyId',
    'NoSuchBucket',
    'NoSuchKey',
    'SlowDown',
    'RequestTimeTooSkewed',
    'constructor',
    '__proto__',
  ),
  fc.string({ minLength: 1 }),
);
const result: fc.Arbitrary<OperationResult> = fc.oneof(
  fc.constant(done),
  fc.constant<OperationResult>({ kind: 'other-bytes' }),
  fc.record(
    { kind: fc.constant('answer' as const), status: fc.integer({ min: 300, max: 999 }), code },
    { requiredKeys: ['kind', 'status'] },
  ),
  fc.record({
    kind: fc.constant('no-answer' as const),
    code: fc.oneof(fc.constantFrom('ECONNRESET', 'EPROTO', 'SILENT', 'TOO_SLOW', 'NO_CREDENTIALS'), fc.string()),
  }),
);
const results: fc.Arbitrary<OperationResults> = fc.record(
  { PUT: result, GET: result, DELETE: result },
  { requiredKeys: [] },
);

describe('the fault of a storage', () => {
  test('is none where everything was done', () => {
    expect(diagnoseStorage({ PUT: done, GET: done, DELETE: done }, context)).toBeUndefined();
  });

  test('is one of the four classes, with a text and a remedy, whatever was seen; and names only what was tried', () => {
    fc.assert(
      fc.property(results, (seen) => {
        const fault = diagnoseStorage(seen, context);
        if (fault !== undefined) {
          expect(['authentication', 'permission', 'network', 'bucket-or-path']).toContain(fault.faultClass);
          expect(fault.summary).toMatch(/^[A-Z].*\.$/s);
          expect(fault.remedy).toMatch(/\S/);
          for (const operation of [...fault.operations, ...(fault.unclear ?? [])]) {
            expect(seen[operation] ?? done).not.toEqual(done);
          }
        }
      }),
    );
  });

  test('is always there where a PUT was not done, or a GET gave other bytes', () => {
    fc.assert(
      fc.property(results, result, (others, put) => {
        fc.pre(put.kind !== 'done' && !isKind(put, 'missing'));
        expect(diagnoseStorage({ ...others, PUT: put }, context)).toBeDefined();
        expect(diagnoseStorage({ PUT: done, GET: { kind: 'other-bytes' }, DELETE: done }, context)).toBeDefined();
      }),
    );
  });

  test('of three denials is bucket or path, of one or two permission, naming each that is certain', () => {
    fc.assert(
      fc.property(fc.subarray([...STORAGE_OPERATIONS], { minLength: 1 }), (refused) => {
        const seen = Object.fromEntries(
          STORAGE_OPERATIONS.map((each) => [each, refused.includes(each) ? denied : done]),
        );
        const fault = diagnoseStorage(seen, context)!;
        expect(fault.faultClass).toBe(refused.length === 3 ? 'bucket-or-path' : 'permission');
        expect([...fault.operations, ...(fault.unclear ?? [])].sort()).toEqual([...refused].sort());
        expect(fault.unclear ?? []).toEqual(refused.join() === 'PUT,GET' ? ['GET'] : []);
      }),
    );
  });

  test('is wrong credentials before anything else', () => {
    fc.assert(
      fc.property(results, (others) => {
        const seen = { ...others, DELETE: { kind: 'answer', status: 403, code: 'SignatureDoesNotMatch' } as const };
        expect(diagnoseStorage(seen, context)!.faultClass).toBe('authentication');
      }),
    );
  });

  test('of a missing object is none for those who stored none, and network for those who did', () => {
    const missing: OperationResult = { kind: 'answer', status: 404, code: 'NoSuchKey' };
    expect(diagnoseStorage({ GET: missing }, context)).toBeUndefined();
    expect(diagnoseStorage({ PUT: done, GET: done, DELETE: missing }, context)).toBeUndefined();
    expect(diagnoseStorage({ PUT: done, GET: missing }, context)!.faultClass).toBe('network');
  });
});
