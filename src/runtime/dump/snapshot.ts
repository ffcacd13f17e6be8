import { Client } from 'pg';
import { qualified, TableName } from '../postgres/tables';

/**
 * Begins a transaction whose snapshot sees every table as it is until the transaction ends. The tables are locked
 * before the snapshot is taken: a table that is emptied or rewritten after the snapshot looks empty in it.
 */
export async function beginSnapshot(client: Client, tables: readonly TableName[]): Promise<void> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  if (tables.length > 0) {
    const names = tables.map((table) => `ONLY ${qualified(table)}`).join(', ');
    await client.query(`LOCK TABLE ${names} IN ACCESS SHARE MODE`);
  }
  // A row that a policy hides is an error, not a smaller count.
  await client.query('SET LOCAL row_security = off');
}

/** @returns the name by which other sessions can use the same snapshot. */
export async function exportSnapshot(client: Client): Promise<string> {
  const { rows } = await client.query<{ snapshot: string }>('SELECT pg_catalog.pg_export_snapshot() AS snapshot');
  return rows[0].snapshot;
}
