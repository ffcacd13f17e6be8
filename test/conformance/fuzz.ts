import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { AddressInfo, Socket } from 'node:net';
import { ask, HANG_SECONDS, SECRET_ARN, secretsHolding } from './conformance';
import { FaultClass } from '../../src/contract/diagnosis/fault';

/** What so many connection tests against random answers came to. */
export interface FuzzResult {
  /** Connection tests. */
  readonly fuzzed: number;
  /** Random answers that they were given. */
  readonly answers: number;
  readonly passed: number;
  readonly classes: Readonly<Record<FaultClass, number>>;
  /** No verdict, a hang, an exception, Passed without the bytes, or a text that the other side chose. */
  readonly wrong: readonly string[];
  readonly slowestSeconds: number;
}

const CLASSES: readonly FaultClass[] = ['authentication', 'permission', 'network', 'bucket-or-path'];
/** Stands in whatever a random answer says, and may stand in no text of ours. */
const MARKER = 'a text of the other side';
const SECRET = 'fuzzed-secret-access-key';

/** Runs connection tests against random answers; the same seed gives the same answers. None begins when time is over. */
export async function fuzz(
  count: number,
  seed: number,
  { atOnce = 48, isOver = () => false }: { readonly atOnce?: number; readonly isOver?: () => boolean } = {},
): Promise<FuzzResult> {
  const server = await FuzzServer.start();
  const wrong: string[] = [];
  const classes: Record<FaultClass, number> = { authentication: 0, permission: 0, network: 0, 'bucket-or-path': 0 };
  let next = 0;
  let passed = 0;
  let slowestSeconds = 0;
  const worker = async (): Promise<void> => {
    while (next < count && !isOver()) {
      const id = next++;
      const database = `fuzz-${id}`;
      const session = server.open(database, randomOf(seed * 1_000_000 + id));
      const lines: string[] = [];
      const start = performance.now();
      const { verdict, error } = await ask(
        {
          storage: {
            kind: 's3-compatible',
            endpoint: server.url,
            region: 'us-east-1',
            bucket: 'backups',
            path: 'fuzz',
            pathStyle: true,
            allowUnencrypted: true,
            credentials: { kind: 'secret', secretArn: SECRET_ARN },
          },
          database,
          secrets: secretsHolding(`{"accessKeyId":"AKIAFUZZ","secretAccessKey":"${SECRET}"}`),
        },
        lines,
      );
      const seconds = (performance.now() - start) / 1000;
      slowestSeconds = Math.max(slowestSeconds, seconds);
      const texts = [String(error), JSON.stringify(verdict), ...lines].join('\n');
      const flaws = [
        ...(verdict === undefined ? [`no verdict but ${String(error)}`] : []),
        ...(seconds > HANG_SECONDS ? [`hung for ${seconds.toFixed(1)} s`] : []),
        ...(verdict?.state === 'Passed' && !session.gaveTheBytes ? ['passed without the bytes'] : []),
        ...(verdict?.state === 'Failed' && !CLASSES.includes(verdict.faultClass) ? ['no class'] : []),
        ...(texts.includes(MARKER) ? ['says what the other side chose'] : []),
        ...(texts.includes(SECRET) ? ['shows the secret'] : []),
      ];
      wrong.push(...flaws.map((flaw) => `seed ${seed}, test ${id}: ${flaw} after ${session.trace.join(' ')}`));
      if (verdict?.state === 'Failed') {
        classes[verdict.faultClass] += 1;
      }
      passed += verdict?.state === 'Passed' ? 1 : 0;
      server.close(database);
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, worker));
  } finally {
    await server.stop();
  }
  return { fuzzed: next, answers: server.answers, passed, classes, wrong, slowestSeconds };
}

type Random = () => number;

/** Numbers from 0 to 1 that follow from the seed alone. */
function randomOf(seed: number): Random {
  let numbers: Buffer = Buffer.alloc(0);
  let block = 0;
  return () => {
    if (numbers.length === 0) {
      numbers = createHash('sha512').update(`${seed}/${block++}`).digest();
    }
    const number = numbers.readUInt32BE();
    numbers = numbers.subarray(4);
    return number / 2 ** 32;
  };
}

class Session {
  readonly trace: string[] = [];
  /** Whether the last GET of the temporary object gave the very bytes of the last PUT. */
  gaveTheBytes = false;
  private sent: Buffer | undefined;
  private stored: Buffer | undefined;

  constructor(private readonly random: Random) {}

  serve(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const method = request.method!;
    const isProbe = request.url!.includes('.connection-test');
    if (isProbe && method === 'PUT') {
      this.sent = body;
      this.gaveTheBytes = false;
    }
    const obeys = this.chance(0.8);
    if (isProbe && obeys && method === 'PUT') {
      this.stored = body;
    }
    // Half of the answers are right, or no test would ever get as far as DELETE.
    const manner = this.chance(0.55) ? 'store' : this.pick(MANNERS);
    this.trace.push(`${method}:${manner}`);
    if (isProbe && method === 'GET') {
      this.gaveTheBytes = false;
    }
    switch (manner) {
      case 'store':
        return this.asStore(method, isProbe, response);
      case 'reset':
        return void request.socket.resetAndDestroy();
      case 'close':
        return void request.socket.end();
      case 'silence':
        return undefined;
      case 'bytes':
        return void request.socket.end(this.bytes(200));
      case 'half':
        response.writeHead(this.status(), { 'content-length': 5000 });
        return void response.write(this.bytes(100), () => request.socket.destroy());
      case 'answer':
        return void response.writeHead(this.status(), this.headers()).end(method === 'HEAD' ? undefined : this.body());
      case 'altered':
        return void response.writeHead(200, this.headers()).end(this.alter(this.stored ?? this.bytes(1024)));
      case 'large':
        return void response.writeHead(this.status(), this.headers()).end(Buffer.alloc(10_000_000, MARKER));
    }
  }

