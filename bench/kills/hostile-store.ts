import { once } from 'node:events';
import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answeredDigests, refusalOfDigests } from '../../test/support/put-digests';

export type Operation = 'PUT' | 'GET' | 'DELETE';

export interface StoreRequest {
  readonly operation: Operation;
  /** Without the bucket. */
  readonly key: string;
}

/** What becomes of a request. */
export type StoreFault =
  | '500'
  | '503'
  | 'denied'
  /** The connection ends at a random byte of the request: not done. */
  | 'request cut'
  /** Done; the connection ends at a random byte of the answer. */
  | 'answer cut'
  /** PUT and DELETE: answered as if done, and not done. */
  | 'not done'
  /** PUT: other bytes of the same size are kept, and the answer has their digest. */
  | 'kept altered'
  /** GET: one byte is changed. */
  | 'flipped'
  /** Done and answered seconds later. */
  | 'late'
  /** Done or not, and never answered. */
  | 'silent';

/** Longer than the caller waits on a connection on which nothing moves. */
const SILENCE_MS = 60_000;

const LATE_MS = 1_500;

/** An S3 store in memory that fails as it is told, for one folder at a time. */
export class HostileStore {
  static async start(): Promise<HostileStore> {
    const store = new HostileStore();
    store.server.listen(0, '127.0.0.1');
    await once(store.server, 'listening');
    return store;
  }

  readonly objects = new Map<string, Buffer>();
  /** Requests that met a fault. */
  faults = 0;
  private readonly server: Server;
  private readonly watchers = new Map<string, (request: StoreRequest) => StoreFault | undefined>();

  private constructor() {
    this.server = createServer((request, response) => void this.serve(request, response).catch(() => undefined));
    this.server.on('clientError', (_, socket) => socket.destroy());
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Asks this for every request below a prefix, before it is obeyed. */
  watch(prefix: string, watcher?: (request: StoreRequest) => StoreFault | undefined): void {
    if (watcher) this.watchers.set(prefix, watcher);
    else this.watchers.delete(prefix);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = request.method as Operation;
    const key = decodeURIComponent(request.url!.split('?')[0]).split('/').slice(2).join('/');
    const watcher = [...this.watchers].find(([prefix]) => key.startsWith(prefix))?.[1];
    const fault = watcher?.({ operation, key });
    if (fault !== undefined) this.faults += 1;
    const cutAt =
      fault === 'request cut' ? Math.floor(Math.random() * Number(request.headers['content-length'] ?? 0)) : -1;
    const chunks: Buffer[] = [];
    let received = 0;
    for await (const chunk of request) {
      received += (chunk as Buffer).length;
      if (cutAt >= 0 && received > cutAt) break;
      chunks.push(chunk as Buffer);
    }
    if (cutAt >= 0) return void request.socket.resetAndDestroy();
    const body = Buffer.concat(chunks);
    const kept = fault === 'kept altered' && body.length > 0 ? flipped(body) : body;
    if (fault === '500' || fault === '503') return answer(response, Number(fault), 'InternalError');
    if (fault === 'denied') return answer(response, 403, 'AccessDenied');
    if (fault === 'late') await sleep(LATE_MS);
    const sent = { headers: request.headers, checksums: answersChecksums(key) };
    const refusal = operation === 'PUT' ? refusalOfDigests(sent, body) : undefined;
    if (refusal !== undefined) return answer(response, 400, refusal);
    if (fault !== 'not done' && !(fault === 'silent' && body.length % 2 === 1)) this.obey(operation, key, kept);
    if (fault === 'silent') return void setTimeout(() => request.socket.destroy(), SILENCE_MS).unref();
    const object = this.objects.get(key);
    if (operation === 'GET' && object === undefined) return answer(response, 403, 'AccessDenied');
    if (operation !== 'GET') {
      if (fault === 'answer cut') return void request.socket.resetAndDestroy();
      if (operation === 'DELETE') return void response.writeHead(204).end();
      return void response.writeHead(200, answeredDigests(sent, kept)).end();
    }
    if (request.headers.range === 'bytes=0-0' && object!.length > 0) {
      const range = { 'content-length': 1, 'content-range': `bytes 0-0/${object!.length}` };
      return void response.writeHead(206, range).end(object!.subarray(0, 1));
    }
    response.writeHead(200, { 'content-length': object!.length });
    if (fault === 'answer cut') {
      response.write(object!.subarray(0, Math.floor(Math.random() * object!.length)), () =>
        request.socket.resetAndDestroy(),
      );
    } else {
      response.end(fault === 'flipped' ? flipped(object!) : object!);
    }
  }

  private obey(operation: Operation, key: string, body: Buffer): void {
    if (operation === 'PUT') this.objects.set(key, body);
    if (operation === 'DELETE') this.objects.delete(key);
  }
}

/** As Amazon S3 does; for the folders of an even number, so that both ways to send a digest meet the faults. */
function answersChecksums(key: string): boolean {
  return /^[^/]*[02468]\//.test(key);
}

function answer(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>as told</Message></Error>`);
}

function flipped(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  const position = Math.floor(Math.random() * changed.length);
  changed[position] = (changed[position] + 1) % 256;
  return changed;
}
