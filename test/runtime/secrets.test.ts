import { once } from 'node:events';
import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import { AddressInfo } from 'node:net';
import { SecretsManager } from '../../src/runtime/secrets';

const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:storage-AbCdEf';

describe('Secrets Manager', () => {
  const environment = { ...process.env };
  let server: Server;
  let asked: { readonly authorization: string; readonly body: unknown }[];

  const serve = async (answer: (response: ServerResponse, count: number) => void): Promise<void> => {
    asked = [];
    server = createServer((request: IncomingMessage, response: ServerResponse) => {
      let text = '';
      request
        .on('data', (chunk: Buffer) => (text += chunk.toString()))
        .on('end', () => {
          asked.push({ authorization: request.headers.authorization!, body: JSON.parse(text) as unknown });
          answer(response, asked.length);
        });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env.AWS_ACCESS_KEY_ID = 'AK';
    process.env.AWS_SECRET_ACCESS_KEY = 'SK';
    process.env.AWS_REGION = 'eu-west-1';
  };
  const json = (response: ServerResponse, status: number, body: object) =>
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    process.env = { ...environment };
  });

  test("reads the named version, in the region of the secret's own", async () => {
    await serve((response) => json(response, 200, { SecretString: 'text' }));
    expect(await new SecretsManager().read(ARN, 'v1')).toBe('text');
    expect(asked[0].body).toEqual({ SecretId: ARN, VersionId: 'v1' });
    expect(asked[0].authorization).toContain('/eu-central-1/secretsmanager/');
  });

  test('reads the current version where none is named, also of a binary secret', async () => {
    await serve((response) => json(response, 200, { SecretBinary: Buffer.from('text').toString('base64') }));
    expect(await new SecretsManager().read(ARN)).toBe('text');
    expect(asked[0].body).toEqual({ SecretId: ARN });
  });

  test('gets over one passing fault', async () => {
    await serve((response, count) => json(response, count === 1 ? 500 : 200, { SecretString: 'text' }));
    expect(await new SecretsManager().read(ARN)).toBe('text');
  });

  test('fails with the name and status of a refusal, at once', async () => {
    await serve((response) => json(response, 400, { __type: 'AccessDeniedException' }));
    await expect(new SecretsManager().read(ARN)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 400 },
    });
    expect(asked).toHaveLength(1);
  });

  test('fails within its bounds where nobody answers', async () => {
    await serve(() => undefined);
    const start = performance.now();
    await expect(new SecretsManager().read(ARN)).rejects.toThrow();
    expect(performance.now() - start).toBeLessThan(60_000);
  });
});
