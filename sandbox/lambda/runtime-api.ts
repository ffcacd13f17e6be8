import { once } from 'node:events';
import * as http from 'node:http';
import { AddressInfo } from 'node:net';
import { MAX_RESPONSE_BYTES } from './limits';

/** One event for the program. */
export interface Task {
  readonly requestId: string;
  /** milliseconds since 1970, by the program's clock */
  readonly deadlineMs: number;
  readonly functionArn: string;
  readonly payload: string;
}

/** The program's answer. */
export type Answer =
  | { readonly kind: 'response'; readonly body: string }
  | { readonly kind: 'error'; readonly body: string }
  | { readonly kind: 'too-large' };

/** Is called when the program does something. */
export interface RuntimeApiListener {
  /** it requests the next task: it has been loaded, or has finished the previous task */
  ready(): void;
  answered(answer: Answer): void;
}

/**
 * The Lambda Runtime API, for one program.
 */
export class RuntimeApi {
  private readonly server = http.createServer((request, response) => {
    this.serve(request, response).catch(() => response.destroy());
  });
  private waiting?: http.ServerResponse;
  private current?: string;

  constructor(private readonly listener: RuntimeApiListener) {
    // A frozen program's connections stay.
    this.server.keepAliveTimeout = 0;
  }

  /** @returns host and port */
  public async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Hands over a task. The program must have asked for one. */
  public give(task: Task): void {
    if (!this.waiting) throw new Error('The program has not asked for a task: wait until it is ready.');
    this.current = task.requestId;
    this.waiting.writeHead(200, {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': task.requestId,
      'Lambda-Runtime-Deadline-Ms': String(task.deadlineMs),
      'Lambda-Runtime-Invoked-Function-Arn': task.functionArn,
      'Lambda-Runtime-Trace-Id': `Root=1-${task.requestId.slice(0, 8)}-${task.requestId.replaceAll('-', '').slice(8)};Sampled=0`,
    });
    this.waiting.end(task.payload);
    this.waiting = undefined;
  }

  public async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray());
    const resource = `${request.method} ${request.url?.replace('/2018-06-01/runtime/', '')}`;
    switch (resource) {
      case 'GET invocation/next':
        this.waiting = response;
        return this.listener.ready();
      case `POST invocation/${this.current}/response`:
        return this.takeResponse(body, response);
      case `POST invocation/${this.current}/error`:
      case 'POST init/error':
        reply(response, 202, { status: 'OK' });
        return this.listener.answered({ kind: 'error', body: body.toString() });
      default:
        return reply(response, 403, {
          errorType: 'InvalidRequestID',
          errorMessage: `${resource} is not what this program may call now.`,
        });
    }
  }

  private takeResponse(body: Buffer, response: http.ServerResponse): void {
    if (body.length > MAX_RESPONSE_BYTES) {
      reply(response, 413, {
        errorType: 'RequestEntityTooLarge',
        errorMessage: `Exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
      });
      return this.listener.answered({ kind: 'too-large' });
    }
    reply(response, 202, { status: 'OK' });
    return this.listener.answered({ kind: 'response', body: body.toString() });
  }
}

function reply(response: http.ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}
