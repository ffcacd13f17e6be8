import { once } from 'node:events';
import { createWriteStream, WriteStream } from 'node:fs';
import { createServer, IncomingMessage, Server, ServerResponse } from 'node:http';
import { AwsRequest, AwsResponse, refusalIn, serviceOf } from './message';
import { ModelCheck } from './model/model-check';
import { ServiceModels } from './model/service-model';
import { RolePermissions } from './permissions';
import { EmulatedService, Upstream } from './upstream';

/**
 * The AWS endpoint of the sandbox: an HTTP proxy on 127.0.0.1. It forwards requests to the emulator, except those that one
 * of the sandbox's own services answers.
 */
export class Gateway {
  static async start(upstream: Upstream, models: ServiceModels, logFile: string): Promise<Gateway> {
    const gateway = new Gateway(upstream, new RolePermissions(upstream), new ModelCheck(models), logFile);
    gateway.server.listen(0, '127.0.0.1');
    await once(gateway.server, 'listening');
    return gateway;
  }

  private readonly services = new Map<string, EmulatedService>();
  private readonly server: Server;
  /** One line per request: operation and status, no content. */
  private readonly log: WriteStream;

  private constructor(
    private readonly upstream: Upstream,
    /** What every request has to pass. */
    readonly permissions: RolePermissions,
    /** What every request is compared with. */
    readonly modelCheck: ModelCheck,
    logFile: string,
  ) {
    this.log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
    this.server = createServer((request, response) => void this.serve(request, response));
    // An invocation may last fifteen minutes, and so may the request that waits for it.
    this.server.requestTimeout = 0;
    // A connection closed under a client that is just sending would make it invoke a function twice.
    this.server.keepAliveTimeout = 0;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  /** Requests for this service go to it from now on. */
  add(service: EmulatedService): void {
    this.services.set(service.name, service);
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    this.log.end();
    await once(this.log, 'close');
  }

  private async serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      const { method, url, headers } = incoming;
      const request: AwsRequest = { method: method!, url: url!, headers, body: Buffer.concat(chunks) };
      const began = Date.now();
      const { status, headers: answered, body } = await this.answer(request);
      this.log.write(
        `${new Date().toISOString()} ${serviceOf(headers)} ${operationOf(request)} ${status} ${Date.now() - began} ms\n`,
      );
      const { 'content-length': length, 'transfer-encoding': chunked, connection, ...kept } = answered;
      response.writeHead(status, request.method === 'HEAD' ? { ...kept, 'content-length': length } : kept);
      response.end(body);
    } catch {
      // The caller closed the connection.
      response.destroy();
    }
  }

  private async answer(request: AwsRequest): Promise<AwsResponse> {
    const service = serviceOf(request.headers);
    try {
      const own = this.services.get(service);
      return await this.permissions.answer(
        request,
        async () => this.modelCheck.refusal(request) ?? (own ? own.answer(request) : this.upstream.forward(request)),
      );
    } catch (error) {
      // Not a 500: the provider would try again for minutes before it showed the text.
      return refusalIn(service, request, 400, 'SandboxFailure', (error as Error).message);
    }
  }
}

function operationOf({ method, url, headers, body }: AwsRequest): string {
  const action = body.length < 100_000 ? /(?:^|&)Action=(\w+)/.exec(body.toString())?.[1] : undefined;
  return String(headers['x-amz-target'] ?? action ?? `${method} ${url}`);
}
