import { readFileSync } from 'node:fs';
import { usageError } from './usage';
import { DrillCheck } from '../../contract/proof';

const DATABASE = /^-- *database: *(.+?) *$/m;
const EXPECT = /^-- *expect: ?(.*?) *$/m;

/** What a query must give where the file does not say: PostgreSQL's text for true. */
const TRUE = 't';

/**
 * Reads a check from a file: comments `-- database: <name>` and, if not `t`, `-- expect: <value>`, then one query.
 *
 * @throws InvalidRequest
 */
export function readCheck(file: string): DrillCheck {
  const text = contentOf(file);
  const [, database] = DATABASE.exec(text) ?? [];
  const query = text
    .split('\n')
    .filter((line) => !/^\s*--/.test(line))
    .join('\n')
    .trim()
    .replace(/;$/, '');
  if (database === undefined || query === '') {
    throw usageError(
      `A check is a file with a line "-- database: <name>" and one query; ${JSON.stringify(file)} lacks the ` +
        `${database === undefined ? 'line' : 'query'}.`,
      'Add it. A line "-- expect: <value>" names the value that the query must give, if it is not t (true).',
    );
  }
  return { database, query, expect: EXPECT.exec(text)?.[1] ?? TRUE };
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`--check names a file that can be read: ${(error as Error).message}.`, 'Correct the path.');
  }
}
