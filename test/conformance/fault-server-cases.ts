import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import * as forge from 'node-forge';
import {
  Arrangement,
  ConformanceCase,
  Expectation,
  isTestObjectKey,
  SECRET_ARN,
  secretsError,
  secretsHolding,
  someKeys,
  ACCOUNT,
  REGION,
} from './conformance';
import { CertificateAuthority, IssuedCertificate } from '../../sandbox/certificate-authority';
import { StorageSettings } from '../../src/contract/storage-settings';
import { Secrets } from '../../src/runtime/secrets';
import { seal } from '../../src/runtime/storage/sealed-json';
import {
  altered,
  answer,
  DeafPort,
  drip,
  endless,
  Fault,
  FaultServer,
  FaultServerProps,
  first,
  garbage,
  html,
  indifference,
  json,
  late,
  obeying,
  RawServer,
  reset,
  resetAfterwards,
  resetWithinAnswer,
  s3Error,
  silence,
  wrongLength,
} from '../support/fault-server';

const CATALOGS = /\/(catalog\.[ab]|folder)\.json$/;
const CHECK_URL = /Check the endpoint URL/;

/** What no store does on request: the table for the fault server. */
export async function faultServerCases(): Promise<ConformanceCase[]> {
  const certificates = await issueCertificates();
  return [
    ...passing(certificates),
    ...unreachable(),
    ...encrypted(certificates),
    ...impostors(),
    ...busy(),
    ...bodies(),
    ...visibility(),
    ...resets(),
    ...slow(),
    ...credentials(),
    ...refusals(),
    ...owners(),
    ...secrets(),
    ...settings(),
  ];
}

interface Certificates {
  readonly ca: string;
  readonly good: IssuedCertificate;
  readonly expired: IssuedCertificate;
  readonly early: IssuedCertificate;
  readonly otherHost: IssuedCertificate;
  readonly selfSigned: IssuedCertificate;
}

