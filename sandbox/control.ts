import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import { DeploymentOptions } from './app';
import { Finished } from './process';
import { Sandbox } from './sandbox';

/** What the command line asks of a sandbox that runs in the background. */
export type ControlRequest =
  | { readonly command: 'status' }
  | { readonly command: 'apply' | 'plan' | 'destroy'; readonly app: string; readonly options: RemoteOptions }
  | { readonly command: 'fire'; readonly schedule: string; readonly force: boolean; readonly twice: boolean }
  | { readonly command: 'clock'; readonly change: string | number }
  | { readonly command: 'bucket'; readonly bucket: string; readonly path: string }
  | { readonly command: 'down' };

export type RemoteOptions = Pick<DeploymentOptions, 'variables' | 'stack' | 'environment' | 'colour'>;

/** The answer comes line by line, each a JSON value: any number of `line`s, then a `result` or an `error`. */
export type ControlLine = { readonly line: string } | { readonly result: unknown } | { readonly error: string };

/** Where a sandbox takes commands. */
export interface ControlAddress {
  readonly port: number;
  /** Who cannot say it, although on the same machine, is not answered. */
  readonly token: string;
}

/** The door through which the command line reaches a sandbox in another process. */
export class ControlServer {
  /** @param whenDown called when the sandbox has ended by command */
  static async start(sandbox: Sandbox, whenChanged: () => Promise<void>, whenDown: () => void): Promise<ControlServer> {
    const control = new ControlServer(sandbox, whenChanged, whenDown);
    control.server.listen(0, '127.0.0.1');
    await once(control.server, 'listening');
    return control;
  }

  private readonly token = randomBytes(32).toString('hex');
  private readonly server: Server;

  private constructor(
    private readonly sandbox: Sandbox,
    private readonly whenChanged: () => Promise<void>,
    private readonly whenDown: () => void,
  ) {
    this.server = createServer((request, response) => void this.serve(request, response));
    this.server.requestTimeout = 0;
  }

  get address(): ControlAddress {
    return { port: (this.server.address() as { port: number }).port, token: this.token };
  }

  stop(): void {
    this.server.close();
    this.server.closeIdleConnections();
  }

  private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!sameText(incoming.headers.authorization ?? '', `Bearer ${this.token}`)) {
      response.writeHead(401).end();
      return;
    }
    const write = (line: ControlLine) => response.write(`${JSON.stringify(line)}\n`);
    let down = false;
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      const request: ControlRequest = JSON.parse(Buffer.concat(chunks).toString());
      response.writeHead(200, { 'content-type': 'application/x-ndjson', connection: 'close' });
      down = request.command === 'down';
      write({ result: await this.perform(request, (line) => write({ line })) });
    } catch (error) {
      write({ error: (error as Error).message });
    }
    response.end(() => down && this.whenDown());
  }

  private async perform(request: ControlRequest, onLine: (line: string) => void): Promise<unknown> {
    const { sandbox } = this;
    switch (request.command) {
      case 'status':
        return sandbox.status();
      case 'fire':
        return sandbox.fire(request.schedule, { force: request.force, twice: request.twice });
      case 'clock':
        sandbox.setClock(request.change);
        return { offsetMs: sandbox.clock.offsetMs, now: sandbox.clock.now().toISOString() };
      case 'bucket':
        return sandbox.storage.createBucketWithKeys(request.bucket, request.path);
      case 'down':
        await sandbox.stop();
        return {};
      default: {
        const finished: Finished = await sandbox[request.command](request.app, { ...request.options, onLine });
        await this.whenChanged();
        return finished;
      }
    }
  }
}

/** Asks a sandbox. @throws with its error, or if it does not answer */
export async function ask<T>(
  address: ControlAddress,
  request: ControlRequest,
  onLine: (line: string) => void = () => undefined,
): Promise<T> {
  const { request: httpRequest } = await import('node:http');
  const outgoing = httpRequest({
    host: '127.0.0.1',
    port: address.port,
    method: 'POST',
    headers: { authorization: `Bearer ${address.token}` },
    agent: false,
  });
  outgoing.end(JSON.stringify(request));
  const [response]: IncomingMessage[] = await once(outgoing, 'response');
  if (response.statusCode !== 200) throw new Error(`The sandbox answered ${response.statusCode}.`);
  const { createInterface } = await import('node:readline');
  for await (const text of createInterface({ input: response })) {
    const line: ControlLine = JSON.parse(text);
    if ('line' in line) onLine(line.line);
    else if ('error' in line) throw new Error(line.error);
    else return line.result as T;
  }
  throw new Error(`The sandbox ended during ${request.command}.`);
}

function sameText(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
