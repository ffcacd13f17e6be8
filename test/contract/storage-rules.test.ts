import { rootCertificates } from 'node:tls';
import { ObjectKeys } from '../../src/contract/object-keys';
import {
  bucketNameError,
  certificateError,
  endpointError,
  identifierError,
  leavesRoomForKeys,
  MAXIMUM_KEY_BYTES,
  MAXIMUM_SEGMENT_BYTES,
  pathError,
  regionError,
} from '../../src/contract/storage-rules';
import * as fc from '../support/properties';

describe('a path', () => {
  test.each([
    ['', 'must not be empty'],
    ['///', 'must not be empty'],
    ['a//b', '//'],
    ['a/./b', '. or ..'],
    ['../a', '. or ..'],
    ['a\\b', 'backslash'],
    ['a"b', 'quotation mark'],
    ['a\nb', 'control character'],
    ['a/ b', 'white space'],
    ['a*', '*, ?'],
    ['a?', '*, ?'],
    ['a/${aws:username}', '*, ?'],
    [`a/${'ü'.repeat(MAXIMUM_SEGMENT_BYTES / 2)}x`, `over ${MAXIMUM_SEGMENT_BYTES} bytes`],
  ])('fails as %j', (path, flaw) => {
    expect(pathError(path)).toContain(flaw);
  });

  test.each(['a', '/a/', 'a/b.c/d_e', 'nächtlich & täglich', `${'ü'.repeat(MAXIMUM_SEGMENT_BYTES / 2)}`, '...'])(
    'is right as %j',
    (path) => {
      expect(pathError(path)).toBeUndefined();
    },
  );

  test('that is found right leads to no key that a store could resolve to another', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (path) => {
        fc.pre(pathError(path) === undefined);
        const key = new ObjectKeys(path, 'orders').connectionTest(1);
        expect(
          new URL(`http://store/${key.split('/').map(encodeURIComponent).join('/')}`).pathname.split('/').length,
        ).toBe(key.split('/').length + 1);
      }),
    );
  });
});

test('a path is too long when the longest key of a backup is', () => {
  const path = Array.from({ length: 5 }, () => 'x'.repeat(180)).join('/');
  const manifest = new ObjectKeys(path, '').manifest('20261122T030000Z').length;
  expect(leavesRoomForKeys(path, 'd'.repeat(MAXIMUM_KEY_BYTES - manifest))).toBe(true);
  expect(leavesRoomForKeys(path, 'd'.repeat(MAXIMUM_KEY_BYTES - manifest + 1))).toBe(false);
});

test.each([
  ['orders', undefined],
  ['a/b', 'must have no slash'],
  ['d'.repeat(64), 'has at most 63 characters'],
  ['..', 'must not have . or .. as a segment'],
])('an identifier %s: %p', (identifier, error) => {
  expect(identifierError(identifier)).toBe(error);
});

test.each(['', 'us east', 'eu/central'])('fails for the region %j', (region) => {
  expect(regionError(region)).toBeDefined();
});

test.each([
  'none',
  '-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----',
  '-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----',
])('fails for a certificate authority that is none: %j', (text) => {
  expect(certificateError(text)).toBe('is not a PEM certificate');
});

test('each root certificate of Node is a certificate authority, alone and with others', () => {
  expect(certificateError(rootCertificates[0])).toBeUndefined();
  expect(certificateError(rootCertificates.slice(0, 3).join('\n'))).toBeUndefined();
});

describe('a bucket name', () => {
  test.each(['192.168.5.4', '', 'ab', 'a'.repeat(64), 'a/b', '-ab', 'ab-', 'a..b', 'a b'])('fails as %j', (bucket) => {
    expect(bucketNameError(bucket)).toBeDefined();
  });

  test.each(['abc', 'my.bucket-1', 'Old_Bucket', 'a'.repeat(63)])('is right as %j', (bucket) => {
    expect(bucketNameError(bucket)).toBeUndefined();
  });
});

describe('an endpoint', () => {
  test.each([
    ['storage.example', 'URL'],
    ['ftp://storage.example', 'https://'],
    ['http://storage.example', 'allowUnencrypted'],
    ['https://user@storage.example', 'user'],
    ['https://storage.example/?token=1', 'query'],
  ])('fails as %j', (endpoint, flaw) => {
    expect(endpointError(endpoint, false)).toContain(flaw);
  });

  test('fails with a path, which may end with the name of a bucket', () => {
    expect(endpointError('https://storage.example/backups', false)).toBe('must have no path');
  });

  test('is right over TLS, and without where that is allowed', () => {
    expect(endpointError('https://storage.example:9000/', false)).toBeUndefined();
    expect(endpointError('http://storage.example', true)).toBeUndefined();
  });
});