  private asStore(method: string, isProbe: boolean, response: ServerResponse): void {
    const object = isProbe ? this.stored : undefined;
    if (method !== 'GET') {
      return void response.writeHead(method === 'PUT' ? 200 : 204).end();
    }
    if (object === undefined) {
      return void response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
    }
    this.gaveTheBytes = this.sent !== undefined && object.equals(this.sent);
    response.writeHead(this.pick([200, 200, 200, 206, 203]), this.chance(0.2) ? this.headers() : {}).end(object);
  }

  private alter(object: Buffer): Buffer {
    const at = Math.floor(this.random() * object.length);
    return this.pick([
      () => Buffer.concat([object.subarray(0, at), Buffer.from([object[at] + 1]), object.subarray(at + 1)]),
      () => object.subarray(0, at),
      () => Buffer.concat([object, this.bytes(1)]),
      () => Buffer.from(object.toString('utf8')),
    ])();
  }

  private status(): number {
    return this.chance(0.85) ? this.pick(STATUSES) : 200 + Math.floor(this.random() * 800);
  }

  private headers(): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const [name, values] of Object.entries(HEADERS)) {
      if (this.chance(0.2)) {
        headers[name] = this.pick(values);
      }
    }
    return headers;
  }

  private body(): Buffer | string {
    const code = this.chance(0.8) ? this.pick(CODES) : this.bytes(12).toString('base64');
    const error = `<Error><Code>${code}</Code><Message>${MARKER}</Message><Region>${MARKER}</Region></Error>`;
    return this.pick<() => Buffer | string>([
      () => `<?xml version="1.0"?>${error}`,
      () => error,
      () => error.slice(0, Math.floor(this.random() * error.length)),
      () => `<Error><Code>${MARKER}</Code></Error>`,
      () => `<Error><Code></Code><Code>${code}</Code></Error>`,
      () => '<Error>'.repeat(2000),
      () => '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;&b;&b;&b;&b;">]><Error><Code>&d;</Code></Error>',
      () => `<html><body>${MARKER}</body></html>`,
      () => JSON.stringify({ message: MARKER, code }),
      () => this.bytes(2000),
      () => '',
      () => '\u0000'.repeat(100),
    ])();
  }

  private bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => Math.floor(this.random() * 256)));
  }

  private chance(share: number): boolean {
    return this.random() < share;
  }

  private pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random() * choices.length)];
  }
}

// The rare ones once in so many: a silence costs three seconds, a large answer ten megabytes.
const MANNERS = [
  ...Array<'answer'>(40).fill('answer'),
  ...Array<'altered'>(8).fill('altered'),
  ...(['reset', 'reset', 'close', 'bytes', 'half', 'half', 'silence', 'large'] as const),
];
const STATUSES = [
  200, 200, 204, 206, 301, 302, 304, 307, 400, 401, 403, 403, 404, 404, 405, 409, 411, 412, 416, 429, 500, 501, 503,
  507, 599,
];
const CODES = [
  'AccessDenied',
  'ExpiredToken',
  'InternalError',
  'InvalidAccessKeyId',
  'InvalidRequest',
  'MethodNotAllowed',
  'NoSuchBucket',
  'NoSuchKey',
  'PermanentRedirect',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'SlowDown',
  'constructor',
  '__proto__',
];
const HEADERS: Record<string, readonly string[]> = {
  'content-type': ['application/xml', 'text/html', 'application/json', MARKER],
  'content-encoding': ['gzip', 'aws-chunked', 'br'],
  date: ['Thu, 01 Jan 1970 00:00:00 GMT', 'yesterday', '', 'Fri, 31 Dec 9999 23:59:59 GMT'],
  etag: ['""', MARKER],
  location: ['http://127.0.0.1:1/', MARKER],
  'retry-after': ['3600', '-1'],
  'x-amz-bucket-region': ['eu-central-1', MARKER],
  'x-amz-checksum-crc32': ['AAAAAA=='],
  'x-amz-delete-marker': ['true', 'perhaps'],
  'x-amz-error-code': ['NoSuchBucket'],
  'x-amz-version-id': ['null', MARKER],
  expires: ['never'],
  'last-modified': ['tomorrow'],
};

class FuzzServer {
  static async start(): Promise<FuzzServer> {
    const fuzzServer = new FuzzServer();
    fuzzServer.server.listen(0, '127.0.0.1');
    await once(fuzzServer.server, 'listening');
    return fuzzServer;
  }

  answers = 0;
  private readonly sessions = new Map<string, Session>();
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((request, response) => {
    const session = this.sessions.get(/\/(fuzz-\d+)\//.exec(request.url!)?.[1] ?? '');
    const chunks: Buffer[] = [];
    response.on('error', () => undefined);
    request
      .on('error', () => undefined)
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        this.answers += 1;
        session?.serve(request, Buffer.concat(chunks), response);
      });
  }).on('connection', (socket: Socket) => {
    this.sockets.add(socket.on('error', () => undefined));
    socket.on('close', () => this.sockets.delete(socket));
  });

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  open(database: string, random: Random): Session {
    const session = new Session(random);
    this.sessions.set(database, session);
    return session;
  }

  close(database: string): void {
    this.sessions.delete(database);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) {
      socket.destroy();
    }
    this.server.close();
    await once(this.server, 'close');
  }
}
