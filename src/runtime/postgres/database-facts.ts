import { Client, escapeIdentifier } from 'pg';
import { ActionError } from '../../contract/action-error';
import { DatabaseFacts } from '../../contract/manifest';

/** RDS's own database, to which nobody may connect. */
const RDS_DATABASE = 'rdsadmin';

/**
 * A server has room for some 10,000 locks in all. With more tables than these, only pg_dump's own ones are taken, by one
 * job.
 */
export const MANY_TABLES = 2000;

/** Tables that are counted with one statement. */
const COUNT_BATCH = 100;

export type DatabaseIdentity = Pick<
  DatabaseFacts,
  'name' | 'owner' | 'encoding' | 'collate' | 'ctype' | 'localeProvider' | 'locale' | 'icuRules'
>;

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
 * The databases that belong to the user of the server, in the order of their names.
 *
 * @throws BackupFailed naming those that the master may not connect to: they could not be backed up.
 */
export async function readUserDatabases(client: Client): Promise<DatabaseIdentity[]> {
  // Columns that only some versions have are read through JSON, so that one statement serves all.
  const { rows } = await client.query(
    `SELECT d.datname AS name, pg_catalog.pg_get_userbyid(d.datdba) AS owner,
       pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
       pg_catalog.to_jsonb(d) ->> 'datlocprovider' AS provider,
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
      `The master user may not connect to ${unreachable.join(', ')}, so that the backup would lack it. ` +
        'Grant CONNECT on it to the master, allow connections to it, or drop it.',
    );
  }
  return rows.map((row) => ({
    name: row.name,
    owner: row.owner,
    encoding: row.encoding,
    collate: row.collate,
    ctype: row.ctype,
    localeProvider: row.provider === 'i' ? 'icu' : row.provider === 'b' ? 'builtin' : 'libc',
    ...(row.locale !== null && { locale: row.locale }),
    ...(row.icuRules !== null && { icuRules: row.icuRules }),
  }));
}

/** A table whose rows are dumped. */
export interface CountedTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
}

/** What a database holds, as the snapshot of the client's transaction sees it; all but the row counts. */
export type DatabaseContents = Pick<DatabaseFacts, 'sizeBytes' | 'extensions' | 'largeObjects'> & {
  readonly tables: readonly CountedTable[];
};

export async function readContents(client: Client): Promise<DatabaseContents> {
  const tables = await readTables(client);
  const { rows: sizes } = await client.query(
    `SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS size,
       (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata) AS large_objects`,
  );
  const { rows: extensions } = await client.query(
    'SELECT extname AS name, extversion AS version FROM pg_catalog.pg_extension ORDER BY extname',
  );
  return {
    sizeBytes: Number(sizes[0].size),
    largeObjects: Number(sizes[0].large_objects),
    extensions,
    tables,
  };
}

/** Partitioned tables have no rows of their own; those of extensions are made by the extension. */
async function readTables(client: Client): Promise<CountedTable[]> {
  const { rows } = await client.query(
    `SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
         AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY n.nspname, c.relname`,
  );
  return rows.map((table) => ({ ...table, oid: Number(table.oid) }));
}

/**
 * Begins a transaction whose snapshot sees every table as it is until the transaction ends: the tables are locked
 * against changes of their form before the snapshot is taken, unless there are very many. Otherwise a table that is
 * emptied or rewritten between the snapshot and the locks of pg_dump would look empty.
 *
 * @returns the name under which others can take the same snapshot.
 */
export async function beginSnapshot(client: Client): Promise<string> {
  const tables = await readTables(client);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  if (tables.length > 0 && tables.length <= MANY_TABLES) {
    const names = tables.map((table) => `ONLY ${qualified(table)}`).join(', ');
    await client.query(`LOCK TABLE ${names} IN ACCESS SHARE MODE`);
  }
  // A row that a policy hides from us is an error, not a smaller count.
  await client.query('SET LOCAL row_security = off');
  const { rows } = await client.query<{ snapshot: string }>('SELECT pg_catalog.pg_export_snapshot() AS snapshot');
  return rows[0].snapshot;
}

/** Counts the rows that the snapshot of the client's transaction sees. */
export async function countRows(client: Client, tables: readonly CountedTable[]): Promise<DatabaseFacts['tables']> {
  const counted: { schema: string; name: string; rows: number }[] = [];
  for (let start = 0; start < tables.length; start += COUNT_BATCH) {
    const batch = tables.slice(start, start + COUNT_BATCH);
    const statement = batch.map(
      (table, index) => `SELECT ${index} AS index, count(*) AS rows FROM ONLY ${qualified(table)}`,
    );
    // Going back gives up the locks that counting took, which would add up and which a change could come to wait for.
    await client.query('SAVEPOINT counting');
    const { rows } = await client.query<{ index: number; rows: string }>(statement.join(' UNION ALL '));
    await client.query('ROLLBACK TO SAVEPOINT counting');
    const counts = new Map(rows.map((row) => [row.index, Number(row.rows)]));
    counted.push(...batch.map(({ schema, name }, index) => ({ schema, name, rows: counts.get(index)! })));
  }
  return counted;
}

function qualified({ schema, name }: CountedTable): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
}