async function issueCertificates(): Promise<Certificates> {
  const directory = await mkdtemp(path.join(tmpdir(), 'conformance-'));
  try {
    const authority = await CertificateAuthority.create(directory);
    const day = 86_400_000;
    return {
      ca: authority.certificatePem,
      good: authority.issue(['localhost']),
      expired: authority.issue(['localhost'], {
        notBefore: new Date(Date.now() - 2 * day),
        notAfter: new Date(Date.now() - day),
      }),
      early: authority.issue(['localhost'], { notBefore: new Date(Date.now() + day) }),
      otherHost: authority.issue(['storage.example']),
      selfSigned: selfSigned(),
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}

function everyOperation(fault: Fault): FaultServerProps {
  return { on: { PUT: fault, GET: fault, DELETE: fault } };
}

/** An S3 error whose message says what its code does not. */
function worded(status: number, code: string, message: string): Fault {
  return s3Error(status, code, `<Message>${message}</Message>`);
}

/** A case on a server with these faults. */
function onServer(
  fault: string,
  props: FaultServerProps,
  expected: Expectation,
  more: Partial<StorageSettings> = {},
  arrange: (server: FaultServer) => Partial<Arrangement> = () => ({}),
): ConformanceCase {
  return {
    fault,
    expected,
    arrange: async () => {
      const server = await FaultServer.start({ sparing: CATALOGS, ...props });
      const keys = someKeys();
      return {
        storage: { ...settingsFor(server.url), ...more },
        database: 'orders',
        secrets: secretsHolding(JSON.stringify(keys)),
        confidential: [keys.secretAccessKey],
        objectsLeft: () => Promise.resolve([...server.objects.keys()].filter(isTestObjectKey).length),
        requests: () => server.requests.filter((request) => !CATALOGS.test(request.path)).length,
        stop: () => server.stop(),
        ...arrange(server),
      };
    },
  };
}

/** A case at an address where no HTTP server of ours is. */
function at(
  fault: string,
  expected: Expectation,
  place: () => Promise<{ readonly url: string; readonly stop?: () => Promise<void> }>,
  more: Partial<StorageSettings> = {},
): ConformanceCase {
  return {
    fault,
    expected,
    arrange: async () => {
      const { url, stop } = await place();
      const keys = someKeys();
      return {
        storage: { ...settingsFor(url), ...more },
        database: 'orders',
        secrets: secretsHolding(JSON.stringify(keys)),
        confidential: [keys.secretAccessKey],
        objectsLeft: () => Promise.resolve(0),
        stop,
      };
    },
  };
}

function settingsFor(url: string): StorageSettings {
  return {
    kind: 's3-compatible',
    endpoint: url,
    region: 'us-east-1',
    bucket: 'backups',
    path: 'nightly',
    pathStyle: true,
    allowUnencrypted: true,
    credentials: { kind: 'secret', secretArn: SECRET_ARN },
  };
}

function passing({ ca, good }: Certificates): ConformanceCase[] {
  const versioned: Fault = ({ obey, response }) => {
    obey();
    response.writeHead(200, { 'x-amz-version-id': 'v1' }).end();
  };
  const marker: Fault = ({ obey, response }) => {
    obey();
    response.writeHead(204, { 'x-amz-delete-marker': 'true', 'x-amz-version-id': 'v2' }).end();
  };
  const numbered =
    (headers: Record<string, string>): Fault =>
    ({ obey, response }) => {
      obey();
      response.writeHead(204, headers).end();
    };
  return [
    onServer(
      'DELETE is numbered like a version, and leaves no marker',
      { on: { DELETE: numbered({ 'x-amz-version-id': 'v2' }) } },
      { verdict: 'Passed' },
    ),
    onServer(
      'DELETE leaves a marker that is no version',
      { on: { DELETE: numbered({ 'x-amz-delete-marker': 'true', 'x-amz-version-id': 'null' }) } },
      { verdict: 'Passed' },
    ),
    onServer('no fault', {}, { verdict: 'Passed', within: 5, requests: 3 }),
    onServer('no fault, over TLS', { tls: good }, { verdict: 'Passed', within: 5 }, { caCertificate: ca }),
    onServer(
      'no fault, no database',
      {},
      { verdict: 'Passed', within: 5, says: [/owner was not checked/] },
      {},
      () => ({
        database: undefined,
      }),
    ),
    onServer(
      'PUT is numbered like a version, DELETE leaves no marker',
      { on: { PUT: versioned } },
      { verdict: 'Passed' },
    ),
    onServer('DELETE leaves a marker', { on: { DELETE: marker } }, { verdict: 'Passed', says: [/keeps versions/] }),
    onServer(
      'DELETE finds nothing any more',
      { on: { DELETE: obeying(s3Error(404, 'NoSuchKey')) } },
      {
        verdict: 'Passed',
      },
    ),
  ];
}

function unreachable(): ConformanceCase[] {
  const network = { vpcId: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2'] };
  const deaf = async () => {
    const port = await DeafPort.start();
    return { url: `http://127.0.0.1:${port.port}`, stop: () => port.stop() };
  };
  const connectTimeout: Expectation = { verdict: 'network', operations: ['PUT'], code: 'CONNECT_TIMEOUT', within: 6 };
  return [
    at(
      'nothing listens',
      { verdict: 'network', operations: ['PUT'], code: 'ECONNREFUSED', says: [CHECK_URL], within: 5 },
      async () => {
        const server = await RawServer.start(() => undefined);
        const { port } = server;
        await server.stop();
        return { url: `http://127.0.0.1:${port}` };
      },
    ),
    at('unknown host', { verdict: 'network', operations: ['PUT'], says: [/host name .* cannot be resolved/] }, () =>
      Promise.resolve({ url: 'http://storage.invalid:9000' }),
    ),
    at('connection never comes about', { ...connectTimeout, says: [/within 3 s/, CHECK_URL] }, deaf),
    at(
      'the same from private subnets',
      { ...connectTimeout, says: [/subnet-1, subnet-2 of vpc-1/, /add a NAT gateway/] },
      deaf,
      {
        network,
      },
    ),
    at(
      'the same from private subnets, to Amazon S3',
      { ...connectTimeout, says: [/add an S3 gateway endpoint \(com\.amazonaws\.eu-west-1\.s3\)/] },
      deaf,
      { network, kind: 'amazon-s3', region: 'eu-west-1' },
    ),
    at(
      'the same from private subnets, to Amazon S3 elsewhere',
      { ...connectTimeout, says: [/Amazon S3 in eu-north-1: add a NAT gateway/] },
      deaf,
      { network, kind: 'amazon-s3', region: 'eu-north-1' },
    ),
    at(
      'silent TCP',
      { verdict: 'network', operations: ['PUT'], code: 'SILENT', says: [/silent for 3 s/], leaves: true },
      async () => {
        const server = await RawServer.start((socket) => void socket.resume());
        return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop() };
      },
    ),
    at('silent TLS', { verdict: 'network', operations: ['PUT'], code: 'SILENT', leaves: true }, async () => {
      const server = await RawServer.start((socket) => void socket.resume());
      return { url: `https://127.0.0.1:${server.port}`, stop: () => server.stop() };
    }),
    at(
      'closes every connection',
      { verdict: 'network', operations: ['PUT'], code: 'ECONNRESET', leaves: true },
      async () => {
        const server = await RawServer.start((socket) => socket.destroy());
        return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop() };
      },
    ),
    at(
      'speaks first, and not HTTP',
      { verdict: 'network', operations: ['PUT'], leaves: true, says: [/no S3 storage/] },
      async () => {
        const server = await RawServer.start((socket) => socket.write('220 mail.example ESMTP\r\n'));
        return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop() };
      },
    ),
  ];
}

