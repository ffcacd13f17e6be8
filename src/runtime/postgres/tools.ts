import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { childEnvironment, DatabaseConnection } from './connection';
import { ProcessUser, signalGroup, startGroup } from './process-group';
import { ActionError } from '../../contract/action-error';
import { isSupportedMajor, NEWEST_MAJOR, OLDEST_MAJOR } from '../../contract/postgresql-majors';

/** The programs of PostgreSQL that are run, found through PATH. */
export type ClientProgram = 'pg_dump' | 'pg_restore' | 'psql' | 'initdb' | 'postgres';

/** How a client ended, and its output. */
export interface ClientOutcome {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ClientOptions {
  /** The database to connect to; absent for work on files alone. */
  readonly server?: {
    readonly connection: DatabaseConnection;
    readonly database: string;
    /** Settings of its sessions alone, `name=value`. */
    readonly settings?: readonly string[];
  };
  /** Environment variables of the client, besides those of its server. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Is told the process id of the client, which leads its process group. */
  readonly onStart?: (pid: number) => void;
  /** Ends the client and everything that it started when aborted; the call then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Which program of that name. @default - the first one on PATH */
  readonly file?: string;
  /** Text for its standard input. */
  readonly input?: string;
  readonly workDirectory: string;
  /** @default - the user of this process */
  readonly user?: ProcessUser;
  /** How its output is read; `latin1` keeps every byte. @default 'utf8' */
  readonly outputEncoding?: 'utf8' | 'latin1';
}

/** More output than any healthy run has. A client that writes more is ended: its output is never cut short. */
const MAXIMUM_OUTPUT_BYTES = 128 * 1024 * 1024;

/** How long a client may take to end after SIGTERM before it is killed. */
const GRACE_MS = 3000;

/**
 * Runs a client to its end. The caller judges the exit code.
 * Settings and the password travel in the environment of this one child, never in its arguments.
 *
 * @throws DatabaseFault where the program cannot be started; the reason of the abort signal.
 */
export async function runClient(
  program: ClientProgram,
  args: readonly string[],
  options: ClientOptions,
): Promise<ClientOutcome> {
  options.signal?.throwIfAborted();
  const { leader, stdin, stdout, stderr } = startGroup(
    options.file ?? pathOfProgram(program),
    args,
    {
      PATH: process.env.PATH,
      LC_ALL: 'C',
      // No .pgpass, .psqlrc or client certificate of the machine takes part.
      HOME: options.workDirectory,
      TMPDIR: options.workDirectory,
      ...(options.server &&
        childEnvironment(options.server.connection, options.server.database, options.server.settings)),
      ...options.environment,
    },
    options.user,
  );
  if (leader.pid !== undefined) options.onStart?.(leader.pid);
  let graceful: NodeJS.Timeout | undefined;
  const end = () => {
    signalGroup(leader, 'SIGTERM');
    graceful ??= setTimeout(() => signalGroup(leader, 'SIGKILL'), GRACE_MS);
  };
  options.signal?.addEventListener('abort', end, { once: true });

  let wroteTooMuch = false;
  const collect = (stream: NodeJS.ReadableStream): Buffer[] => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAXIMUM_OUTPUT_BYTES) {
        wroteTooMuch = true;
        end();
      } else {
        chunks.push(chunk);
      }
    });
    return chunks;
  };
  const output = collect(stdout);
  const messages = collect(stderr);
  // A client that ends before it has read its input is judged by its exit code.
  stdin.on('error', () => undefined);
  stdin.end(options.input);

  try {
    const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      leader.once('error', (error: NodeJS.ErrnoException) => reject(cannotStart(program, error.code ?? error.message)));
      leader.once('close', (code, bySignal) => resolve([code, bySignal]));
    });
    options.signal?.throwIfAborted();
    if (wroteTooMuch) {
      throw new ActionError('DatabaseFault', `${program} wrote more than ${MAXIMUM_OUTPUT_BYTES} bytes of messages.`);
    }
    return {
      exitCode,
      signal,
      stdout: Buffer.concat(output).toString(options.outputEncoding ?? 'utf8'),
      stderr: Buffer.concat(messages).toString('utf8'),
    };
  } finally {
    clearTimeout(graceful);
    options.signal?.removeEventListener('abort', end);
  }
}

export interface ClientVersion {
  /** `18.6`. */
  readonly text: string;
  readonly major: number;
}

/** Version of a client. @param file which program of that name; without it, the first one on PATH */
export async function clientVersion(
  program: ClientProgram,
  workDirectory: string,
  file?: string,
): Promise<ClientVersion> {
  const { stdout, stderr } = await runClient(program, ['--version'], { workDirectory, file });
  const match = /\(PostgreSQL\) (\d+)(\.\d+)?/.exec(stdout);
  if (!match) {
    throw new ActionError('DatabaseFault', `${program} --version gave no version: ${stdout}${stderr}`);
  }
  return { text: match[1] + (match[2] ?? ''), major: Number(match[1]) };
}

