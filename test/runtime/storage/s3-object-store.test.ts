import { randomBytes } from 'node:crypto';
import { ActionError } from '../../../src/contract/action-error';
import { StorageSettings } from '../../../src/contract/storage-settings';
import { JsonLog } from '../../../src/runtime/log';
import { bodyOf, ObjectStore } from '../../../src/runtime/storage/object-store';
import { openObjectStore, StorageFaultDetails } from '../../../src/runtime/storage/s3-object-store';
import { SECRET_ARN, secretsHolding } from '../../conformance/conformance';
import {
  answer,
  Fault,
  FaultServer,
  FaultServerProps,
  first,
  html,
  reset,
  resetWithinAnswer,
  s3Error,
  silence,
  wrongLength,
} from '../../support/fault-server';
import { digestOf } from '../../support/put-digests';

const OLD = JSON.stringify({ accessKeyId: 'AKIAOLD', secretAccessKey: 'old-confidential' });
const NEW = JSON.stringify({ accessKeyId: 'AKIANEW', secretAccessKey: 'new-confidential' });
const KEY = 'nightly/orders/20261122T030000Z/000001';

describe('the object store of backups', () => {
  let server: FaultServer;
  let store: ObjectStore;
  let pauses: number[];
  let lines: string[];

  const open = async (
    props: FaultServerProps = {},
    more: Partial<StorageSettings> = {},
    secrets = secretsHolding(NEW),
    socketMs = 60_000,
  ) => {
    pauses = [];
    lines = [];
    server = await FaultServer.start(props);
    store = await openObjectStore(
      {
        kind: 's3-compatible',
        endpoint: server.url,
        region: 'us-east-1',
        bucket: 'backups',
        path: 'nightly',
        pathStyle: true,
        allowUnencrypted: true,
        credentials: { kind: 'secret', secretArn: SECRET_ARN },
        ...more,
      },
      {
        secrets,
        log: new JsonLog((line) => lines.push(line)),
        // A request that is answered is never as slow as that, however busy the machine is.
        bounds: { connectMs: 60_000, socketMs, requestMs: 60_000 },
        sleep: (milliseconds) => Promise.resolve(pauses.push(milliseconds)),
      },
    );
  };
  const faultOf = async (promised: Promise<unknown>): Promise<ActionError & { details: StorageFaultDetails }> => {
    const error = await promised.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ActionError);
    expect(error).toMatchObject({ kind: 'StorageFault', stack: 'StorageFault' });
    expect(JSON.stringify([(error as Error).message, error])).not.toContain('confidential');
    return error as ActionError & { details: StorageFaultDetails };
  };

  afterEach(async () => server.stop());

  test('stores, reads and deletes, with the digest that a locked bucket wants', async () => {
    await open();
    const body = randomBytes(5_000_000);

    await store.put(KEY, body);
    expect(server.objects.get(`/backups/${KEY}`)?.equals(body)).toBe(true);
    expect(bodyOf(await store.get(KEY))?.equals(body)).toBe(true);

    await store.delete(KEY);
    expect(await store.get(KEY)).toEqual({ kind: 'missing' });
    await store.delete(KEY);
    expect(pauses).toEqual([]);
  });

  test('get says "missing" to a 404 and "denied" to a 403, which may hide a missing object', async () => {
    await open({ on: { GET: first(1, s3Error(404, 'NoSuchKey'), s3Error(403, 'AccessDenied')) } });
    expect(await store.get(KEY)).toEqual({ kind: 'missing' });
    expect(await store.get(KEY)).toMatchObject({
      kind: 'denied',
      fault: { faultClass: 'permission', operations: ['GET'], code: 'AccessDenied', status: 403 },
    });
    expect(server.requests).toHaveLength(2);
  });

  test.each([
    ['the range of one byte', answer(206, 'a', { 'content-range': 'bytes 0-0/70000' }), 70_000],
    ['the whole object, the range ignored', answer(200, 'a'.repeat(70_000), { 'content-length': '70000' }), 70_000],
    ['an empty object', s3Error(416, 'InvalidRange'), 0],
    ['no object', s3Error(404, 'NoSuchKey'), undefined],
    ['a denied read', s3Error(403, 'AccessDenied'), undefined],
  ])('sizeOf asks for one byte: %s', async (_, given, size) => {
    await open({ on: { GET: given } });
    expect(await store.sizeOf(KEY)).toBe(size);
    expect(server.requests.map(({ headers }) => headers.range)).toEqual(['bytes=0-0']);
  });

  test.each([
    ['in chunks', answer(200, 'a'.repeat(70_000))],
    ['of one byte without a total', answer(206, 'a', { 'content-range': 'bytes 0-0/*' })],
  ])('sizeOf reads the whole object where the answer is %s', async (_, given) => {
    await open({ on: { GET: first(1, given) } });
    server.objects.set(`/backups/${KEY}`, Buffer.alloc(70_000));
    expect(await store.sizeOf(KEY)).toBe(70_000);
  });

  test('sizeOf tries again after a transient fault, and fails as get does', async () => {
    await open({ on: { GET: first(1, s3Error(503, 'SlowDown'), s3Error(403, 'InvalidAccessKeyId')) } });
    const { details } = await faultOf(store.sizeOf(KEY));
    expect(details).toMatchObject({ faultClass: 'authentication', operations: ['GET'] });
    expect(pauses).toHaveLength(1);
  });

  test('put signs with a digest that its caller has computed', async () => {
    await open();
    const body = Buffer.from('part');
    const sha256 = digestOf('sha256', body, 'hex');
    await store.put(KEY, body, sha256);
    expect(server.requests[0].headers['x-amz-content-sha256']).toBe(sha256);
    const wrong = await faultOf(store.put(KEY, body, '0'.repeat(64)));
    expect(wrong.details.code).toBe('XAmzContentSHA256Mismatch');
  });

  /** The digests that PUTs were sent with, as the store reads them. */
  const sentDigests = () =>
    server.requests.map(({ headers }) => [headers['content-md5'], headers['x-amz-checksum-sha256']]);
  const part = (number: number) => Buffer.from(`part ${number}`);
  const withMd5 = (body: Buffer) => [digestOf('md5', body, 'base64'), undefined];
  const withSha256 = (body: Buffer) => [undefined, digestOf('sha256', body, 'base64')];

  test('put sends Content-MD5 to a store that answers no checksum', async () => {
    await open();
    for (const number of [1, 2, 3]) await store.put(KEY, part(number));
    expect(sentDigests()).toEqual([1, 2, 3].map((number) => withMd5(part(number))));
  });

  test('put sends SHA-256 to a store that has answered a checksum, as a locked bucket of Amazon S3 wants it', async () => {
    await open({ checksums: true });
    for (const number of [1, 2, 3]) await store.put(KEY, part(number));
    expect(sentDigests()).toEqual([withMd5(part(1)), withSha256(part(2)), withSha256(part(3))]);
    expect(server.requests[1].headers['x-amz-sdk-checksum-algorithm']).toBe('SHA256');
    // Its digest is known to be wrong before anything is stored.
    server.objects.clear();
    expect((await faultOf(store.put(KEY, part(4), '0'.repeat(64)))).details.code).toBe('BadDigest');
    expect(server.objects.size).toBe(0);
  });

  test.each([
    ['refuses it', s3Error(400, 'InvalidRequest')],
    ['does not know it', s3Error(501, 'NotImplemented')],
    ['does not know it, and is no store of ours', html(501)],
  ])('put sends Content-MD5 again, in the same attempt and from then on, where a store %s', async (_, refuse) => {
    const PUT: Fault = (exchange) =>
      exchange.headers['x-amz-checksum-sha256'] === undefined ? exchange.asStore() : refuse(exchange);
    await open({ checksums: true, on: { PUT } });
    for (const number of [1, 2, 3]) await store.put(KEY, part(number));
    expect(sentDigests()).toEqual([withMd5(part(1)), withSha256(part(2)), withMd5(part(2)), withMd5(part(3))]);
    expect(server.objects.get(`/backups/${KEY}`)?.equals(part(3))).toBe(true);
    expect(store.retries).toBe(0);
  });

  test('put sends Content-MD5 again to a store that does not answer the SHA-256 that it was sent', async () => {
    const PUT: Fault = ({ count, response, obey, asStore }) => {
      if (count < 2) return asStore();
      obey();
      response.writeHead(200, { 'x-amz-checksum-crc64nvme': 'BeXKuz/B+us=' }).end();
    };
    await open({ checksums: true, on: { PUT } });
    for (const number of [1, 2, 3]) await store.put(KEY, part(number));
    expect(sentDigests()).toEqual([withMd5(part(1)), withSha256(part(2)), withMd5(part(3))]);
  });

  test('put sends a part again that was altered on the way to a store that checks SHA-256', async () => {
    const PUT: Fault = (exchange) => (exchange.count === 2 ? s3Error(400, 'BadDigest')(exchange) : exchange.asStore());
    await open({ checksums: true, on: { PUT } });
    for (const number of [1, 2]) await store.put(KEY, part(number));
    expect(sentDigests()).toEqual([withMd5(part(1)), withSha256(part(2)), withSha256(part(2))]);
    expect(store.retries).toBe(1);
  });

  const stores = (change: (body: Buffer) => Buffer, headersOf: (stored: Buffer) => Record<string, string>): Fault => {
    return ({ body, path, objects, response }) => {
      const stored = change(body);
      objects.set(path, stored);
      response.writeHead(200, headersOf(stored)).end();
    };
  };
  const flipped = (body: Buffer) => Buffer.concat([Buffer.from([255 - body[0]]), body.subarray(1)]);

  test.each<[string, (body: Buffer) => Buffer, (stored: Buffer) => Record<string, string>]>([
    ['an ETag of other bytes', flipped, (stored) => ({ etag: `"${digestOf('md5', stored, 'hex')}"` })],
    ['a checksum of other bytes', flipped, (body) => ({ 'x-amz-checksum-sha256': digestOf('sha256', body, 'base64') })],
    [
      'an ETag of more bytes',
      (body) => Buffer.concat([body, body]),
      (body) => ({ etag: digestOf('md5', body, 'hex').toUpperCase() }),
    ],
  ])('put does not believe a store that answers %s, and tries again', async (_, change, headersOf) => {
    const body = randomBytes(1000);
    await open({ on: { PUT: first(2, stores(change, headersOf)) } });
    await store.put(KEY, body);
    expect(server.objects.get(`/backups/${KEY}`)?.equals(body)).toBe(true);
    expect(store.retries).toBe(2);
    await server.stop();
    await open({ on: { PUT: stores(change, headersOf) } });
    expect((await faultOf(store.put(KEY, body))).details.summary).toContain('other bytes');
  });

  test.each([
    ['is no digest, since the object is encrypted', '"00112233445566778899aabbccddeeff"', 1],
    ['is that of several pieces', '"00112233445566778899aabbccddeeff-2"', 0],
  ])('put believes an ETag that %s: it looks once', async (_, etag, looks) => {
    await open({
      on: {
        PUT: stores(
          (body) => body,
          () => ({ etag }),
        ),
      },
    });
    await store.put(KEY, Buffer.from('part'));
    await store.put(KEY, Buffer.from('other part'));
    expect(server.requests.map(({ operation }) => operation)).toEqual(['PUT', ...Array(looks).fill('GET'), 'PUT']);
    expect(store.retries).toBe(0);
  });

  test('clockOffsetMs is the difference to the Date of the last answer', async () => {
    await open();
    expect(store.clockOffsetMs()).toBeUndefined();
    await store.put(KEY, Buffer.from('part'));
    expect(Math.abs(store.clockOffsetMs()!)).toBeLessThan(10_000);
  });

  test.each([
    ['an HTML page', html(404), 'network'],
    ['no such bucket', s3Error(404, 'NoSuchBucket'), 'bucket-or-path'],
    ['an empty 403', answer(403), 'network'],
  ])('fails to read where the answer is %s, which says nothing of the object', async (_, fault, faultClass) => {
    await open({ on: { GET: fault } });
    expect((await faultOf(store.get(KEY))).details.faultClass).toBe(faultClass);
  });

  test.each([
    ['throttling', s3Error(503, 'SlowDown')],
    ['a digest that does not match the bytes which arrived', s3Error(400, 'BadDigest')],
    ['a reset', reset],
    ['a reset within the answer', resetWithinAnswer],
    ['a silence', silence],
  ])('gets over %s, three times', async (_, fault) => {
    await open({ on: { PUT: first(3, fault) } }, {}, undefined, fault === silence ? 2_000 : undefined);
    await store.put(KEY, Buffer.from('part'));
    expect(server.requests).toHaveLength(4);
    expect(pauses).toHaveLength(3);
    expect(store.retries).toBe(3);
    expect(pauses[2]).toBeGreaterThan(pauses[0]);
  });

  test('gets over an object that is cut off on the way', async () => {
    await open({ on: { GET: first(1, wrongLength(10)) } });
    await store.put(KEY, Buffer.from('part'));
    expect(bodyOf(await store.get(KEY))?.toString()).toBe('part');
  });

  test('fails after the fourth time, and says class, operation, key, code, status and remedy', async () => {
    await open({ on: { PUT: s3Error(503, 'SlowDown') } });
    const error = await faultOf(store.put(KEY, Buffer.from('part')));
    expect(server.requests).toHaveLength(4);
    expect(error.details).toEqual({
      faultClass: 'network',
      operations: ['PUT'],
      key: KEY,
      code: 'SlowDown',
      status: 503,
      summary: 'The storage is not able to serve at the moment: SlowDown (HTTP 503) on PUT.',
      remedy: expect.stringContaining('Try again later') as unknown,
    });
    expect(error.message).toContain(`bucket backups, path nightly, object ${KEY}.`);
  });

  test.each([
    ['PUT', 'AccessDenied', 'permission'],
    ['DELETE', 'AccessDenied', 'permission'],
    ['PUT', 'InvalidAccessKeyId', 'authentication'],
  ] as const)('fails a %s with %s at once: %s', async (operation, code, faultClass) => {
    await open({ on: { [operation]: s3Error(403, code) } });
    const failed = operation === 'PUT' ? store.put(KEY, Buffer.from('part')) : store.delete(KEY);
    expect((await faultOf(failed)).details).toMatchObject({ faultClass, operations: [operation], code });
    expect(server.requests).toHaveLength(1);
  });

  test('uses the current version of the secret once the pinned one is refused, and says so once', async () => {
    const pinned = { kind: 'secret', secretArn: SECRET_ARN, versionId: 'v1' } as const;
    const refusedOnce = first(1, s3Error(403, 'SignatureDoesNotMatch'));
    await open({ on: { PUT: refusedOnce } }, { credentials: pinned }, secretsHolding({ v1: OLD, current: NEW }));

    await store.put(KEY, Buffer.from('part'));
    await store.put(KEY, Buffer.from('part'));

    expect(server.requests).toHaveLength(3);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('Version v1 is refused');
  });

  test('fails to open where the secret yields no keys', async () => {
    const error = await faultOf(open({}, {}, secretsHolding('confidential')));
    expect(error.details.faultClass).toBe('authentication');
    expect(error.message).toContain(SECRET_ARN);
  });
});
