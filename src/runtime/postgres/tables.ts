import { Client, escapeIdentifier } from 'pg';
import { ManifestDatabase } from '../../contract/manifest';

/** Tables that are counted with one statement. */
const COUNT_BATCH_SIZE = 100;

/** A table whose rows are dumped. */
export interface CountedTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
}

/** What a database holds, as the snapshot of the client's transaction sees it; all but the row counts. */
export type DatabaseContents = Pick<ManifestDatabase, 'sizeBytes' | 'extensions' | 'largeObjects'> & {
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
export async function readTables(client: Client): Promise<CountedTable[]> {
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

/** Counts the rows that the snapshot of the client's transaction sees. */
export async function countRows(client: Client, tables: readonly CountedTable[]): Promise<ManifestDatabase['tables']> {
  const counted: { schema: string; name: string; rows: number }[] = [];
  for (let start = 0; start < tables.length; start += COUNT_BATCH_SIZE) {
    const batch = tables.slice(start, start + COUNT_BATCH_SIZE);
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

/** The quoted name of a table. */
export function qualified({ schema, name }: CountedTable): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
}
