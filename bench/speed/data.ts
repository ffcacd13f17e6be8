import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { escapeLiteral } from 'pg';

const PAGES = join(__dirname, '../../docs');

/** Bytes of a row of the dominant table, indexes included, as measured. */
const EVENT_BYTES = 375;

const SMALL_TABLES = 40;

/** Rows of different tables have values from different places, so that no table compresses by another one. */
const VALUES_APART = 10_000_000;

const WORDS = `(ARRAY['payment','invoice','customer','shipping','address','pending','delivered','returned','premium',
  'standard','warehouse','discount','currency','session','request','response','timeout','retry','success','failure'])`;
const HASH = (n: string) => `(hashint8(${n}) & 2147483647)`;
const WORD = (n: string) => `${WORDS}[1 + ${HASH(n)} % 20]`;

/**
 * Statements that fill a database with about so many bytes: six tenths in one table, the others in many small ones and
 * in large objects. Text and JSON are to compress as those of real applications do: identifiers and numbers of their own
 * in every row, and in every second one a sentence from the pages of this repository.
 */
export async function fillStatements(megabytes: number, seed: number): Promise<string[]> {
  const events = Math.round((megabytes * 0.6 * 1e6) / EVENT_BYTES);
  const rows = Math.round((megabytes * 0.36 * 1e6) / EVENT_BYTES / SMALL_TABLES);
  const objects = Math.round((megabytes * 0.04 * 1e6) / 20_000);
  const sentences = await sentencesOfPages();
  const fill = (table: string, count: number, number: number) => {
    const v = `(n + ${seed + number * VALUES_APART})`;
    return [
      `CREATE TABLE ${table} (id bigint PRIMARY KEY, at timestamptz NOT NULL, customer int NOT NULL, kind text NOT NULL,
         note text NOT NULL, payload jsonb NOT NULL)`,
      `INSERT INTO ${table} SELECT n, timestamptz '2026-01-01' + ${v} * interval '7 seconds' + ${HASH(v)} * interval '1 microsecond',
         hashint8(${v}) % 50000, ${WORD(v)},
         CASE WHEN n % 2 = 0 THEN s.text ELSE ${WORD(`${v} * 5`)} || ' ' || ${WORD(`${v} * 7`)} END || ' ' || n,
         jsonb_build_object('id', md5(${v}::text), 'kind', ${WORD(`${v} * 11`)}, 'amount', hashint8(${v} * 2) % 100000,
           'items', jsonb_build_array(${WORD(`${v} * 13`)}, ${WORD(`${v} * 17`)}, ${v} % 1000), 'open', n % 3 = 0)
         FROM generate_series(1::bigint, ${count}) AS n JOIN sentences s ON s.number = ${HASH(`${v} * 3`)} % ${sentences.length}`,
      `CREATE INDEX ON ${table} (customer, at)`,
    ];
  };
  return [
    'CREATE TABLE sentences (number int PRIMARY KEY, text text NOT NULL)',
    `INSERT INTO sentences VALUES ${sentences.map((text, number) => `(${number}, ${escapeLiteral(text)})`).join(', ')}`,
    'ANALYZE sentences',
    ...fill('events', events, 0),
    'CREATE INDEX ON events (kind, at)',
    ...Array.from({ length: SMALL_TABLES }, (_, index) => fill(`small_${index}`, rows, index + 1)).flat(),
    `SELECT lo_from_bytea(0, convert_to((SELECT string_agg(md5((n * 1000 + m)::text) || ' ' || ${WORD('n + m')}, ' ')
       FROM generate_series(1, 500) AS m), 'UTF8')) FROM generate_series(1::bigint, ${objects}) AS n`,
    'ANALYZE',
  ];
}

/** The sentences of the documentation, without what is code. */
async function sentencesOfPages(): Promise<string[]> {
  const names = (await readdir(PAGES, { recursive: true })).filter((name) => name.endsWith('.md')).sort();
  const pages = await Promise.all(names.map(async (name) => readFile(join(PAGES, name), 'utf8')));
  const text = pages.join('\n\n').replaceAll(/^```[^]*?^```$/gm, '\n\n');
  const sentences = text.split(/(?<=[.:?]) +|\n\n/).map((sentence) => sentence.replaceAll(/\s+/g, ' ').trim());
  return [...new Set(sentences)].filter(({ length }) => length >= 30 && length <= 200);
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
