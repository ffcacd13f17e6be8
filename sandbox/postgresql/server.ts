import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, FileHandle, mkdir, open, readFile, stat, writeFile } from 'node:fs/promises';
import { AddressInfo, createServer } from 'node:net';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { CertificateAuthority } from '../certificate-authority';
import { findServerLocale } from './locale';
import { copyReadableByAll, POSTGRESQL_MAJORS, PostgreSqlMajor, PostgreSqlProgram } from './program';
import {
  DatabaseMaster,
  handOverPublicSchema,
  RDS_ADMIN,
  RDS_CLIENT_AUTHENTICATION,
  rdsBootstrapStatements,
} from './rds-bootstrap';

export interface PostgreSqlServerProps {
  /** The identifier of the RDS instance that the server plays. */
  readonly identifier: string;
  readonly major: PostgreSqlMajor;
  /**
   * The server's directory for program, data, certificate and log, some 120 MB. Created if missing, never removed. If root
   * starts the server, it runs as another user, who must have search permission on every parent directory.
   */
  readonly dataDirectory: string;
  readonly master: DatabaseMaster;
  /** @default - only the databases that every RDS instance has */
  readonly databaseName?: string;
  /** The authority that issues the server's certificate, for `localhost` and `127.0.0.1`. */
  readonly certificateAuthority: CertificateAuthority;
  /** @default - a free one */
  readonly port?: number;
  /** The directory of an installed server whose program runs where it is. @default - the one that the sandbox has of npm */
  readonly programDirectory?: string;
  /** Further settings of the server, such as libraries that it loads at its start. @default - none */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * A real PostgreSQL server that looks to its clients like an RDS instance: TLS only, a master that is no superuser, a
 * superuser as whom no login is possible. It listens on 127.0.0.1 only. It is a child of this process, which must stop
 * it: it does not end when this process ends.
 */
export class PostgreSqlServer {
  /**
   * Creates a new cluster and starts it. Resolves when the master can log in.
   *
   * @throws if the program is not installed, the directory cannot be used, or the server does not start. No process is
   * left running then, and the message has the end of the log.
   */
  static async start(props: PostgreSqlServerProps): Promise<PostgreSqlServer> {
    if (!POSTGRESQL_MAJORS.includes(props.major)) {
      throw new Error(
        `The sandbox has PostgreSQL ${POSTGRESQL_MAJORS.join(', ')}, not ${props.major}: choose one of them for ${props.identifier}.`,
      );
    }
    const files = serverFiles(path.resolve(props.dataDirectory), props.programDirectory);
    const user = serverUser();
    await mkdir(files.directory, { recursive: true });
    if (user) await allowAccess(files.directory, user.uid);
    if (!props.programDirectory) await (await PostgreSqlProgram.find(props.major)).copyTo(files.program);
    const locale = await findServerLocale();
    if (locale.directory) await copyReadableByAll(locale.directory, files.locale);
    await mkdir(files.cluster, { mode: 0o700 });
    await giveTo(user, files.cluster);

    const log = await open(files.log, 'a', 0o600);
    try {
      const runner = new ProgramRunner(files, log, user);
      await runner.finish('initdb', initdbArguments(props.major, locale.name), '');
      for (const [database, statements] of [
        ['template1', rdsBootstrapStatements(props)],
        ['postgres', handOverPublicSchema(props)],
      ] as const) {
        if (statements.length > 0) {
          await runner.finish('postgres', singleUserArguments(database), singleUser(statements));
        }
      }
      await writeSecurityFiles(files, props.certificateAuthority, user);

      return await firstToStart(props.port ? [props.port] : await freePorts(), async (port) => {
        const child = runner.start('postgres', [...serverArguments(port), ...settings(props.settings ?? {})]);
        const server = new PostgreSqlServer(props, port, files.log, child);
        await server.waitUntilReady(files.postmaster).catch(async (error: Error) => {
          await server.stop();
          throw new Error(`${error.message}\n${await endOf(files.log)}`);
        });
        return server;
      });
    } finally {
      await log.close();
    }
  }

  readonly identifier: string;
  readonly major: PostgreSqlMajor;
  /** The database that it was created with, besides those of every RDS instance. */
  readonly databaseName?: string;
  readonly host = 'localhost';
  readonly processId: number;
  /** The file of the certificate against which clients verify the server. */
  readonly caFile: string;

  private readonly caPem: string;
  private currentMaster: DatabaseMaster;
  private serverVersion = '';
  private stopping?: Promise<void>;

