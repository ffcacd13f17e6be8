import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createServer as createHttpServer,
  IncomingHttpHeaders,
  IncomingMessage,
  Server,
  ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { AddressInfo, connect, createServer as createTcpServer, Server as TcpServer, Socket } from 'node:net';
import { answeredDigests, refusalOfDigests } from './put-digests';
import { StorageOperation } from '../../src/contract/diagnosis/fault';

/** One request to the server, and what can be done with it. */
export interface Exchange {
  readonly operation: StorageOperation;
  /** The path of the URL, decoded: `/bucket/key`. */
  readonly path: string;
  readonly body: Buffer;
  readonly headers: IncomingHttpHeaders;
  /** Which request of this operation it is, from 1. */
  readonly count: number;
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** What is stored, by path. */
  readonly objects: Map<string, Buffer>;
  /** Does what a good store does, without answering. */
  readonly obey: () => void;
  /** Answers as a good store does. */
  readonly asStore: () => void;
}

/** A way to misbehave. */
export type Fault = (exchange: Exchange) => void;

export interface FaultServerProps {
  /** Misbehaviour by operation; a good store where none is given. */
  readonly on?: { readonly [operation in StorageOperation]?: Fault };
  /** Misbehaves before the body of the request is read. */
  readonly early?: Fault;
  /** Serves HTTPS with this certificate. */
  readonly tls?: { readonly certificatePem: string; readonly keyPem: string };
  /** How far its clock is ahead of this machine's. @default 0 */
  readonly clockOffsetMs?: number;
  /** Answers a checksum to every PUT, as Amazon S3 does. @default - none, as older stores do */
  readonly checksums?: boolean;
  /** A folder of keys whose objects the faults leave alone, such as the catalogs. */
  readonly sparing?: RegExp;
}

/** A server that speaks S3 as well as its faults let it, for what no store does on request. */
export class FaultServer {
  static async start(props: FaultServerProps = {}): Promise<FaultServer> {
    const server = new FaultServer(props);
    server.server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    return server;
  }

  readonly objects = new Map<string, Buffer>();
  /** What was asked, in order. */
  readonly requests: {
    readonly operation: StorageOperation;
    readonly path: string;
    readonly headers: IncomingHttpHeaders;
  }[] = [];
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly props: FaultServerProps) {
    const listener = (request: IncomingMessage, response: ServerResponse) => void this.serve(request, response);
    this.server = props.tls
      ? createHttpsServer({ cert: props.tls.certificatePem, key: props.tls.keyPem }, listener)
      : createHttpServer(listener);
    this.server.on(props.tls ? 'secureConnection' : 'connection', (socket: Socket) => this.sockets.add(socket));
    this.server.on('connection', (socket: Socket) => this.sockets.add(socket.on('error', () => undefined)));
    this.server.on('tlsClientError', () => undefined);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return this.props.tls ? `https://localhost:${this.port}` : `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) {
      socket.destroy();
    }
    this.server.close();
    await once(this.server, 'close');
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = request.method as StorageOperation;
    const path = decodeURIComponent(request.url!.split('?')[0]);
    this.requests.push({ operation, path, headers: request.headers });
    const count = this.requests.filter((each) => each.operation === operation).length;
    response.on('error', () => undefined);
    response.setHeader('date', new Date(Date.now() + (this.props.clockOffsetMs ?? 0)).toUTCString());
    const exchange = (body: Buffer): Exchange => {
      const { objects } = this;
      const { headers } = request;
      const { checksums } = this.props;
      const obey = () => obeyStore(operation, path, body, objects);
      const asStore = () => answerAsStore({ operation, path, body, headers, response, objects }, checksums);
      return { operation, path, body, headers, count, response, socket: request.socket, objects, obey, asStore };
    };
    if (this.props.early) {
      this.props.early(exchange(Buffer.alloc(0)));
      return;
    }
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) {
        chunks.push(chunk as Buffer);
      }
    } catch {
      return;
    }
    const whole = exchange(Buffer.concat(chunks));
    const fault = this.props.sparing?.test(path) ? undefined : this.props.on?.[operation];
    (fault ?? (({ asStore }) => asStore()))(whole);
  }
}

function obeyStore(operation: StorageOperation, path: string, body: Buffer, objects: Map<string, Buffer>): void {
  if (operation === 'PUT') {
    objects.set(path, body);
  }
  if (operation === 'DELETE') {
    objects.delete(path);
  }
}

function answerAsStore(
  exchange: Pick<Exchange, 'operation' | 'path' | 'body' | 'headers' | 'response' | 'objects'>,
  checksums = false,
): void {
  const { operation, path, body, headers, response, objects } = exchange;
  const refusal = operation === 'PUT' ? refusalOfDigests({ headers, checksums }, body) : undefined;
  if (refusal !== undefined) {
    response.writeHead(400, XML).end(s3Document(refusal));
    return;
  }
  obeyStore(operation, path, body, objects);
  const object = objects.get(path);
  if (operation === 'GET' && object === undefined) {
    response.writeHead(404, XML).end(s3Document('NoSuchKey'));
  } else if (operation === 'GET') {
    response.writeHead(200, { 'content-length': object!.length }).end(object);
  } else if (operation === 'PUT') {
    response.writeHead(200, answeredDigests({ headers, checksums }, body)).end();
  } else {
    response.writeHead(204).end();
  }
}

const XML = { 'content-type': 'application/xml' };

/** An S3 error document. */
export function s3Document(code: string, more = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code>${more}<RequestId>1</RequestId></Error>`;
}

