import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Operation = 'PUT' | 'GET' | 'DELETE';

export interface StoreRequest {
  readonly operation: Operation;
  /** Without the bucket. */
  readonly key: string;
}

/** What becomes of a request, besides being obeyed. */
export type StoreFault = '500' | '503' | 'cut' | 'not-stored' | 'flipped' | 'late' | 'denied';

/** An S3 store in memory that fails as it is told, for one run at a time. */
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
  private readonly lanes = new Map<string, (request: StoreRequest) => StoreFault | undefined>();

  private constructor() {
    this.server = createServer((request, response) => void this.serve(request, response).catch(() => undefined));
    this.server.on('clientError', (_, socket) => socket.destroy());
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Asks this for every request below a prefix, before it is obeyed. */
  watch(prefix: string, watcher?: (request: StoreRequest) => StoreFault | undefined): void {
    if (watcher) this.lanes.set(prefix, watcher);
    else this.lanes.delete(prefix);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = request.method as Operation;
    const key = decodeURIComponent(request.url!.split('?')[0]).split('/').slice(2).join('/');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const watcher = [...this.lanes].find(([prefix]) => key.startsWith(prefix))?.[1];
    const fault = watcher?.({ operation, key });
    if (fault !== undefined) this.faults += 1;
    if (fault === '500' || fault === '503') return answer(response, Number(fault), 'InternalError');
    if (fault === 'denied') return answer(response, 403, 'AccessDenied');
    if (fault === 'late') await sleep(1_500);
    if (fault === 'cut') {
      // Done or not done: the caller cannot know.
      if (body.length % 2 === 0) this.obey(operation, key, body);
      request.socket.resetAndDestroy();
      return;
    }
    if (operation === 'PUT' && request.headers['content-md5'] !== createHash('md5').update(body).digest('base64')) {
      return answer(response, 400, 'BadDigest');
    }
    if (!(fault === 'not-stored' && operation === 'PUT')) this.obey(operation, key, body);
    const object = this.objects.get(key);
    if (operation === 'GET' && object === undefined) return answer(response, 403, 'AccessDenied');
    if (operation === 'GET') {
      const sent = fault === 'flipped' ? flipped(object!) : object!;
      response.writeHead(200, { 'content-length': sent.length }).end(sent);
      return;
    }
    response.writeHead(operation === 'DELETE' ? 204 : 200).end();
  }

  private obey(operation: Operation, key: string, body: Buffer): void {
    if (operation === 'PUT') this.objects.set(key, body);
    if (operation === 'DELETE') this.objects.delete(key);
  }
}

function answer(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>as told</Message></Error>`);
}

function flipped(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  const position = Math.floor(changed.length / 2);
  changed[position] = (changed[position] + 1) % 256;
  return changed;
}