  private constructor(
    props: PostgreSqlServerProps,
    readonly port: number,
    readonly logFile: string,
    private readonly child: ChildProcess,
  ) {
    this.identifier = props.identifier;
    this.major = props.major;
    this.databaseName = props.databaseName;
    this.processId = child.pid!;
    this.caFile = props.certificateAuthority.certificateFile;
    this.caPem = props.certificateAuthority.certificatePem;
    this.currentMaster = props.master;
  }

  /** The master with its present password. */
  get master(): DatabaseMaster {
    return this.currentMaster;
  }

  /** The server's own version, such as `17.10`. */
  get version(): string {
    return this.serverVersion;
  }

  /** Changes the master's password, as RDS does when it rotates the master secret. Open sessions stay open. */
  async changeMasterPassword(password: string): Promise<void> {
    const { username } = this.master;
    await this.asMaster((client) =>
      client.query(`ALTER ROLE ${escapeIdentifier(username)} PASSWORD ${escapeLiteral(password)}`),
    );
    this.currentMaster = { username, password };
  }

  /** Whether clients have created nothing: no database, table, view or sequence. */
  async isEmpty(): Promise<boolean> {
    const own = ['postgres', ...(this.databaseName ? [this.databaseName] : [])];
    const counts = await Promise.all(
      own.map(async (database) => this.asMaster((client) => client.query(COUNT_OF_CREATED, [own]), database)),
    );
    return counts.every(({ rows }) => Number(rows[0].created) === 0);
  }

  /** Stops the server with stronger signals step by step, and returns when its process has ended. Safe to repeat. */
  async stop(): Promise<void> {
    this.stopping ??= endProcess(this.child);
    return this.stopping;
  }

  private async waitUntilReady(postmasterFile: string): Promise<void> {
    const deadline = Date.now() + READY_WITHIN;
    while (!(await saysReady(postmasterFile))) {
      if (hasEnded(this.child)) {
        throw new Error(`PostgreSQL ${this.major} for ${this.identifier} ended while starting.`);
      }
      if (Date.now() > deadline) {
        throw new Error(
          `PostgreSQL ${this.major} for ${this.identifier} was not ready after ${READY_WITHIN / 1000} seconds.`,
        );
      }
      await sleep(10);
    }
    const { rows } = await this.asMaster((client) => client.query('SHOW server_version'));
    this.serverVersion = rows[0].server_version;
  }