/** A pg_dump that was chosen for a server. */
export interface DumpClient extends ClientVersion {
  readonly file: string;
}

/**
 * The first major whose pg_dump writes statements that older servers do not know (a NOT NULL that is inherited, as a
 * constraint of its own). Servers older than this are dumped by a client older than this.
 */
const FIRST_MAJOR_WITH_NEW_STATEMENTS = 18;

/**
 * The pg_dump for a server, named `pg_dump` or `pg_dump-<major>`: from the first folder of PATH that has a fitting one,
 * the oldest that is not older than the server, so that the dump can be loaded into a server of the same major.
 *
 * @throws Refused where the server is of a major that is not supported, or no pg_dump on PATH fits; DatabaseFault where
 * there is none at all
 */
export async function findDumpClient(serverMajor: number, workDirectory: string): Promise<DumpClient> {
  requireSupportedMajor(serverMajor);
  const unfit: DumpClient[] = [];
  for (const folder of foldersOfPath()) {
    const clients = await dumpClientsIn(folder, workDirectory);
    const fitting = clients.filter(({ major }) => canDump(major, serverMajor));
    if (fitting.length > 0) return fitting.reduce((one, other) => (other.major < one.major ? other : one));
    unfit.push(...clients);
  }
  throw unfit.length > 0 ? noFittingClient(unfit, serverMajor) : cannotStart('pg_dump', 'ENOENT');
}

function canDump(clientMajor: number, serverMajor: number): boolean {
  return (
    clientMajor >= serverMajor &&
    (clientMajor < FIRST_MAJOR_WITH_NEW_STATEMENTS || serverMajor >= FIRST_MAJOR_WITH_NEW_STATEMENTS)
  );
}

async function dumpClientsIn(folder: string, workDirectory: string): Promise<DumpClient[]> {
  const names = ['pg_dump'];
  for (let major = OLDEST_MAJOR; major <= NEWEST_MAJOR; major++) names.push(`pg_dump-${major}`);
  const files = names.map((name) => join(folder, name)).filter(isExecutable);
  const clients = await Promise.all(
    files.map(async (file) =>
      clientVersion('pg_dump', workDirectory, file).then(
        (version) => [{ ...version, file }],
        // Another one may do: a wrapper of a distribution fails where no client is installed behind it.
        () => [],
      ),
    ),
  );
  return clients.flat();
}

function noFittingClient(clients: readonly DumpClient[], serverMajor: number): ActionError {
  const found = [...new Set(clients.map(({ text }) => text))].join(', ');
  const newest = serverMajor < FIRST_MAJOR_WITH_NEW_STATEMENTS ? FIRST_MAJOR_WITH_NEW_STATEMENTS - 1 : NEWEST_MAJOR;
  const wanted = serverMajor === newest ? `${newest}` : `${serverMajor} to ${newest}`;
  return new ActionError(
    'Refused',
    `A server of PostgreSQL ${serverMajor} is dumped by pg_dump of version ${wanted}, so that the dump loads into a ` +
      `server of the same version; pg_dump on PATH has ${found}. Install the PostgreSQL client ${newest} and put its ` +
      `directory on PATH, or link its pg_dump there as pg_dump-${newest}.`,
  );
}

/** @throws Refused for a server of a major that nothing here was tested with. */
export function requireSupportedMajor(serverMajor: number): void {
  if (isSupportedMajor(serverMajor)) return;
  throw new ActionError(
    'Refused',
    `The server must be PostgreSQL ${OLDEST_MAJOR} to ${NEWEST_MAJOR}, it is ${serverMajor}. ` +
      (serverMajor < OLDEST_MAJOR ? 'Upgrade it first.' : 'Use a release of this program that supports it.'),
  );
}

/**
 * Makes sure that the clients can work with a server: pg_dump refuses a server that is newer than itself.
 *
 * @throws Refused with both versions and the remedy.
 */
export function requireClientFor(client: ClientVersion, serverMajor: number): void {
  if (client.major < serverMajor) {
    throw new ActionError(
      'Refused',
      `The PostgreSQL clients on PATH have version ${client.text}, the server ${serverMajor}: a client must be at ` +
        `least as new as its server. Put clients of version ${serverMajor} or newer first on PATH.`,
    );
  }
}

/** Every program of this name on PATH. */
export function allOnPath(program: ClientProgram): string[] {
  return foldersOfPath()
    .map((folder) => join(folder, program))
    .filter(isExecutable);
}

/** @throws DatabaseFault where no folder of PATH has the program. */
function pathOfProgram(program: ClientProgram): string {
  const [found] = allOnPath(program);
  if (found === undefined) throw cannotStart(program, 'ENOENT');
  return found;
}

function foldersOfPath(): string[] {
  return [...new Set((process.env.PATH ?? '').split(delimiter))];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function cannotStart(program: ClientProgram, code: string): ActionError {
  return new ActionError(
    'DatabaseFault',
    `Cannot start ${program}: ${code}. It must be on PATH: install the PostgreSQL clients.`,
  );
}
