import { once } from 'node:events';
import { AddressInfo, connect, createServer, Server, Socket } from 'node:net';

/** What happens to the connections to the server. */
export interface RelayFault {
  readonly kind: 'cut' | 'delayed' | 'silent';
  /** The connection that brings the sum of all bytes over this number meets the fault. */
  readonly afterBytes: number;
}

const DELAY_MS = 3_000;

/** Keepalives end a connection without answers; here it is ended after this time. */
const SILENCE_MS = 20_000;

/** Stands between the program and a server: what it does to a connection, a network can do. */
export class HostileRelay {
  static async start(host: string, port: number): Promise<HostileRelay> {
    const relay = new HostileRelay(host, port);
    relay.server.listen(0, '127.0.0.1');
    await once(relay.server, 'listening');
    return relay;
  }

  /** Connections that met a fault. */
  faults = 0;
  private fault?: RelayFault;
  private bytes = 0;
  private readonly connections = new Set<Socket>();
  /** The ports of this relay by which the server knows its connections. */
  private readonly ports = new Set<number>();
  private readonly server: Server = createServer((socket) => this.relay(socket));

  private constructor(
    private readonly targetHost: string,
    private readonly targetPort: number,
  ) {}

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get clientPorts(): number[] {
    return [...this.ports];
  }

  /** The next fault; none without one. */
  expect(fault?: RelayFault): void {
    this.fault = fault;
    this.bytes = 0;
  }

  /** Ends all connections now. */
  cutAll(): void {
    this.faults += 1;
    for (const socket of this.connections) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    for (const socket of this.connections) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private relay(client: Socket): void {
    const upstream = connect(this.targetPort, this.targetHost);
    const close = () => {
      client.destroy();
      upstream.destroy();
      this.connections.delete(client);
    };
    this.connections.add(client);
    let port: number | undefined;
    upstream.once('connect', () => this.ports.add((port = upstream.localPort!)));
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', close);
      socket.on('close', close);
    }
    upstream.once('close', () => port !== undefined && this.ports.delete(port));
    let isHeld = false;
    const hold = (milliseconds: number, then: () => void) => {
      isHeld = true;
      client.pause();
      upstream.pause();
      setTimeout(then, milliseconds).unref();
    };
    const goOn = () => {
      isHeld = false;
      client.resume();
      upstream.resume();
    };
    const forward = (from: Socket, to: Socket) =>
      from.on('data', (chunk: Buffer) => {
        const fault = this.faultAt(chunk.length);
        if (fault?.kind === 'cut') {
          // The bytes before the cut still arrive.
          to.write(chunk.subarray(0, Math.max(0, chunk.length - fault.bytesBeyond)), close);
          return;
        }
        if (fault?.kind === 'delayed') hold(DELAY_MS, goOn);
        if (fault?.kind === 'silent') hold(SILENCE_MS, close);
        if (!to.write(chunk)) {
          from.pause();
          to.once('drain', () => !isHeld && from.resume());
        }
      });
    forward(client, upstream);
    forward(upstream, client);
  }

  /** The fault that these bytes meet, and how many of them are beyond its place. */
  private faultAt(length: number): { kind: RelayFault['kind']; bytesBeyond: number } | undefined {
    this.bytes += length;
    if (this.fault === undefined || this.bytes <= this.fault.afterBytes) return undefined;
    const { kind, afterBytes } = this.fault;
    this.fault = undefined;
    this.faults += 1;
    return { kind, bytesBeyond: this.bytes - afterBytes };
  }
}