  private async asMaster<T>(action: (client: Client) => Promise<T>, database = 'postgres'): Promise<T> {
    const { username: user, password } = this.master;
    const { host, port, caPem: ca } = this;
    const client = new Client({ host, port, user, password, database, ssl: { ca } });
    await client.connect();
    try {
      return await action(client);
    } finally {
      await client.end();
    }
  }
}

/** Databases beyond the given ones, and relations in this one. */
const COUNT_OF_CREATED = `
  SELECT (SELECT count(*) FROM pg_database WHERE NOT datistemplate AND datname <> ALL ($1::name[] || 'rdsadmin'::name))
    + (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace
       OR relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^(pg_|information_schema$)')) AS created`;

/** Milliseconds for a new server to accept connections; far more than it needs on a busy machine. */
const READY_WITHIN = 300_000;

/** The signals that stop a server, with the milliseconds to wait after each: fast, immediate, kill. */
const STOP_SIGNALS: [NodeJS.Signals, number][] = [
  ['SIGINT', 15_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
];

/** The user `nobody`: the server runs as this user if this process is root, since PostgreSQL refuses to run as root. */
const NOBODY: ServerUser = { uid: 65534, gid: 65534 };

function initdbArguments(major: PostgreSqlMajor, locale: string): string[] {
  return [
    `--username=${RDS_ADMIN}`,
    '--encoding=UTF8',
    `--locale=${locale}`,
    '--auth=reject',
    '--no-sync',
    ...(major >= 14 ? ['--no-instructions'] : []),
  ];
}

// An error ends the session, since tests on an incomplete RDS would prove nothing. Failed statements are not logged,
// since one of them holds a password.
function singleUserArguments(database: string): string[] {
  return [
    '--single',
    '-j',
    ...settings({
      ...{ fsync: 'off', exit_on_error: 'on', log_min_error_statement: 'panic' },
      password_encryption: 'scram-sha-256',
    }),
    database,
  ];
}

/** In single-user mode an empty line after the semicolon ends a statement. */
function singleUser(statements: readonly string[]): string {
  return statements.map((statement) => `${statement};\n\n`).join('');
}

function serverArguments(port: number): string[] {
  return settings({
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    ssl: 'on',
    password_encryption: 'scram-sha-256',
    timezone: 'UTC',
    log_timezone: 'UTC',
    shared_buffers: '32MB',
    // The data of a sandbox need not survive a crash of the machine, so nothing waits for the disk.
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
  });
}

function settings(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

function serverUser(): ServerUser | undefined {
  return process.getuid?.() === 0 ? NOBODY : undefined;
}

type ServerFiles = ReturnType<typeof serverFiles>;

function serverFiles(directory: string, program = path.join(directory, 'program')) {
  const cluster = path.join(directory, 'cluster');
  return {
    directory,
    cluster,
    program,
    locale: path.join(directory, 'locale'),
    log: path.join(directory, 'server.log'),
    postmaster: path.join(cluster, 'postmaster.pid'),
  };
}

/** Runs the programs of one server as its user, in its directory, without this process's environment variables. */
class ProgramRunner {
  constructor(
    private readonly files: ServerFiles,
    private readonly log: FileHandle,
    private readonly user: ServerUser | undefined,
  ) {}

  /** The log is a file and not a pipe, so that the server neither ends nor hangs when the reader does. */
  start(name: string, args: string[], input: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
    return spawn(path.join(this.files.program, 'bin', name), args, {
      ...this.user,
      cwd: this.files.directory,
      env: { PGDATA: this.files.cluster, LC_ALL: 'C', LOCPATH: this.files.locale },
      stdio: [input, this.log.fd, this.log.fd],
    });
  }

  async finish(name: string, args: string[], input: string): Promise<void> {
    const child = this.start(name, args, 'pipe');
    // A program that ends early closes its input. The exit code tells the reason, not the failed write.
    child.stdin!.on('error', () => undefined).end(input);
    const [code, signal] = await once(child, 'exit');
    if (code !== 0) {
      throw new Error(`${name} ended with ${code ?? signal}.\n${await endOf(this.files.log)}`);
    }
  }
}

async function writeSecurityFiles(
  files: ServerFiles,
  authority: CertificateAuthority,
  user: ServerUser | undefined,
): Promise<void> {
  const { certificatePem, keyPem } = authority.issue(['localhost', '127.0.0.1']);
  const contents = {
    'server.crt': certificatePem,
    'server.key': keyPem,
    'pg_hba.conf': RDS_CLIENT_AUTHENTICATION,
  };
  for (const [name, content] of Object.entries(contents)) {
    const file = path.join(files.cluster, name);
    await writeFile(file, content, { mode: 0o600 });
    await giveTo(user, file);
  }
}

async function giveTo(user: ServerUser | undefined, file: string): Promise<void> {
  if (user) await chown(file, user.uid, user.gid);
}

/**
 * Gives the server's user search permission on the server's own directory, and requires it on the parent directories,
 * whose permissions are not changed.
 */
async function allowAccess(directory: string, uid: number): Promise<void> {
  await chmod(directory, 0o711);
  for (let above = path.dirname(directory); above !== path.dirname(above); above = path.dirname(above)) {
    const { mode } = await stat(above);
    // The last octal digit is odd when others may pass through.
    if (mode % 2 === 0) {
      throw new Error(
        `PostgreSQL refuses to run as root, so it runs as user ${uid}, who cannot pass through ${above}: ` +
          `choose another data directory than ${directory}, or run "chmod o+x ${above}".`,
      );
    }
  }
}

/** Several ports, because another process may take one before the server does. */
async function freePorts(): Promise<number[]> {
  const listeners = [1, 2, 3].map(() => createServer().listen(0, '127.0.0.1'));
  await Promise.all(listeners.map((listener) => once(listener, 'listening')));
  const ports = listeners.map((listener) => (listener.address() as AddressInfo).port);
  await Promise.all(listeners.map((listener) => once(listener.close(), 'close')));
  return ports;
}

async function firstToStart<T>(ports: number[], start: (port: number) => Promise<T>): Promise<T> {
  const [port, ...others] = ports;
  return start(port).catch((error: Error) => {
    if (others.length === 0 || !error.message.includes('Address already in use')) throw error;
    return firstToStart(others, start);
  });
}

/** The server writes its state into the eighth line of its own pid file. */
async function saysReady(postmasterFile: string): Promise<boolean> {
  const text = await readFile(postmasterFile, 'utf8').catch(() => '');
  return text.split('\n')[7]?.trim() === 'ready';
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function endProcess(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  for (const [signal, milliseconds] of STOP_SIGNALS) {
    if (hasEnded(child)) return;
    child.kill(signal);
    const waiting = new AbortController();
    await Promise.race([ended, sleep(milliseconds, undefined, { signal: waiting.signal }).catch(() => undefined)]);
    waiting.abort();
  }
  if (!hasEnded(child)) throw new Error(`The PostgreSQL server with process id ${child.pid} does not end.`);
}

async function endOf(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n');
  return `The end of ${logFile}:\n${lines.slice(-10).join('\n')}`;
}
