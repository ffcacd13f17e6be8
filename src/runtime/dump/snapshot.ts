import { Client } from 'pg';
import { qualified, readTables } from '../postgres/tables';

/**
 * A server has room for some 10,000 locks in all. With more tables than these, only pg_dump's own ones are taken, by one
 * job.
 */
export const MANY_TABLES = 2000;

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
