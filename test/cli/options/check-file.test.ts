import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCheck } from '../../../src/cli/options/check-file';

const directory = mkdtempSync(join(tmpdir(), 'check-file-'));
afterAll(() => rmSync(directory, { recursive: true }));

function read(text: string) {
  const file = join(directory, 'check.sql');
  writeFileSync(file, text);
  return readCheck(file);
}

test.each([
  ['-- database: orders\nSELECT true;\n', { database: 'orders', query: 'SELECT true', expect: 't' }],
  [
    '--database: a b\n-- expect: 0\n-- why\nSELECT 1\n  - 1',
    { database: 'a b', query: 'SELECT 1\n  - 1', expect: '0' },
  ],
  ['-- database: orders\n-- expect:\nSELECT null', { database: 'orders', query: 'SELECT null', expect: '' }],
])('reads %j', (text, check) => {
  expect(read(text)).toEqual(check);
});

test('fails without a database, without a query, and without a file', () => {
  expect(() => read('SELECT 1')).toThrow('lacks the line. Add it.');
  expect(() => read('-- database: orders\n')).toThrow('lacks the query. Add it.');
  expect(() => readCheck(join(directory, 'none.sql'))).toThrow('--check names a file that can be read: ENOENT');
});
