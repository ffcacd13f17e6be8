import { Client, escapeIdentifier, QueryResult } from 'pg';
import { ManifestDatabase } from '../../contract/manifest';

/** Tables that one statement counts. */
const COUNT_BATCH_SIZE = 25;

/** A table's name. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** A table whose rows are dumped. */
export interface DumpedTable extends TableName {
  readonly oid: number;
}

/** A table as a snapshot sees it. */
export interface SnapshotTable extends DumpedTable {
  /**
   * Number of its file on the server's disk. A table that is emptied or rewritten gets a new file, and has no rows for
   * snapshots that are older.
   */
  readonly fileNode: number;
}

/** What a database holds in the snapshot of the client's transaction, without the row counts. */
export type DatabaseContents = Pick<ManifestDatabase, 'extensions' | 'largeObjects'> & {
  readonly tables: readonly SnapshotTable[];
};

/** Tables of users, and not those of PostgreSQL itself. */
export const USER_TABLES = `
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** Columns of a table. A number of 32 bits comes as a number where it is read as a float. */
export const TABLE = 'c.oid::int8::float8 AS oid, n.nspname AS schema, c.relname AS name';
const FILE_NODE = 'c.relfilenode::int8::float8 AS "fileNode"';

const BELONGS_TO_EXTENSION = `
  EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.objid = c.oid AND d.deptype = 'e')`;

/**
 * Whether the user of the connection may read a table or sequence. Only where other rights than the owner's may decide is
 * the server asked about the one relation, which takes it longer.
 */
const MAY_READ = `(pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND (c.relacl IS NULL AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
    OR pg_catalog.has_table_privilege(c.oid, 'SELECT')))`;

/** Whether row security may hide rows from the user of the connection; no look at those that have none. */
const HIDES_ROWS = '(c.relrowsecurity AND pg_catalog.row_security_active(c.oid))';

/** The tables that pg_dump locks: partitioned ones too, and those of extensions as far as they may be read. */
const LOCKABLE_TABLES = `${USER_TABLES} AND c.relkind IN ('r', 'p') AND ${MAY_READ} AND c.oid <> ALL ($1)`;

export async function readContents(client: Client): Promise<DatabaseContents> {
  const tables = await readTables(client);
  const { rows: largeObjects } = await client.query('SELECT count(*) FROM pg_catalog.pg_largeobject_metadata');
  const { rows: extensions } = await client.query(
    'SELECT extname AS name, extversion AS version FROM pg_catalog.pg_extension ORDER BY extname',
  );
  return { largeObjects: Number(largeObjects[0].count), extensions, tables };
}

/** Partitioned tables have no rows of their own; the tables of an extension are created by the extension. */
export async function readTables(client: Client): Promise<SnapshotTable[]> {
  const { rows } = await client.query<SnapshotTable>(
    `SELECT ${TABLE}, ${FILE_NODE} ${USER_TABLES}
     AND c.relkind = 'r' AND NOT ${BELONGS_TO_EXTENSION} ORDER BY n.nspname, c.relname`,
  );
  return rows;
}

/** How many tables pg_dump locks. @param leftOut object ids of tables that are not dumped */
export async function countLockableTables(client: Client, leftOut: ReadonlySet<number>): Promise<number> {
  const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int AS count ${LOCKABLE_TABLES}`, [
    [...leftOut],
  ]);
  return rows[0].count;
}

/** The tables that pg_dump locks. @param leftOut object ids of tables that are not dumped */
export async function readLockableTables(client: Client, leftOut: ReadonlySet<number>): Promise<DumpedTable[]> {
  const { rows } = await client.query<DumpedTable>(`SELECT ${TABLE} ${LOCKABLE_TABLES} ORDER BY c.oid`, [[...leftOut]]);
  return rows;
}

/** A table or sequence that the user of the connection cannot read whole. */
export interface Unreadable {
  /** What it is, its name, and what is in the way. */
  readonly problem: string;
  /** Its owner reads no more than others. */
  readonly hidesFromOwner: boolean;
  /** The user has all rights that an owner has. */
  readonly isOwned: boolean;
}

