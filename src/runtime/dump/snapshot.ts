import { Client } from 'pg';
import { DumpedTable, qualified, TABLE, TableName, USER_TABLES } from '../postgres/tables';

/** Where the definitions of a table are, with the column that names the table. */
const DEFINITIONS = [
  ['pg_class', 'oid'],
  ['pg_attribute', 'attrelid'],
  ['pg_attrdef', 'adrelid'],
  ['pg_constraint', 'conrelid'],
  ['pg_index', 'indrelid'],
  ['pg_inherits', 'inhrelid'],
  ['pg_policy', 'polrelid'],
  ['pg_rewrite', 'ev_class'],
  ['pg_trigger', 'tgrelid'],
];

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

/** A statement of the transaction that waits longer for a lock fails. */
export async function limitLockWait(client: Client, milliseconds: number): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = ${milliseconds}`);
}

/**
 * The tables whose definition is no longer the one that the snapshot of the client's transaction sees: the version of a
 * row that the snapshot sees names the transaction that replaced or deleted it. One that was running when the snapshot
 * was taken, and failed, is named as well.
 */
export async function readChangedTables(client: Client): Promise<DumpedTable[]> {
  const rows = DEFINITIONS.map(([catalog, table]) => `SELECT ${table} AS table_oid, xmax FROM pg_catalog.${catalog}`);
  const { rows: changed } = await client.query<DumpedTable>(
    `SELECT ${TABLE} ${USER_TABLES} AND c.relkind IN ('r', 'p')
     AND c.oid IN (SELECT table_oid FROM (${rows.join(' UNION ALL ')}) AS definitions
       WHERE xmax::text <> '0' AND pg_catalog.age(xmax) <= pg_catalog.age(
         pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::pg_catalog.xid))
     ORDER BY n.nspname, c.relname`,
  );
  return changed;
}
