import { Client } from 'pg';
import { ActionError } from '../../contract/action-error';
import { DatabaseIdentity } from '../../contract/manifest';

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
 * Reads the databases that are backed up, ordered by name.
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
     WHERE NOT d.datistemplate AND d.datname <> $1
     ORDER BY d.datname`,
    [RDS_DATABASE],
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
