import { Client, escapeIdentifier } from 'pg';
import { PgDumpFailed } from './pg-dump';

/** How the server says that a row is too long for COPY. */
const TOO_LONG = /invalid memory alloc request size|Cannot enlarge string buffer|string buffer exceeds|out of memory/;

/** The table that pg_dump was copying. */
const COPY_COMMAND = /Command was: COPY ((?:"(?:[^"]|"")+"|[^\s".]+)\.(?:"(?:[^"]|"")+"|[^\s".]+)) /;

/** Bytes of the longest value of a column, as COPY writes it: two characters for each byte of a `bytea`. */
const LENGTHS: Readonly<Record<string, (column: string) => string>> = {
  bytea: (column) => `2 * octet_length(${column})::int8`,
  text: (column) => `octet_length(${column})`,
  varchar: (column) => `octet_length(${column})`,
};
const LENGTH_OF_OTHERS = (column: string) => `pg_catalog.pg_column_size(${column})`;

/** The table, quoted, that a failed dump could not copy because of a row that is too long; undefined for other failures. */
export function tableOfTooLongRow(error: unknown): string | undefined {
  return error instanceof PgDumpFailed && TOO_LONG.test(error.stderr)
    ? COPY_COMMAND.exec(error.stderr)?.[1]
    : undefined;
}

/** Names the column with the longest value of a table. */
export async function describeTooLongRow(client: Client, table: string): Promise<string> {
  const { rows: columns } = await client.query<{ name: string; type: string }>(
    `SELECT a.attname AS name, t.typname AS type FROM pg_catalog.pg_attribute a
     JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = $1::pg_catalog.regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [table],
  );
  const lengths = columns.map(
    ({ name, type }, index) => `max(${(LENGTHS[type] ?? LENGTH_OF_OTHERS)(escapeIdentifier(name))}) AS c${index}`,
  );
  const { rows } = await client.query(`SELECT ${lengths.join(', ')} FROM ONLY ${table}`);
  const longest = columns
    .map(({ name }, index) => ({ name, bytes: Number(rows[0][`c${index}`] ?? 0) }))
    .reduce((one, other) => (other.bytes > one.bytes ? other : one));
  return (
    `Table ${table} has a row that is too long for COPY, which writes at most 1 GB a row. Its longest value is in column ` +
    `${longest.name}, ${longest.bytes} characters (two for each byte of a bytea). Shorten or split the value, or store ` +
    'it as a large object.'
  );
}