/** @param leftOut object ids of tables and sequences that need not be read */
export async function readUnreadable(client: Client, leftOut: ReadonlySet<number>): Promise<Unreadable[]> {
  const { rows } = await client.query<Unreadable>(
    `SELECT pg_catalog.format('%s %I.%I: %s', CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, n.nspname,
       c.relname, CASE WHEN NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE') THEN 'no USAGE on its schema'
         WHEN NOT pg_catalog.has_table_privilege(c.oid, 'SELECT') THEN 'no SELECT'
         ELSE 'its row security hides rows' END) AS problem,
       c.relkind <> 'S' AND pg_catalog.row_security_active(c.oid) AND c.relforcerowsecurity AS "hidesFromOwner",
       ${MAY_READ} AND pg_catalog.pg_has_role(c.relowner, 'USAGE') AS "isOwned" ${USER_TABLES}
     AND c.relkind IN ('r', 'p', 'S') AND c.oid <> ALL ($1) AND NOT ${BELONGS_TO_EXTENSION}
     AND NOT (${MAY_READ} AND (c.relkind = 'S' OR NOT ${HIDES_ROWS}))
     ORDER BY n.nspname, c.relname`,
    [[...leftOut]],
  );
  return rows;
}

/** A table or sequence of an extension whose content cannot be dumped and loaded by the user of the connection. */
export interface ForeignContent extends DumpedTable {
  readonly extension: string;
  /** Whether it holds, or may hold, something that the extension does not make by itself. */
  readonly mayHoldRows: boolean;
}

/**
 * Finds what extensions mark as content of users (pg_extension_config_dump) and what the user of the connection cannot
 * read or write whole, such as `cron.job` of pg_cron, which belongs to another role and has row security.
 */
export async function readForeignContents(client: Client): Promise<ForeignContent[]> {
  const { rows } = await client.query(
    `SELECT ${TABLE}, e.extname AS extension, config.condition, c.relkind = 'S' AS sequence,
       NOT ${HIDES_ROWS} AND ${MAY_READ} AS readable
     FROM pg_catalog.pg_extension e,
       ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition)) AS config(oid, condition)
       JOIN pg_catalog.pg_class c ON c.oid = config.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE ${HIDES_ROWS} OR NOT ${MAY_READ}
       OR NOT pg_catalog.has_table_privilege(c.oid, CASE c.relkind WHEN 'S' THEN 'UPDATE' ELSE 'INSERT' END)
     ORDER BY 2, 3`,
  );
  const contents: ForeignContent[] = [];
  for (const { oid, schema, name, extension, condition, sequence, readable } of rows) {
    const mayHoldRows =
      !sequence &&
      (!readable ||
        (await client.query(`SELECT FROM ${qualified({ schema, name })} ${condition} LIMIT 1`)).rows.length > 0);
    contents.push({ oid, schema, name, extension, mayHoldRows });
  }
  return contents;
}

/** The file of each table, by the table's object id, as it is for the client's transaction. */
export async function readFileNodes(client: Client): Promise<Map<number, number>> {
  const { rows } = await client.query<{ oid: number; fileNode: number }>(
    `SELECT c.oid::int8::float8 AS oid, ${FILE_NODE} ${USER_TABLES} AND c.relkind = 'r'`,
  );
  return new Map(rows.map(({ oid, fileNode }) => [oid, fileNode]));
}

/** Counts the rows that the snapshot of the client's transaction sees. */
export async function countRows(client: Client, tables: readonly TableName[]): Promise<ManifestDatabase['tables']> {
  const counted: { schema: string; name: string; rows: number }[] = [];
  for (let start = 0; start < tables.length; start += COUNT_BATCH_SIZE) {
    const batch = tables.slice(start, start + COUNT_BATCH_SIZE);
    const statement = batch.map(
      (table, index) => `SELECT ${index} AS index, count(*) AS rows FROM ONLY ${qualified(table)}`,
    );
    // The rollback releases the locks of this count. They would add up, and schema changes would wait for them.
    const results = (await client.query(
      `SAVEPOINT counting; ${statement.join(' UNION ALL ')}; ROLLBACK TO SAVEPOINT counting`,
    )) as unknown as readonly QueryResult<{ index: number; rows: string }>[];
    const counts = new Map(results[1].rows.map((row) => [row.index, Number(row.rows)]));
    counted.push(...batch.map(({ schema, name }, index) => ({ schema, name, rows: counts.get(index)! })));
  }
  return counted;
}

/** The quoted name of a table. */
export function qualified({ schema, name }: TableName): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
}
