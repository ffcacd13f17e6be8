import * as fc from 'fast-check';
import {
  connectionTestKey,
  faultOfBucket,
  faultOfEndpoint,
  faultOfPath,
  MAXIMUM_PART_NUMBER,
  MAXIMUM_SEGMENT_BYTES,
  ObjectKeys,
} from '../../src/contract/object-keys';

describe('object keys', () => {
  test('stand in the folder of the database, in this very layout', () => {
    const keys = new ObjectKeys('/nightly/production/', 'orders');

    expect(keys.catalogs).toEqual([
      'nightly/production/orders/catalog.a.json',
      'nightly/production/orders/catalog.b.json',
    ]);
    expect(keys.manifest('20261122T030000Z')).toBe('nightly/production/orders/20261122T030000Z/manifest.json');
    expect(keys.part('20261122T030000Z', 7)).toBe('nightly/production/orders/20261122T030000Z/000007');
    expect(keys.connectionTest(7)).toBe('nightly/production/orders/.connection-test.7');
    expect(connectionTestKey('/nightly/', 16)).toBe('nightly/.connection-test.16');
  });

  test.each([0, 1.5, MAXIMUM_PART_NUMBER + 1])('fails for a part with the number %p', (number) => {
    expect(() => new ObjectKeys('p', 'd').part('20261122T030000Z', number)).toThrow(`got ${number}`);
  });
});

describe('a path', () => {
  test.each([
    ['', 'must not be empty'],
    ['///', 'must not be empty'],
    ['a//b', '//'],
    ['a/./b', '. or ..'],
    ['../a', '. or ..'],
    ['a\\b', 'backslash'],
    ['a\nb', 'control character'],
    ['a/ b', 'white space'],
    ['a*', '*, ?'],
    ['a?', '*, ?'],
    ['a/${aws:username}', '*, ?'],
    [`a/${'ü'.repeat(MAXIMUM_SEGMENT_BYTES / 2)}x`, `over ${MAXIMUM_SEGMENT_BYTES} bytes`],
  ])('fails as %j', (path, flaw) => {
    expect(faultOfPath(path)).toContain(flaw);
  });

  test.each(['a', '/a/', 'a/b.c/d_e', 'nächtlich & täglich', `${'ü'.repeat(MAXIMUM_SEGMENT_BYTES / 2)}`, '...'])(
    'is right as %j',
    (path) => {
      expect(faultOfPath(path)).toBeUndefined();
    },
  );

  test('that is found right leads to no key that a store could resolve to another', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (path) => {
        fc.pre(faultOfPath(path) === undefined);
        const key = new ObjectKeys(path, 'orders').connectionTest(1);
        expect(
          new URL(`http://store/${key.split('/').map(encodeURIComponent).join('/')}`).pathname.split('/').length,
        ).toBe(key.split('/').length + 1);
      }),
    );
  });
});

describe('a bucket name', () => {
  test.each(['', 'ab', 'a'.repeat(64), 'a/b', '-ab', 'ab-', 'a..b', 'a b'])('fails as %j', (bucket) => {
    expect(faultOfBucket(bucket)).toBeDefined();
  });

  test.each(['abc', 'my.bucket-1', 'Old_Bucket', 'a'.repeat(63)])('is right as %j', (bucket) => {
    expect(faultOfBucket(bucket)).toBeUndefined();
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
    expect(faultOfEndpoint(endpoint, false)).toContain(flaw);
  });

  test('fails with a path, which may end with the name of a bucket', () => {
    expect(faultOfEndpoint('https://storage.example/backups', false)).toBe('must have no path');
  });

  test('is right over TLS, and without where that is allowed', () => {
    expect(faultOfEndpoint('https://storage.example:9000/', false)).toBeUndefined();
    expect(faultOfEndpoint('http://storage.example', true)).toBeUndefined();
  });
});
