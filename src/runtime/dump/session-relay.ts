import { rm } from 'node:fs/promises';
import { createServer, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { Client } from 'pg';

const PORT = 5432;

/** Request codes in the place of a protocol version. https://www.postgresql.org/docs/current/protocol-message-formats.html */
const CANCEL_REQUEST = 80877102;
const ENCRYPTION_REQUESTS = [80877103, 80877104];

/** What a server tells a client when a session begins. */
const REPORTED_SETTINGS = [
  'server_version',
  'server_encoding',
  'client_encoding',
  'is_superuser',
  'session_authorization',
  'DateStyle',
  'IntervalStyle',
  'TimeZone',
  'integer_datetimes',
  'standard_conforming_strings',
];

/**
 * Lets a PostgreSQL client program go on in a session that this process has begun: in its transaction, with its locks
 * and its snapshot. The program connects to a Unix socket; its login is answered here, everything after that passes
 * between program and server unchanged.
 */
export class SessionRelay {
  /** The directory is that of the socket, whose whole name has at most 107 bytes. */
  static async open(client: Client, directory: string): Promise<SessionRelay> {
    // The program begins a transaction of its own, which the server would answer with a warning.
    await client.query('SET client_min_messages = error');
    const settings = new Map<string, string>();
    for (const name of REPORTED_SETTINGS) {
      const { rows } = await client.query('SELECT pg_catalog.current_setting($1) AS value', [name]);
      settings.set(name, rows[0].value);
    }
    const relay = new SessionRelay(client, directory, settings);
    await new Promise<void>((resolve, reject) => {
      relay.server.once('error', reject).listen(relay.socketFile, resolve);
    });
    return relay;
  }

  private readonly server: Server = createServer((socket) => void this.answer(socket).catch(() => socket.destroy()));
  private taken = false;

  private constructor(
    private readonly client: Client,
    private readonly directory: string,
    private readonly settings: ReadonlyMap<string, string>,
  ) {}

  /** What makes the program connect here. */
  get environment(): Record<string, string> {
    return { PGHOST: this.directory, PGPORT: String(PORT), PGSSLMODE: 'disable', PGGSSENCMODE: 'disable' };
  }

  async close(): Promise<void> {
    this.server.close();
    await rm(this.socketFile, { force: true });
  }

  private get socketFile(): string {
    return join(this.directory, `.s.PGSQL.${PORT}`);
  }

  private async answer(socket: Socket): Promise<void> {
    socket.on('error', () => socket.destroy());
    const startup = await readStartup(socket);
    if (startup === undefined || this.taken) return void socket.destroy();
    this.taken = true;
    const encoding = startup.get('client_encoding');
    if (encoding !== undefined) {
      await this.client.query("SELECT pg_catalog.set_config('client_encoding', $1, false)", [encoding]);
    }
    const reported = { ...Object.fromEntries(this.settings), ...(encoding && { client_encoding: encoding }) };
    const server = sessionSocket(this.client);
    // From here on the program reads what the server says, and the driver no more.
    server.removeAllListeners('data');
    socket.write(
      Buffer.concat([
        message('R', int32(0)),
        ...Object.entries(reported).map(([name, value]) => message('S', Buffer.from(`${name}\0${value}\0`))),
        message('K', int32(0), int32(0)),
        message('Z', Buffer.from('T')),
      ]),
    );
    server.pipe(socket).pipe(server);
    socket.once('close', () => server.destroy());
    server.once('close', () => socket.destroy());
  }
}

/** The driver's own connection; its type leaves it out, and extensions of the driver use it all the same. */
function sessionSocket(client: Client): Duplex {
  return (client as unknown as { connection: { stream: Duplex } }).connection.stream;
}

/** The parameters of a login; undefined where the program wants no session. */
async function readStartup(socket: Socket): Promise<Map<string, string> | undefined> {
  for (;;) {
    const length = (await readExactly(socket, 4)).readInt32BE();
    const body = await readExactly(socket, length - 4);
    const code = body.readInt32BE();
    if (code === CANCEL_REQUEST) return undefined;
    if (!ENCRYPTION_REQUESTS.includes(code)) return parametersOf(body.subarray(4));
    socket.write('N');
  }
}

async function readExactly(socket: Socket, bytes: number): Promise<Buffer> {
  for (;;) {
    const read: Buffer | null = socket.read(bytes);
    if (read !== null) return read;
    await new Promise<void>((resolve, reject) => {
      const ended = () => reject(new Error('The program ended before it had logged in.'));
      socket.once('close', ended);
      socket.once('readable', () => {
        socket.off('close', ended);
        resolve();
      });
    });
  }
}

function parametersOf(text: Buffer): Map<string, string> {
  const words = text.toString('utf8').split('\0');
  const parameters = new Map<string, string>();
  for (let index = 0; words[index]; index += 2) parameters.set(words[index], words[index + 1]);
  return parameters;
}

function message(kind: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(kind), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
