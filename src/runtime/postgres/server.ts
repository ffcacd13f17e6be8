import { Client } from 'pg';
import { ActionError } from '../../contract/action-error';
import { DatabaseIdentity } from '../../contract/manifest';

/** Every server has this database. New databases are copies of it, with what users put into it. */
export const TEMPLATE_DATABASE = 'template1';

/** Objects with a number below this one are PostgreSQL's own. */
export const FIRST_USER_OBJECT = 16_384;

/** The number of the schema `public` as the server makes it; the master of RDS owns it in older versions. */
const PUBLIC_SCHEMA = 2200;

/** RDS's own database, which accepts no connections. */
const RDS_DATABASE = 'rdsadmin';

export interface ServerVersion {
  /** `17.10`. */
  readonly text: string;
  readonly major: number;
}

export async function readServerVersion(client: Client): Promise<ServerVersion> {
  const { rows } = await client.query<{ text: string; number: number }>(
    `SELECT pg_catalog.current_setting('server_version') AS text,
       pg_catalog.current_setting('server_version_num')::int AS number`,
  );
  return { text: rows[0].text.split(' ')[0], major: Math.floor(rows[0].number / 10_000) };
}

/**
 * Reads the databases that are backed up, ordered by name: all but RDS's own and the untouched templates of the server.
 * Users have put something into template1 where something in it depends on their roles, as its owner for example.
 *
 * @throws BackupFailed naming the databases that the master cannot connect to
 */
export async function readUserDatabases(client: Client): Promise<DatabaseIdentity[]> {
  // JSON gives null for columns that this version does not have.
  const { rows } = await client.query(
    `SELECT d.datname AS name, pg_catalog.pg_get_userbyid(d.datdba) AS owner,
       pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
       CASE pg_catalog.to_jsonb(d) ->> 'datlocprovider' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END
         AS "localeProvider",
       coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale') AS locale,
       pg_catalog.to_jsonb(d) ->> 'daticurules' AS "icuRules",
       d.datallowconn AND pg_catalog.has_database_privilege(d.oid, 'CONNECT') AS reachable
     FROM pg_catalog.pg_database d
     WHERE d.datname NOT IN ('template0', $1) AND (d.datname <> $2 OR EXISTS (
       SELECT FROM pg_catalog.pg_shdepend s WHERE s.dbid = d.oid
         AND NOT (s.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND s.objid = $3)))
     ORDER BY d.datname`,
    [RDS_DATABASE, TEMPLATE_DATABASE, PUBLIC_SCHEMA],
  );
  const unreachable = rows.filter((row) => !row.reachable).map((row) => row.name);
  if (unreachable.length > 0) {
    throw new ActionError(
      'BackupFailed',
      `The master user cannot connect to ${unreachable.join(', ')}, so the backup would lack it. ` +
        'Grant CONNECT on it to the master user, allow connections to it, or drop it.',
    );
  }
  return rows.map(({ reachable, locale, icuRules, ...identity }) => ({
    ...identity,
    ...(locale !== null && { locale }),
    ...(icuRules !== null && { icuRules }),
  }));
}

export interface UserDatabase extends DatabaseIdentity {
  readonly sizeBytes: number;
}

/** Adds to databases the size that the server reports. */
export async function readSizes(client: Client, databases: readonly DatabaseIdentity[]): Promise<UserDatabase[]> {
  const { rows } = await client.query<{ name: string; bytes: string }>(
    'SELECT datname AS name, pg_catalog.pg_database_size(oid) AS bytes FROM pg_catalog.pg_database WHERE datname = ANY ($1)',
    [databases.map(({ name }) => name)],
  );
  const sizes = new Map(rows.map(({ name, bytes }) => [name, Number(bytes)]));
  return databases.map((database) => ({ ...database, sizeBytes: sizes.get(database.name) ?? 0 }));
}

/** The size of all databases that the user may connect to, in bytes. */
export async function readDatabaseBytes(client: Client): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(
    `SELECT sum(pg_catalog.pg_database_size(oid)) AS bytes FROM pg_catalog.pg_database
     WHERE pg_catalog.has_database_privilege(oid, 'CONNECT')`,
  );
  return Number(rows[0].bytes);
}
