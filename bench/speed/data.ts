/** Bytes of a row of the dominant table, indexes included, as measured. */
const EVENT_BYTES = 430;

const SMALL_TABLES = 40;

/** Text and JSON that compress about as well as those of real applications. */
const WORDS = `(ARRAY['payment','invoice','customer','shipping','address','pending','delivered','returned','premium',
  'standard','warehouse','discount','currency','session','request','response','timeout','retry','success','failure'])`;
const WORD = (n: string) => `${WORDS}[1 + (hashint8(${n}) & 2147483647) % 20]`;

/**
 * Statements that fill a database with about so many bytes: six tenths in one table, the others in many small ones and
 * in large objects.
 */
export function fillStatements(megabytes: number, seed: number): string[] {
  const events = Math.round((megabytes * 0.6 * 1e6) / EVENT_BYTES);
  const rows = Math.round((megabytes * 0.36 * 1e6) / EVENT_BYTES / SMALL_TABLES);
  const objects = Math.round((megabytes * 0.04 * 1e6) / 20_000);
  const fill = (table: string, count: number) => [
    `CREATE TABLE ${table} (id bigint PRIMARY KEY, at timestamptz NOT NULL, customer int NOT NULL, kind text NOT NULL,
       note text NOT NULL, payload jsonb NOT NULL)`,
    `INSERT INTO ${table} SELECT n, timestamptz '2026-01-01' + n * interval '7 seconds', hashint8(n + ${seed}) % 50000,
       ${WORD('n')}, ${WORD('n * 3')} || ' ' || ${WORD('n * 5')} || ' ' || ${WORD('n * 7')} || ' ' || n,
       jsonb_build_object('id', md5((n + ${seed})::text), 'kind', ${WORD('n * 11')}, 'amount', hashint8(n) % 100000,
         'items', jsonb_build_array(${WORD('n * 13')}, ${WORD('n * 17')}, n % 1000), 'open', n % 3 = 0)
       FROM generate_series(1, ${count}) AS n`,
    `CREATE INDEX ON ${table} (customer, at)`,
  ];
  return [
    ...fill('events', events),
    'CREATE INDEX ON events (kind, at)',
    ...Array.from({ length: SMALL_TABLES }, (_, index) => fill(`small_${index}`, rows)).flat(),
    `SELECT lo_from_bytea(0, convert_to(repeat(md5(n::text) || ' ' || ${WORD('n')}, 500), 'UTF8'))
       FROM generate_series(1, ${objects}) AS n`,
    'ANALYZE',
  ];
}

/** Statements that make many tables with a few rows each. */
export function tableStatements(tables: number): string[] {
  const perStatement = 500;
  return Array.from({ length: Math.ceil(tables / perStatement) }, (_, batch) =>
    Array.from({ length: Math.min(perStatement, tables - batch * perStatement) }, (__, index) => {
      const name = `t${batch * perStatement + index}`;
      return `CREATE TABLE ${name} AS SELECT n, md5(n::text) AS text FROM generate_series(1, 5) AS n`;
    }).join(';'),
  );
}
