import { once } from 'node:events';
import { chmod, chown, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';
import { ActionError } from '../../contract/action-error';
import { DatabaseIdentity, Manifest } from '../../contract/manifest';
import { NEWEST_MAJOR } from '../../contract/postgresql-majors';
import { ADMINISTRATION_DATABASE, DatabaseConnection, withClient } from '../postgres/connection';
import { ProcessGroup, ProcessUser, signalGroup, startGroup } from '../postgres/process-group';
import { allOnPath, ClientVersion, clientVersion, runClient } from '../postgres/tools';
import { creationStatement } from '../restore/target-databases';

export interface ThrowawayServerProps {
  /** For everything that the server writes: created here, deleted by `stop`. */
  readonly directory: string;
  /** The backup that it is to be filled from: its master user and its locales. */
  readonly manifest: Pick<Manifest, 'master' | 'databases'>;
  readonly signal: AbortSignal;
}

/** The superuser of the server, as on RDS. The restore connects as the master, who is none. */
const SUPERUSER = 'rdsadmin';

/** The number in the name of the socket. */
const PORT = 5432;

const READY_WITHIN_MS = 60_000;

/** PostgreSQL refuses to run as root: then the server runs as `nobody`. */
const NOBODY: ProcessUser = { uid: 65_534, gid: 65_534 };

/**
 * Nothing is kept: no write waits for the disk, and little write-ahead log takes space on it. Lambda has no /dev/shm, so
 * parallel workers share memory in files.
 */
const SETTINGS = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  dynamic_shared_memory_type: 'mmap',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '64MB',
  min_wal_size: '32MB',
  autovacuum: 'off',
  logging_collector: 'off',
  shared_buffers: '128MB',
  maintenance_work_mem: '128MB',
};

/**
 * The roles of RDS that rights and memberships of a backup may name, so that these are restored here as they are there.
 */
const PROVIDER_ROLES = ['rds_superuser', 'rds_password', 'rds_replication', 'rds_iam', 'rds_ad'];

/**
 * A PostgreSQL server that exists only for a restore drill: a cluster of its own, reached through a socket in its own
 * directory by nobody but the user of this process. It ends when this process ends, whatever ended it.
 */
