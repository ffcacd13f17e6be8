import { Client } from 'pg';
import { CheckResult, DrillCheck } from '../../contract/proof';
import { DatabaseConnection, withClient } from '../postgres/connection';

/** Longest time of one query, in milliseconds. */
const CHECK_WITHIN_MS = 60_000;

/** Runs every check; one that fails does not stop the others. */
export async function runChecks(
  connection: DatabaseConnection,
  checks: readonly DrillCheck[],
  signal: AbortSignal,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    signal.throwIfAborted();
    try {
      const value = await withClient(connection, check.database, async (client) => valueOf(client, check.query));
      results.push({ ...check, value, passed: value === check.expect });
    } catch (error) {
      results.push({ ...check, passed: false, error: (error as Error).message });
    }
  }
  return results;
}

/** The value of a query in a transaction that can only read. One statement: its protocol has no room for a second. */
async function valueOf(client: Client, query: string): Promise<string | undefined> {
  await client.query('BEGIN READ ONLY');
  await client.query(`SET LOCAL statement_timeout = ${CHECK_WITHIN_MS}`);
  const config = {
    text: query,
    rowMode: 'array' as const,
    queryMode: 'extended',
    types: { getTypeParser: () => String },
  };
  const { rows } = await client.query<unknown[]>(config as never);
  await client.query('ROLLBACK');
  if (rows.length !== 1 || rows[0].length !== 1) {
    throw new Error(`A check gives one row of one column; this one gave ${rows.length} of ${rows[0]?.length ?? 0}.`);
  }
  const [value] = rows[0];
  return value === null ? undefined : String(value);
}
