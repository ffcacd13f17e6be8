import { once } from 'node:events';
import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import { AddressInfo } from 'node:net';
import { DeployedFunction, failureOf } from '../../../src/cli/deployed/deployed-function';
import { ListRequest } from '../../../src/contract/requests';
import { JsonLog } from '../../../src/runtime/log';

const ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:orders-backup:3';
const REQUEST: ListRequest = {
  action: 'list',
  database: 'orders',
  storage: {
    kind: 'amazon-s3',
    region: 'eu-central-1',
    bucket: 'backups',
    path: 'nightly',
    pathStyle: false,
    allowUnencrypted: false,
    credentials: { kind: 'role' },
  },
};

const VERDICT = { state: 'Failed', faultClass: 'permission', operations: ['PUT'], summary: 'a', remedy: 'b' };
const MESSAGE = 'Connection test failed: permission.';

/** The end of a log whose first line was cut, as Lambda returns it. */
const LOG_TAIL = [
  'e":"cut off"}',
  JSON.stringify({ level: 'info', event: 'connection-test', state: 'Testing' }),
  JSON.stringify({ level: 'warn', event: 'connection-test', ...VERDICT }),
  JSON.stringify({ level: 'warn', event: 'failed', message: MESSAGE }),
  'END RequestId: 1',
].join('\n');

describe('the deployed function', () => {
  let server: Server;
  let answer: (response: ServerResponse) => void;
  const seen: { readonly url?: string; readonly type: unknown; readonly body: string }[] = [];
  const variables = ['AWS_ENDPOINT_URL', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
  const before = variables.map((name) => [name, process.env[name]] as const);

  beforeAll(async () => {
    server = createServer((request: IncomingMessage, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        seen.push({
          url: request.url,
          type: request.headers['x-amz-invocation-type'],
          body: Buffer.concat(chunks).toString(),
        });
        answer(response);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env.AWS_ACCESS_KEY_ID = process.env.AWS_SECRET_ACCESS_KEY = 'test';
  });

  beforeEach(() => {
    seen.length = 0;
  });

  afterAll(async () => {
    before.forEach(([name, value]) => {
      delete process.env[name];
      if (value !== undefined) process.env[name] = value;
    });
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const run = async () => new DeployedFunction(ARN, new JsonLog(() => undefined)).run(REQUEST);

  test('is invoked in the version that the schedule names, and its answer is returned', async () => {
    answer = (response) => response.end(JSON.stringify({ backups: [] }));
    expect(await run()).toEqual({ backups: [] });
    expect(seen).toEqual([
      {
        url: `/2015-03-31/functions/${encodeURIComponent(ARN)}/invocations`,
        type: 'RequestResponse',
        body: JSON.stringify(REQUEST),
      },
    ]);
  });

  test('fails with the kind and the message of its error', async () => {
    answer = (response) => {
      response.setHeader('x-amz-function-error', 'Unhandled');
      response.end(JSON.stringify({ errorType: 'NotFound', errorMessage: 'There is no such backup.', trace: [] }));
    };
    await expect(run()).rejects.toMatchObject({ kind: 'NotFound', message: 'There is no such backup.' });
  });

  test('fails without a second attempt if AWS fails', async () => {
    answer = (response) => {
      response.statusCode = 503;
      response.end('{}');
    };
    await expect(run()).rejects.toThrow(ARN);
    expect(seen).toHaveLength(1);
  });
});

describe('a failure of the function', () => {
  test('of a connection test brings the verdict along, from the log', () => {
    expect(failureOf({ errorType: 'ConnectionTestFailed', errorMessage: MESSAGE }, LOG_TAIL)).toMatchObject({
      kind: 'ConnectionTestFailed',
      message: MESSAGE,
      details: VERDICT,
    });
  });

  test.each(['', LOG_TAIL.slice(-120), '{"level":"warn","event":"connection-test","state":"Fai'])(
    'is the text alone where the log does not hold it: %s',
    (tail) => {
      const failure = failureOf({ errorType: 'ConnectionTestFailed', errorMessage: MESSAGE }, tail);
      expect(failure).toMatchObject({ kind: 'ConnectionTestFailed', message: MESSAGE, details: undefined });
    },
  );

  test.each([
    { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 900.00 seconds' },
    { errorMessage: 'Task timed out after 900.00 seconds' },
  ])('that no action throws is unexpected', (payload) => {
    const failure = failureOf(payload, '');
    expect(failure.message).toBe('Task timed out after 900.00 seconds');
    expect(failure).not.toHaveProperty('kind');
  });
});