export class ThrowawayServer {
  /** @throws Refused where there is no server program, or it lacks a locale of the backup; DatabaseFault */
  static async start(props: ThrowawayServerProps): Promise<ThrowawayServer> {
    const { directory, signal } = props;
    const user = process.getuid?.() === 0 ? NOBODY : undefined;
    await mkdir(directory, { mode: 0o700 });
    if (user) {
      await chown(directory, user.uid, user.gid);
      await chmod(dirname(directory), 0o711);
    }
    const programs = await findServerPrograms(directory);
    await initialize(programs.initdb, props, user);
    const group = startGroup(programs.postgres, serverArguments(directory), environment(directory), user, 'quit');
    const server = new ThrowawayServer(directory, props.manifest.master, programs.version, group);
    try {
      await server.waitUntilReady(signal);
      await server.prepare(props.manifest);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** The master user, without a password: only the user of this process reaches the socket. */
  readonly connection: DatabaseConnection;
  /** `host:port`, with the directory of the socket as host. */
  readonly endpoint: string;
  private readonly log: Buffer[] = [];
  private readonly ended: Promise<unknown>;

  private constructor(
    private readonly directory: string,
    master: string,
    readonly version: ClientVersion,
    private readonly group: ProcessGroup,
  ) {
    this.endpoint = `${directory}:${PORT}`;
    this.connection = {
      host: directory,
      port: PORT,
      username: master,
      password: '',
      certificateFile: '',
      serverMajor: version.major,
    };
    this.ended = once(group.leader, 'exit').catch(() => undefined);
    for (const stream of [group.stdout, group.stderr]) stream.on('data', (chunk: Buffer) => this.keepLog(chunk));
  }

  /** Ends every process at once and deletes the data. The server itself gives its processes 5 seconds. */
  async stop(): Promise<void> {
    signalGroup(this.group.leader, 'SIGQUIT');
    const timer = setTimeout(() => signalGroup(this.group.leader, 'SIGKILL'), 10_000);
    await this.ended;
    clearTimeout(timer);
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Whether it has ended by itself. */
  get hasEnded(): boolean {
    const { exitCode, signalCode } = this.group.leader;
    return exitCode !== null || signalCode !== null;
  }

  private async waitUntilReady(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    for (;;) {
      signal.throwIfAborted();
      try {
        return await this.asSuperuser(async () => undefined);
      } catch (error) {
        if (this.hasEnded || performance.now() > deadline) {
          throw new ActionError(
            'DatabaseFault',
            `The server of the drill did not start: ${this.lastLog() || (error as Error).message}`,
          );
        }
      }
      await sleep(20);
    }
  }

  /** The master user and the databases that it owns, as on RDS. */
  private async prepare({ master, databases }: ThrowawayServerProps['manifest']): Promise<void> {
    const name = escapeIdentifier(master);
    await this.asSuperuser(async (client) => {
      for (const role of PROVIDER_ROLES) await client.query(`CREATE ROLE ${role} NOLOGIN`);
      await client.query('GRANT rds_password, rds_replication TO rds_superuser WITH ADMIN OPTION');
      await client.query('GRANT rds_iam, rds_ad TO rds_superuser WITH ADMIN TRUE, INHERIT FALSE, SET FALSE');
      await client.query(
        'GRANT pg_monitor, pg_signal_backend, pg_checkpoint, pg_use_reserved_connections, pg_create_subscription, ' +
          'pg_maintain TO rds_superuser WITH ADMIN OPTION',
      );
      await client.query(`CREATE ROLE ${name} LOGIN CREATEDB CREATEROLE`);
      await client.query(`GRANT rds_superuser TO ${name} WITH ADMIN OPTION`);
      for (const database of ['postgres', 'template1']) {
        await client.query(`ALTER DATABASE ${database} OWNER TO ${name}`);
      }
      await requireLocales(client, databases);
    });
  }

  private async asSuperuser<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return withClient({ ...this.connection, username: SUPERUSER }, ADMINISTRATION_DATABASE, work);
  }

  /** The last words of the server. */
  private keepLog(chunk: Buffer): void {
    this.log.push(chunk);
    if (this.log.length > 20) this.log.shift();
  }

  private lastLog(): string {
    return Buffer.concat(this.log).toString().trim().split('\n').slice(-5).join(' ');
  }
}

/** @throws Refused naming each locale that this machine lacks. Nothing of the backup was read for it but its manifest. */
async function requireLocales(client: Client, databases: readonly DatabaseIdentity[]): Promise<void> {
  const probe = 'locale_probe';
  const refused = new Map<string, string>();
  const statementOf = (database: DatabaseIdentity) =>
    creationStatement({ ...database, name: probe } as Manifest['databases'][number], NEWEST_MAJOR);
  const administration = databases.find(({ name }) => name === ADMINISTRATION_DATABASE);
  // The server itself was made with that one's locale of the C library.
  const seen = new Set(administration?.localeProvider === 'libc' ? [statementOf(administration)] : []);
  for (const database of databases) {
    const statement = statementOf(database);
    if (seen.has(statement)) continue;
    seen.add(statement);
    const error = await client.query(statement).then(
      () => undefined,
      (reason: Error) => reason.message,
    );
    if (error === undefined) await client.query(`DROP DATABASE ${probe}`);
    else refused.set(database.name, error);
  }
  if (refused.size > 0) {
    const names = [...refused].map(([name, reason]) => `database ${name}: ${reason}`);
    throw new ActionError(
      'Refused',
      `The locales of all databases must be installed where a drill runs; ${names.join('; ')}. Run the drill with the ` +
        'command line on a machine that has them. Nothing was read from the backup.',
    );
  }
}

/** The server programs of one folder of PATH. */
interface ServerPrograms {
  readonly postgres: string;
  readonly initdb: string;
  readonly version: ClientVersion;
}

/** Every supported backup loads into the newest major. @throws Refused where PATH has no server of it */
async function findServerPrograms(workDirectory: string): Promise<ServerPrograms> {
  for (const postgres of allOnPath('postgres')) {
    const initdb = join(dirname(postgres), 'initdb');
    const version = await clientVersion('postgres', workDirectory, postgres).catch(() => undefined);
    if (version?.major === NEWEST_MAJOR && allOnPath('initdb').includes(initdb)) return { postgres, initdb, version };
  }
  throw new ActionError(
    'Refused',
    `A drill needs the programs postgres and initdb of PostgreSQL ${NEWEST_MAJOR} on PATH: install that server, and add ` +
      `its folder, such as /usr/lib/postgresql/${NEWEST_MAJOR}/bin, to PATH. No server has to run.`,
  );
}

async function initialize(
  file: string,
  { directory, manifest, signal }: ThrowawayServerProps,
  user?: ProcessUser,
): Promise<void> {
  const administration = manifest.databases.find(({ name }) => name === ADMINISTRATION_DATABASE);
  const args = [
    `--pgdata=${join(directory, 'data')}`,
    `--username=${SUPERUSER}`,
    // The folder of the socket is closed to everybody else.
    '--auth=trust',
    '--no-sync',
    '--no-instructions',
    `--encoding=${administration?.encoding ?? 'UTF8'}`,
    `--lc-collate=${administration?.collate ?? 'C'}`,
    `--lc-ctype=${administration?.ctype ?? 'C'}`,
    '--lc-messages=C',
    ...['--lc-monetary=C', '--lc-numeric=C', '--lc-time=C'],
  ];
  const options = { workDirectory: directory, environment: environment(directory), signal, user, file };
  const { exitCode, stderr } = await runClient('initdb', args, options);
  if (exitCode !== 0) {
    throw new ActionError(
      'Refused',
      `The server of the drill could not be made: ${stderr.trim().replace(/\s+/g, ' ')}`,
    );
  }
}

function serverArguments(directory: string): string[] {
  const settings = { ...SETTINGS, unix_socket_directories: directory };
  return [
    '-D',
    join(directory, 'data'),
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

function environment(directory: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    LC_ALL: 'C',
    HOME: directory,
    TMPDIR: directory,
    // Where the locales of the C library are, if not where the system has them.
    ...(process.env.LOCPATH && { LOCPATH: process.env.LOCPATH }),
  };
}
