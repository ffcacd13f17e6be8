import { Client } from 'pg';

/** Tables that one statement analyzes. */
const TABLES_PER_STATEMENT = 20;

/** Tables and materialized views, the largest first. A partitioned table takes its partitions along. */
const ANALYZED = `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' AND NOT c.relispartition
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  ORDER BY c.relkind = 'p' DESC, pg_catalog.pg_relation_size(c.oid) DESC, c.oid`;

/** Collects the statistics of a database, which the planner needs and no dump carries, in several sessions. */
export async function analyze(
  sessions: number,
  inDatabase: <T>(work: (client: Client) => Promise<T>) => Promise<T>,
): Promise<void> {
  const tables = await inDatabase(async (client) => (await client.query<{ name: string }>(ANALYZED)).rows);
  // Large tables one by one, so that no session waits for another in the end.
  const take = () => tables.splice(0, analyzed++ < sessions ? 1 : TABLES_PER_STATEMENT).map(({ name }) => name);
  let analyzed = 0;
  const analyzeSome = async (client: Client) => {
    for (let some = take(); some.length > 0; some = take()) await client.query(`ANALYZE ${some.join(', ')}`);
  };
  await Promise.all(Array.from({ length: Math.min(sessions, tables.length) }, async () => inDatabase(analyzeSome)));
}
