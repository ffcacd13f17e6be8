import { Client } from 'pg';

/** One statement analyzes so many tables at most, and no more once they have so many bytes. */
const TOGETHER = { tables: 20, bytes: 1024 * 1024 };

export interface AnalyzedTable {
  readonly name: string;
  readonly bytes: number;
}

/** Tables and materialized views, the largest first. A partitioned table takes its partitions along, whatever they have. */
const ANALYZED = `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
    CASE c.relkind WHEN 'p' THEN 'infinity'::float8 ELSE pg_catalog.pg_relation_size(c.oid)::float8 END AS bytes
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' AND NOT c.relispartition
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  ORDER BY bytes DESC, c.oid`;

/** Collects the statistics of a database, which the planner needs and no dump carries, in several sessions. */
export async function analyze(
  sessions: number,
  inDatabase: <T>(work: (client: Client) => Promise<T>) => Promise<T>,
): Promise<void> {
  const tables = await inDatabase(async (client) => (await client.query<AnalyzedTable>(ANALYZED)).rows);
  const analyzeSome = async (client: Client) => {
    for (let some = takeTogether(tables); some.length > 0; some = takeTogether(tables)) {
      await client.query(`ANALYZE ${some.join(', ')}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(sessions, tables.length) }, async () => inDatabase(analyzeSome)));
}

/** Takes the next from the list: tables that take long one by one, so that no session waits for another in the end. */
export function takeTogether(tables: AnalyzedTable[]): string[] {
  const taken: string[] = [];
  for (let bytes = 0; tables.length > 0 && taken.length < TOGETHER.tables && bytes < TOGETHER.bytes;) {
    const table = tables.shift()!;
    taken.push(table.name);
    bytes += table.bytes;
  }
  return taken;
}
