import { spawn } from 'node:child_process';
import { childEnvironment, DatabaseConnection } from './connection';
import { ActionError } from '../../contract/action-error';

/** The PostgreSQL clients that are run, found through PATH. */
export type ClientProgram = 'pg_dump' | 'pg_restore' | 'psql';

/** How a client ended and all that it said. */
export interface ClientOutcome {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ClientOptions {
  /** Where to connect; absent for work on files alone. */
  readonly server?: { readonly connection: DatabaseConnection; readonly database: string };
  /** Ends the client, and whatever it started, when aborted; the call then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Text for its standard input. */
  readonly input?: string;
  readonly workDirectory: string;
}

/** No client says more than this in a sound run; what says more is ended instead of being cut short unnoticed. */
const MAXIMUM_OUTPUT_BYTES = 128 * 1024 * 1024;

/** How long a client has to end in good order before it is killed. */
const GRACE_MS = 3000;

/**
 * Runs a client to its end and tells how it ended; an exit code other than 0 is the caller's to judge.
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
  const child = spawn(program, args, {
    // A group of its own: parallel workers end with their leader.
    detached: true,
    stdio: 'pipe',
    env: {
      PATH: process.env.PATH,
      LC_ALL: 'C',
      // No .pgpass, .psqlrc or client certificate of the machine takes part.
      HOME: options.workDirectory,
      TMPDIR: options.workDirectory,
      ...(options.server && childEnvironment(options.server.connection, options.server.database)),
    },
  });
  const killGroup = (signal: NodeJS.Signals) => {
    try {
      process.kill(-child.pid!, signal);
    } catch {
      // It has ended already.
    }
  };
  let graceful: NodeJS.Timeout | undefined;
  const end = () => {
    killGroup('SIGTERM');
    graceful ??= setTimeout(() => killGroup('SIGKILL'), GRACE_MS);
  };
  options.signal?.addEventListener('abort', end, { once: true });

  let saidTooMuch = false;
  const collect = (stream: NodeJS.ReadableStream): Buffer[] => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAXIMUM_OUTPUT_BYTES) {
        saidTooMuch = true;
        end();
      } else {
        chunks.push(chunk);
      }
    });
    return chunks;
  };
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  // A client that ends before it has read its input is judged by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input);

  try {
    const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', (error) => reject(cannotStart(program, error)));
      child.once('close', (code, bySignal) => resolve([code, bySignal]));
    });
    options.signal?.throwIfAborted();
    if (saidTooMuch) {
      throw new ActionError('DatabaseFault', `${program} wrote more than ${MAXIMUM_OUTPUT_BYTES} bytes of messages.`);
    }
    return {
      exitCode,
      signal,
      stdout: Buffer.concat(stdout).toString('utf8'),
      stderr: Buffer.concat(stderr).toString('utf8'),
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

/** Version of a client on PATH. */
export async function clientVersion(program: ClientProgram, workDirectory: string): Promise<ClientVersion> {
  const { stdout, stderr } = await runClient(program, ['--version'], { workDirectory });
  const match = /\(PostgreSQL\) (\d+)(\.\d+)?/.exec(stdout);
  if (!match) {
    throw new ActionError('DatabaseFault', `${program} --version gave no version: ${stdout}${stderr}`);
  }
  return { text: match[1] + (match[2] ?? ''), major: Number(match[1]) };
}

/**
 * Makes sure that the clients can speak to a server: pg_dump refuses one that is newer than itself.
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

function cannotStart(program: ClientProgram, error: NodeJS.ErrnoException): ActionError {
  return new ActionError(
    'DatabaseFault',
    `Cannot start ${program}: ${error.code ?? error.message}. It must be on PATH: install the PostgreSQL clients.`,
  );
}
