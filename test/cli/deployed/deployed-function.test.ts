import { once } from 'node:events';
import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import { AddressInfo } from 'node:net';
import { DeployedFunction } from '../../../src/cli/deployed/deployed-function';
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
        body: JSON.stringify({ ...REQUEST, failureAsAnswer: true }),
      },
    ]);
  });

  test('fails with the kind, the message and the details that the function answers', async () => {
    answer = (response) =>
      response.end(JSON.stringify({ failure: { kind: 'ConnectionTestFailed', message: MESSAGE, details: VERDICT } }));
    await expect(run()).rejects.toMatchObject({ kind: 'ConnectionTestFailed', message: MESSAGE, details: VERDICT });
  });

  test('fails with the message of an error that no action throws on purpose', async () => {
    answer = (response) => response.end(JSON.stringify({ failure: { message: 'The disk is full.' } }));
    const error = await run().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: 'The disk is full.' });
    expect(error).not.toHaveProperty('kind');
  });

  test.each([
    [{ errorType: 'NotFound', errorMessage: 'There is no such backup.' }, 'NotFound'],
    [{ errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 900.00 seconds' }, undefined],
    [{ errorMessage: 'Task timed out after 900.00 seconds' }, undefined],
  ])('fails with the message of a thrown error: %j', async (thrown, kind) => {
    answer = (response) => {
      response.setHeader('x-amz-function-error', 'Unhandled');
      response.end(JSON.stringify(thrown));
    };
    const error = (await run().catch((reason: unknown) => reason)) as Error & { kind?: string };
    expect([error.message, error.kind]).toEqual([thrown.errorMessage, kind]);
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