/** Answers an S3 error and does nothing. */
export function s3Error(status: number, code: string, more = ''): Fault {
  return ({ response }) => response.writeHead(status, XML).end(s3Document(code, more));
}

/** Answers this and does nothing. */
export function answer(status: number, body = '', headers: Record<string, string> = {}): Fault {
  return ({ response }) => response.writeHead(status, headers).end(body);
}

export const html = (status: number): Fault =>
  answer(status, '<!doctype html><html><body>Welcome</body></html>', { 'content-type': 'text/html' });

export const json = (status: number): Fault =>
  answer(status, JSON.stringify({ message: 'no' }), { 'content-type': 'application/json' });

/** The first so many times one fault, then a good store (or another fault). */
export function first(times: number, fault: Fault, then: Fault = ({ asStore }) => asStore()): Fault {
  return (exchange) => (exchange.count <= times ? fault : then)(exchange);
}

/** Takes the request and says nothing; what was to be done is done. */
export const silence: Fault = ({ obey }) => obey();

/** Takes the request and neither does nor says anything. */
export const indifference: Fault = () => undefined;

/** Does what was asked, then misbehaves. */
export function obeying(fault: Fault): Fault {
  return (exchange) => {
    exchange.obey();
    fault(exchange);
  };
}

/** Breaks the connection off with a reset, before anything is done. */
export const reset: Fault = ({ socket }) => void socket.resetAndDestroy();

/** Does what was asked, then breaks the connection off. */
export const resetAfterwards: Fault = obeying(reset);

/** Begins an answer, then breaks the connection off. */
export const resetWithinAnswer: Fault = ({ obey, response, socket }) => {
  obey();
  response.writeHead(200, { 'content-length': 1024 });
  response.write('x'.repeat(100), () => socket.resetAndDestroy());
};

/** Does what was asked, and answers one byte of a header every half second. */
export const drip: Fault = ({ obey, socket }) => {
  obey();
  socket.write('HTTP/1.1 200 OK\r\nx-drip: ');
  const timer = setInterval(() => socket.write('x'), 500);
  socket.on('close', () => clearInterval(timer));
};

/** A good store, so many milliseconds late, with a sign of life in between. */
export function late(milliseconds: number): Fault {
  return ({ obey, operation, path, objects, socket }) => {
    obey();
    const body = operation === 'GET' ? (objects.get(path) ?? Buffer.alloc(0)) : Buffer.alloc(0);
    socket.write('HTTP/1.1 200 OK\r\nx-life: ');
    const life = setInterval(() => socket.write('x'), 500);
    const end = setTimeout(() => {
      clearInterval(life);
      socket.write(`\r\ncontent-length: ${body.length}\r\n\r\n`);
      socket.write(body);
    }, milliseconds);
    socket.on('close', () => (clearInterval(life), clearTimeout(end)));
  };
}

/** An answer without end. */
export function endless(status: number): Fault {
  return ({ obey, response }) => {
    if (status < 300) {
      obey();
    }
    response.writeHead(status);
    const chunk = Buffer.alloc(64 * 1024, '<endless>');
    const more = () => response.destroyed || (response.write(chunk) && setImmediate(more));
    response.on('drain', more);
    more();
  };
}

/** The stored object, changed on the way back. */
export function altered(change: (object: Buffer) => Buffer): Fault {
  return ({ path, objects, response }) => {
    const body = change(objects.get(path) ?? Buffer.alloc(0));
    response.writeHead(200, { 'content-length': body.length }).end(body);
  };
}

/** The stored object under a Content-Length that is not its own; the connection is closed behind it. */
export function wrongLength(difference: number): Fault {
  return ({ path, objects, socket }) => {
    const body = objects.get(path) ?? Buffer.alloc(0);
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length + difference}\r\n\r\n`);
    socket.end(body);
  };
}

/** Bytes that are no HTTP. */
export const garbage: Fault = ({ socket }) => void socket.end('\u0000\u0001 nothing that anybody understands \r\n\r\n');

/** A TCP server that is no HTTP server. */
export class RawServer {
  static async start(onConnection: (socket: Socket) => void): Promise<RawServer> {
    const sockets = new Set<Socket>();
    const server = createTcpServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      onConnection(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RawServer(server, sockets);
  }

  private constructor(
    private readonly server: TcpServer,
    private readonly sockets: Set<Socket>,
  ) {}

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) {
      socket.destroy();
    }
    this.server.close();
    await once(this.server, 'close');
  }
}

/** A port on which connections never come about: a listener that is held still, its queue full. */
export class DeafPort {
  static async start(): Promise<DeafPort> {
    const program = `
      const server = require('net').createServer();
      server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => process.stdout.write(server.address().port + '\\n'));`;
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    child.kill('SIGSTOP');
    const port = Number(line.toString());
    const fillers: Socket[] = [];
    for (;;) {
      const filler = connect(port, '127.0.0.1').on('error', () => undefined);
      fillers.push(filler);
      const queued = await Promise.race([
        once(filler, 'connect').then(() => true),
        new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 500)),
      ]);
      if (!queued) {
        return new DeafPort(port, child, fillers);
      }
    }
  }

  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly fillers: readonly Socket[],
  ) {}

  async stop(): Promise<void> {
    for (const filler of this.fillers) {
      filler.destroy();
    }
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}