function encrypted({ ca, good, expired, early, otherHost, selfSigned: own }: Certificates): ConformanceCase[] {
  const bad = (code: string, says: RegExp): Expectation => ({
    verdict: 'network',
    operations: ['PUT'],
    code,
    says: [says],
    within: 5,
    requests: 0,
  });
  const swapScheme = (server: FaultServer): Partial<Arrangement> => ({
    storage: settingsFor(
      server.url.startsWith('https') ? server.url.replace('https', 'http') : server.url.replace('http', 'https'),
    ),
  });
  return [
    onServer('HTTP server on an https URL', {}, bad('EPROTO', /http:\/\/ and needs allowUnencrypted/), {}, swapScheme),
    onServer(
      'HTTPS server on an http URL',
      { tls: good },
      {
        verdict: 'network',
        operations: ['PUT'],
        code: 'ECONNRESET',
        says: [/begins with https:\/\//],
        requests: 0,
        leaves: true,
      },
      {},
      swapScheme,
    ),
    onServer('self-signed certificate', { tls: own }, bad('DEPTH_ZERO_SELF_SIGNED_CERT', /as caCertificate/)),
    onServer(
      'certificate of an unknown authority',
      { tls: good },
      bad('UNABLE_TO_VERIFY_LEAF_SIGNATURE', /as caCertificate/),
    ),
    onServer('expired certificate', { tls: expired }, bad('CERT_HAS_EXPIRED', /Renew the certificate/), {
      caCertificate: ca,
    }),
    onServer('certificate of tomorrow', { tls: early }, bad('CERT_NOT_YET_VALID', /clock/), { caCertificate: ca }),
    onServer(
      'certificate for another host',
      { tls: otherHost },
      bad('ERR_TLS_CERT_ALTNAME_INVALID', /host name that it is for/),
      {
        caCertificate: ca,
      },
    ),
  ];
}

function impostors(): ConformanceCase[] {
  const network = (operations: Expectation['operations'], status?: number, leaves?: boolean): Expectation => ({
    verdict: 'network',
    operations,
    status,
    leaves,
    says: [/URL of the S3 API/],
  });
  return [
    onServer('HTML 200 to everything', everyOperation(html(200)), network(['GET'])),
    onServer('empty 200 to everything', everyOperation(answer(200)), network(['GET'])),
    onServer('HTML 404', everyOperation(html(404)), network(['PUT'], 404)),
    onServer('JSON 404', everyOperation(json(404)), network(['PUT'], 404)),
    onServer('empty 404', everyOperation(answer(404)), network(['PUT'], 404)),
    onServer('HTML 403', everyOperation(html(403)), network(['PUT'], 403)),
    onServer('empty 403', everyOperation(answer(403)), network(['PUT'], 403)),
    onServer('HTML 405', everyOperation(html(405)), network(['PUT'], 405)),
    onServer(
      'redirect',
      everyOperation(answer(302, '', { location: 'http://127.0.0.1:1/login' })),
      network(['PUT'], 302),
    ),
    onServer(
      'redirect to itself',
      everyOperation(({ response, path: own }) => response.writeHead(307, { location: own }).end()),
      network(['PUT'], 307),
    ),
    onServer(
      'XML that is no S3 error',
      everyOperation(answer(400, '<html><Code>NoSuchBucket</Code></html>')),
      network(['PUT'], 400),
    ),
    onServer('an S3 error cut short', everyOperation(answer(400, '<Error><Code>NoSuchBuck')), network(['PUT'], 400)),
    onServer(
      'an S3 error of a console',
      everyOperation(worded(400, 'InvalidArgument', 'S3 API Requests must be made to API port.')),
      network(['PUT'], 400),
    ),
    onServer('no HTTP', everyOperation(garbage), {
      ...network(['PUT'], undefined, true),
      code: 'HPE_INVALID_CONSTANT',
    }),
    onServer(
      'headers without end',
      everyOperation(({ socket }) => void socket.write(`HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(200_000)}`)),
      { ...network(['PUT'], undefined, true), code: 'HPE_HEADER_OVERFLOW' },
    ),
  ];
}

function busy(): ConformanceCase[] {
  const down: Expectation = { verdict: 'network', operations: ['PUT'], says: [/not able to serve at the moment/] };
  return [
    onServer('SlowDown for good', everyOperation(s3Error(503, 'SlowDown')), {
      ...down,
      code: 'SlowDown',
      status: 503,
      leaves: true,
    }),
    onServer('SlowDown once', { on: { PUT: first(1, s3Error(503, 'SlowDown')) } }, { verdict: 'Passed', requests: 4 }),
    onServer('HTML 503', everyOperation(html(503)), { ...down, status: 503, leaves: true }),
    onServer('HTML 502 in front of a store', { on: { PUT: obeying(html(502)) } }, { ...down, status: 502 }),
    onServer(
      'InternalError on GET, once',
      { on: { GET: first(1, s3Error(500, 'InternalError')) } },
      { verdict: 'Passed' },
    ),
    onServer(
      'InternalError on DELETE, once',
      { on: { DELETE: first(1, s3Error(500, 'InternalError')) } },
      { verdict: 'Passed' },
    ),
    onServer(
      'InternalError on DELETE for good',
      { on: { DELETE: s3Error(500, 'InternalError') } },
      {
        ...down,
        operations: ['DELETE'],
        leaves: true,
      },
    ),
    onServer('throttled with 429', everyOperation(answer(429)), { ...down, status: 429 }),
  ];
}

function bodies(): ConformanceCase[] {
  const changed: Expectation = { verdict: 'network', operations: ['GET'], says: [/other bytes/] };
  const flip = (object: Buffer) => Buffer.concat([Buffer.from([object[0] + 1]), object.subarray(1)]);
  return [
    onServer('GET with one byte changed', { on: { GET: altered(flip) } }, changed),
    onServer(
      'GET with one byte changed, once',
      { on: { GET: first(1, altered(flip)) } },
      { verdict: 'Passed', requests: 5 },
    ),
    onServer('GET one byte short', { on: { GET: altered((object) => object.subarray(1)) } }, changed),
    onServer(
      'GET one byte too many',
      { on: { GET: altered((object) => Buffer.concat([object, Buffer.from('x')])) } },
      changed,
    ),
    onServer('GET of nothing', { on: { GET: altered(() => Buffer.alloc(0)) } }, changed),
    onServer(
      'GET in another encoding',
      { on: { GET: altered((object) => Buffer.from(object.toString('base64'))) } },
      changed,
    ),
    onServer(
      'GET cut off',
      { on: { GET: wrongLength(100) } },
      { verdict: 'network', operations: ['GET'], code: 'ECONNRESET' },
    ),
    onServer('GET with too small a length', { on: { GET: wrongLength(-24) } }, changed),
    onServer('GET without end', { on: { GET: endless(200) } }, changed),
    onServer(
      'PUT answered without end',
      { on: { PUT: endless(200) } },
      { verdict: 'network', operations: ['PUT'], code: 'ANSWER_TOO_LONG' },
    ),
    onServer('an error without end', everyOperation(endless(400)), {
      verdict: 'network',
      operations: ['PUT'],
      status: 400,
    }),
    onServer(
      'DELETE answered without end',
      { on: { DELETE: endless(200) } },
      {
        verdict: 'network',
        operations: ['DELETE'],
        code: 'ANSWER_TOO_LONG',
        leaves: true,
      },
    ),
  ];
}

function visibility(): ConformanceCase[] {
  const stale = Buffer.alloc(1024, 'stale');
  const random = randomBytes(992);
  const otherTest = Buffer.concat([random, createHash('sha256').update(random).digest()]);
  return [
    onServer('not yet visible', { on: { GET: first(3, s3Error(404, 'NoSuchKey')) } }, { verdict: 'Passed' }),
    onServer(
      'never visible',
      { on: { GET: s3Error(404, 'NoSuchKey') } },
      {
        verdict: 'network',
        operations: ['GET'],
        code: 'NoSuchKey',
        says: [/was not there 2 s later/],
      },
    ),
    onServer(
      'an older object once',
      {
        on: {
          GET: first(
            1,
            altered(() => stale),
          ),
        },
      },
      { verdict: 'Passed' },
    ),
    onServer(
      'the object of another test for good',
      { on: { GET: altered(() => otherTest) } },
      { verdict: 'network', operations: ['GET'], says: [/other bytes/] },
    ),
    onServer(
      'the object of another test, then of another again',
      {
        on: {
          GET: first(
            2,
            altered(() => otherTest),
          ),
        },
      },
      // That test would delete it.
      { verdict: 'Passed', requests: 7, leaves: true },
    ),
    onServer(
      'deleted by another test, twice, and hidden',
      { on: { GET: first(2, s3Error(403, 'AccessDenied')) } },
      { verdict: 'Passed' },
    ),
    onServer(
      'an older object for good',
      { on: { GET: altered(() => stale) } },
      { verdict: 'network', operations: ['GET'] },
    ),
  ];
}

function resets(): ConformanceCase[] {
  const broken = (operation: 'PUT' | 'GET' | 'DELETE'): Expectation => ({
    verdict: 'network',
    operations: [operation],
    code: 'ECONNRESET',
    says: [/closed the connection/],
    leaves: operation === 'DELETE',
  });
  return [
    onServer('reset before the body', { early: reset }, { ...broken('PUT'), leaves: true }),
    onServer('reset instead of PUT', { on: { PUT: reset } }, broken('PUT')),
    onServer('reset after PUT', { on: { PUT: resetAfterwards } }, broken('PUT')),
    onServer('reset within the answer to PUT', { on: { PUT: resetWithinAnswer } }, broken('PUT')),
    onServer('reset instead of GET', { on: { GET: reset } }, broken('GET')),
    onServer('reset within the answer to GET', { on: { GET: resetWithinAnswer } }, broken('GET')),
    onServer('reset instead of DELETE', { on: { DELETE: reset } }, broken('DELETE')),
    onServer(
      'reset once each',
      { on: { PUT: first(1, resetAfterwards), GET: first(1, reset), DELETE: first(1, reset) } },
      { verdict: 'Passed' },
    ),
    onServer(
      'reset, then refused',
      { on: { PUT: first(1, resetAfterwards, s3Error(403, 'AccessDenied')) } },
      {
        verdict: 'permission',
        operations: ['PUT'],
      },
    ),
  ];
}

function slow(): ConformanceCase[] {
  const timeOut = (operation: 'PUT' | 'GET' | 'DELETE', code: string, leaves = false): Expectation => ({
    verdict: 'network',
    operations: [operation],
    code,
    leaves,
  });
  return [
    onServer('PUT stored, never answered', { on: { PUT: silence } }, timeOut('PUT', 'SILENT')),
    onServer('PUT answered byte by byte', { on: { PUT: drip } }, timeOut('PUT', 'TOO_SLOW')),
    onServer('GET never answered', { on: { GET: silence } }, timeOut('GET', 'SILENT')),
    onServer('GET answered byte by byte', { on: { GET: drip } }, timeOut('GET', 'TOO_SLOW')),
    onServer('DELETE never answered', { on: { DELETE: indifference } }, timeOut('DELETE', 'SILENT', true)),
    onServer('everything late', { on: { PUT: late(4_000), GET: late(4_000) } }, timeOut('GET', 'OUT_OF_TIME')),
    onServer(
      'late, and within the bounds',
      { on: { PUT: late(2_000), GET: late(2_000), DELETE: late(1_000) } },
      { verdict: 'Passed' },
    ),
    onServer(
      'everything silent after a late PUT',
      { on: { PUT: late(4_500), GET: silence, DELETE: indifference } },
      timeOut('GET', 'OUT_OF_TIME', true),
    ),
  ];
}

function credentials(): ConformanceCase[] {
  const refused = (status: number, code: string, message = ''): ConformanceCase =>
    onServer(`${code} ${status} ${message}`, everyOperation(worded(status, code, message)), {
      verdict: 'authentication',
      operations: ['PUT'],
      code,
      status,
      says: [/refused the (access key|session token)/, new RegExp(SECRET_ARN)],
      requests: 1,
    });
  const skewed: Fault = ({ response }) =>
    response
      .writeHead(403, { date: new Date(Date.now() + 3_600_000).toUTCString() })
      .end('<Error><Code>RequestTimeTooSkewed</Code></Error>');
  return [
    refused(403, 'InvalidAccessKeyId'),
    refused(403, 'SignatureDoesNotMatch'),
    refused(401, 'Unauthorized'),
    refused(400, 'ExpiredToken'),
    refused(400, 'InvalidToken'),
    onServer('JSON 401', everyOperation(json(401)), {
      verdict: 'authentication',
      operations: ['PUT'],
      status: 401,
      requests: 1,
    }),
    onServer('clock off', { on: { PUT: first(1, skewed) } }, { verdict: 'Passed', requests: 4 }),
    onServer(
      'clock a day behind, which the store accepts',
      { clockOffsetMs: 86_400_000 },
      { verdict: 'Passed', says: [/1440 minutes behind the storage's/] },
    ),
    onServer(
      'clock a day ahead, which the store accepts',
      { clockOffsetMs: -86_400_000 },
      { verdict: 'Passed', says: [/1440 minutes ahead of the storage's/] },
    ),
    onServer(
      'clock off, for a store that says so in words only',
      { on: { PUT: first(1, worded(400, 'InvalidRequest', 'Bad request: Date is too old')) } },
      { verdict: 'Passed', requests: 4 },
    ),
    refused(403, 'AccessDenied', 'Forbidden: Invalid signature'),
    refused(403, 'AccessDenied', 'Forbidden: No such key: GK0123456789abcdef'),
    refused(403, 'AccountProblem'),
    refused(403, 'AuthenticationLockout'),
    onServer('clock off for good', everyOperation(skewed), {
      verdict: 'authentication',
      operations: ['PUT'],
      code: 'RequestTimeTooSkewed',
      says: [/Set the clock/],
      requests: 2,
    }),
    onServer(
      'keys revoked after PUT',
      { on: { GET: s3Error(403, 'InvalidAccessKeyId'), DELETE: s3Error(403, 'InvalidAccessKeyId') } },
      {
        verdict: 'authentication',
        operations: ['GET'],
        requests: 2,
        leaves: true,
      },
    ),
  ];
}

function refusals(): ConformanceCase[] {
  const denied = s3Error(403, 'AccessDenied');
  const hidden: Fault = (exchange) => (exchange.objects.has(exchange.path) ? exchange.asStore() : denied(exchange));
  const permission = (...operations: ('PUT' | 'GET' | 'DELETE')[]): Expectation => ({
    verdict: 'permission',
    operations,
    code: 'AccessDenied',
    status: 403,
    says: [/Allow s3:PutObject, s3:GetObject, s3:DeleteObject on arn:aws:s3:::backups\/nightly\/\*/],
    leaves: operations.includes('DELETE') && !operations.includes('PUT'),
  });
  const bucket = (code: string, status: number): Expectation => ({
    verdict: 'bucket-or-path',
    operations: ['PUT'],
    code,
    status,
    requests: 1,
  });
  return [
    onServer('all denied', everyOperation(denied), {
      verdict: 'bucket-or-path',
      operations: ['PUT', 'GET', 'DELETE'],
      code: 'AccessDenied',
      status: 403,
      says: [/policy covers this path/],
    }),
    onServer('PUT denied', { on: { PUT: denied } }, permission('PUT')),
    onServer(
      'PUT denied, objects hidden',
      { on: { PUT: denied, GET: hidden } },
      { ...permission('PUT'), unclear: ['GET'] },
    ),
    onServer('GET denied', { on: { GET: denied } }, permission('GET')),
    onServer('DELETE denied', { on: { DELETE: denied } }, permission('DELETE')),
    onServer('PUT and DELETE denied', { on: { PUT: denied, DELETE: denied } }, permission('PUT', 'DELETE')),
    onServer('GET and DELETE denied', { on: { GET: denied, DELETE: denied } }, permission('GET', 'DELETE')),
    onServer('objects hidden', { sparing: /^$/, on: { GET: hidden } }, { verdict: 'Passed' }),
    onServer('NoSuchBucket', everyOperation(s3Error(404, 'NoSuchBucket')), bucket('NoSuchBucket', 404)),
    onServer('InvalidBucketName', everyOperation(s3Error(400, 'InvalidBucketName')), bucket('InvalidBucketName', 400)),
    onServer('QuotaExceeded', everyOperation(s3Error(403, 'QuotaExceeded')), {
      ...bucket('QuotaExceeded', 403),
      says: [/raise its quota/],
    }),
    ...(
      [
        [400, 'XMinioAdminBucketQuotaExceeded', 'Bucket quota exceeded'],
        [507, 'XMinioStorageFull', ''],
        [403, 'AccessDenied', 'Forbidden: Object quota is reached, maximum objects for this bucket: 2'],
        [403, 'AccessDenied', 'Forbidden: Bucket size quota is reached, maximum total size of objects: 10'],
        [403, 'AccessDenied', 'Cannot upload files, storage cap exceeded.'],
      ] as const
    ).map(([status, code, message]) =>
      onServer(
        `${code} ${message}`,
        { on: { PUT: worded(status, code, message) } },
        {
          ...bucket(code, status),
          says: [/raise its quota/],
          // After a 5xx the object may be there.
          requests: status >= 500 ? 2 : 1,
        },
      ),
    ),
    onServer(
      'a denial whose resource has words of other errors in its name',
      {
        on: {
          PUT: worded(
            403,
            'AccessDenied',
            'User is not authorized on resource: "arn:aws:s3:::quota exceeded/no such key" because',
          ),
        },
      },
      permission('PUT'),
    ),
    onServer('an unheard-of code', everyOperation(s3Error(400, 'NobodyKnows')), bucket('NobodyKnows', 400)),
    onServer(
      'another region, for a store that says so in words only',
      everyOperation(
        worded(403, 'SignatureDoesNotMatch', 'Credential should be scoped to a valid Region, not eu-west-1'),
      ),
      { ...bucket('SignatureDoesNotMatch', 403), says: [/not served from region/] },
    ),
    onServer(
      'another region',
      everyOperation(s3Error(400, 'AuthorizationHeaderMalformed', '<Region>eu-central-1</Region>')),
      {
        ...bucket('AuthorizationHeaderMalformed', 400),
        says: [/Set the region to the bucket's own, eu-central-1/],
      },
    ),
    onServer(
      'redirect to another region',
      everyOperation(s3Error(301, 'PermanentRedirect')),
      bucket('PermanentRedirect', 301),
    ),
  ];
}

function owners(): ConformanceCase[] {
  const catalog = (account: string, generation: number) =>
    seal({ format: 2, generation, owner: { account, region: REGION, database: 'orders' }, entries: [] });
  const withCatalogs = (a: Buffer | undefined, b?: Buffer) => (server: FaultServer) => {
    for (const [name, body] of [
      ['a', a],
      ['b', b],
    ] as const) {
      if (body) {
        server.objects.set(`/backups/nightly/orders/catalog.${name}.json`, body);
      }
    }
    return {};
  };
  const foreign: Expectation = { verdict: 'bucket-or-path', says: [/database orders of account 999999999999/] };
  return [
    onServer("another owner's folder", {}, foreign, {}, withCatalogs(catalog('999999999999', 1))),
    onServer(
      "another owner's folder, by the newer catalog",
      {},
      foreign,
      {},
      withCatalogs(catalog(ACCOUNT, 1), catalog('999999999999', 2)),
    ),
    onServer("another owner's folder, whose catalogs were lost", {}, foreign, {}, (server) => {
      const owner = { account: '999999999999', region: REGION, database: 'orders' };
      server.objects.set('/backups/nightly/orders/folder.json', seal({ format: 2, owner }));
      return {};
    }),
    onServer("own catalogs beside another owner's folder.json", {}, foreign, {}, (server) => {
      const owner = { account: '999999999999', region: REGION, database: 'orders' };
      server.objects.set('/backups/nightly/orders/folder.json', seal({ format: 2, owner }));
      return withCatalogs(catalog(ACCOUNT, 3), catalog(ACCOUNT, 2))(server);
    }),
    onServer('own folder', {}, { verdict: 'Passed' }, {}, withCatalogs(catalog(ACCOUNT, 3), catalog(ACCOUNT, 2))),
    onServer(
      'own folder, one catalog damaged',
      {},
      { verdict: 'Passed' },
      {},
      withCatalogs(Buffer.from('{'), catalog(ACCOUNT, 2)),
    ),
    onServer(
      'own folder, another account in one catalog by a changed byte',
      {},
      { verdict: 'Passed' },
      {},
      withCatalogs(Buffer.from(catalog(ACCOUNT, 2).toString().replace(ACCOUNT, '999999999999')), catalog(ACCOUNT, 1)),
    ),
    onServer(
      'damaged catalogs',
      {},
      { verdict: 'Passed', says: [/owner of the folder is not known/] },
      {},
      withCatalogs(Buffer.from('null')),
    ),
    onServer(
      'catalog cannot be fetched',
      { sparing: /^$/, on: { GET: (each) => (CATALOGS.test(each.path) ? html(500)(each) : each.asStore()) } },
      {
        verdict: 'network',
        operations: ['GET'],
        status: 500,
      },
    ),
  ];
}

function secrets(): ConformanceCase[] {
  const names = new RegExp(SECRET_ARN);
  const withSecrets = (secretsThere: Secrets) => () => ({ secrets: secretsThere });
  const failing = (error: unknown): Secrets => ({ read: () => Promise.reject(error) });
  const unread = (verdict: Expectation['verdict'], says: RegExp, code?: string): Expectation => ({
    verdict,
    code,
    says: [names, says],
    requests: 0,
  });
  const network = { vpcId: 'vpc-1', subnetIds: ['subnet-1'] };
  const pinned = { credentials: { kind: 'secret', secretArn: SECRET_ARN, versionId: 'v1' } } as const;
  const keys = JSON.stringify(someKeys());
  return [
    onServer(
      'secret unreachable',
      {},
      unread('network', /Secrets Manager/, 'ENOTFOUND'),
      {},
      withSecrets(failing(Object.assign(new Error(), { code: 'ENOTFOUND' }))),
    ),
    onServer(
      'secret unreachable from private subnets',
      {},
      unread('network', /interface endpoint \(com\.amazonaws\.eu-west-1\.secretsmanager\), or a NAT gateway/),
      { network },
      withSecrets(failing(Object.assign(new Error(), { name: 'TimeoutError' }))),
    ),
    onServer(
      'secret never answered',
      {},
      unread('network', /Secrets Manager/, 'OUT_OF_TIME'),
      {},
      withSecrets({ read: () => new Promise(() => undefined) }),
    ),
    onServer(
      'secret out of order',
      {},
      unread('network', /later/, 'InternalServiceError'),
      {},
      withSecrets(failing(secretsError('InternalServiceError', 500))),
    ),
    onServer(
      'secret may not be read',
      {},
      unread('permission', /secretsmanager:GetSecretValue/, 'AccessDeniedException'),
      {},
      withSecrets(failing(secretsError('AccessDeniedException', 400))),
    ),
    onServer(
      'secret may not be decrypted',
      {},
      unread('permission', /kms:Decrypt/, 'DecryptionFailure'),
      {},
      withSecrets(failing(secretsError('DecryptionFailure', 400))),
    ),
    onServer(
      'secret missing',
      {},
      unread('authentication', /Check the ARN/, 'ResourceNotFoundException'),
      {},
      withSecrets(failing(secretsError('ResourceNotFoundException', 400))),
    ),
    onServer(
      'AWS credentials wrong',
      {},
      unread('authentication', /not those of the storage/),
      {},
      withSecrets(failing(secretsError('UnrecognizedClientException', 400))),
    ),
    onServer(
      'secret is no JSON',
      {},
      unread('authentication', /no JSON object/),
      {},
      withSecrets(secretsHolding('s3cr3t-shown')),
    ),
    onServer(
      'secret is another JSON',
      {},
      unread('authentication', /no JSON object/),
      {},
      withSecrets(secretsHolding('["s3cr3t-shown"]')),
    ),
    onServer(
      'secret lacks a key',
      {},
      unread('authentication', /lacks secretAccessKey/),
      {},
      withSecrets(secretsHolding('{"accessKeyId":"s3cr3t-shown"}')),
    ),
    onServer(
      'white space in a key',
      {},
      unread('authentication', /white space.* in secretAccessKey/),
      {},
      withSecrets(secretsHolding('{"accessKeyId":"AK","secretAccessKey":"s3cr3t-shown\\n"}')),
    ),
    onServer(
      'pinned version gone',
      {},
      { verdict: 'Passed', says: [/Version v1 is gone/] },
      pinned,
      withSecrets(secretsHolding({ current: keys })),
    ),
    onServer(
      'pinned version refused',
      { on: { PUT: first(1, s3Error(403, 'InvalidAccessKeyId')) } },
      { verdict: 'Passed', says: [/Version v1 is refused/], requests: 4 },
      pinned,
      withSecrets(secretsHolding({ v1: JSON.stringify(someKeys()), current: keys })),
    ),
    onServer(
      'pinned version refused, and no other',
      everyOperation(s3Error(403, 'InvalidAccessKeyId')),
      { verdict: 'authentication', operations: ['PUT'], requests: 1 },
      pinned,
      withSecrets(secretsHolding({ v1: keys, current: keys })),
    ),
  ];
}

function settings(): ConformanceCase[] {
  const refused = (
    fault: string,
    verdict: Expectation['verdict'],
    says: RegExp,
    more: Partial<StorageSettings>,
  ): ConformanceCase => onServer(fault, {}, { verdict, says: [says], requests: 0, within: 2 }, more);
  return [
    refused('no TLS, and not allowed', 'network', /must begin with https/, { allowUnencrypted: false }),
    refused('a password in the URL', 'network', /no user, password/, {
      endpoint: 'https://me:s3cr3t-shown@storage.example',
    }),
    refused('no URL', 'network', /is a URL/, { endpoint: 'storage.example' }),
    refused('a certificate authority that is none', 'network', /PEM/, { caCertificate: 'none' }),
    refused('.. in the path', 'bucket-or-path', /as a segment/, { path: 'a/../b' }),
    refused('// in the path', 'bucket-or-path', /\/\//, { path: 'a//b' }),
    refused('a bucket name that cannot be', 'bucket-or-path', /3 to 63/, { bucket: 'ab' }),
    refused('white space in the region', 'bucket-or-path', /region/, { region: 'us east' }),
    refused('a role for a foreign storage', 'authentication', /Amazon S3 only/, { credentials: { kind: 'role' } }),
  ];
}

/** A certificate that has signed itself. */
function selfSigned(): IssuedCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  const name = [{ name: 'commonName', value: 'localhost' }];
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = '01';
  certificate.validity.notBefore = new Date(Date.now() - 86_400_000);
  certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }]);
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return { certificatePem: forge.pki.certificateToPem(certificate), keyPem: privateKey };
}
