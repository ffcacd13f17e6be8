import { ask, SECRET_ARN, secretsHolding } from './conformance';
import { Fault, FaultServer, s3Error } from '../support/fault-server';

/** A store that takes some milliseconds for each request and hides missing objects, as Amazon S3 does. */
const slowStore: Fault = (exchange) => {
  const missing = exchange.operation === 'GET' && !exchange.objects.has(exchange.path);
  const serve = missing ? s3Error(403, 'AccessDenied') : ({ asStore }: typeof exchange) => asStore();
  setTimeout(() => serve(exchange), 5 + 25 * Math.random());
};

test('8 connection tests of one folder at the same time all pass, and leave nothing', async () => {
  // GIVEN
  const server = await FaultServer.start({ on: { PUT: slowStore, GET: slowStore, DELETE: slowStore } });
  const keys = secretsHolding('{"accessKeyId":"AK","secretAccessKey":"SK"}');
  try {
    // WHEN
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () =>
        ask({
          storage: {
            kind: 's3-compatible',
            endpoint: server.url,
            region: 'us-east-1',
            bucket: 'backups',
            path: 'nightly',
            pathStyle: true,
            allowUnencrypted: true,
            credentials: { kind: 'secret', secretArn: SECRET_ARN },
          },
          database: 'orders',
          secrets: keys,
        }),
      ),
    );

    // THEN
    expect(answers.map(({ verdict, error }) => verdict?.state ?? error)).toEqual(Array(8).fill('Passed'));
    expect([...server.objects.keys()]).toEqual([]);
    const written = new Set(server.requests.filter(({ operation }) => operation === 'PUT').map(({ path }) => path));
    expect(written.size).toBeLessThanOrEqual(16);
  } finally {
    await server.stop();
  }
});
