import { folderOfDatabase } from '../../src/contract/manifest';
import * as fc from '../support/properties';

const databaseNames = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 63 })
  .filter((name) => Buffer.byteLength(name) <= 63 && !name.includes('\0'));

test('a plain database name is its own folder', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/), (name) => {
      expect(folderOfDatabase(name)).toBe(name);
    }),
  );
});

test('the folder of any database is a file name everywhere, short enough for a tar archive', () => {
  fc.assert(
    fc.property(databaseNames, (name) => {
      expect(folderOfDatabase(name)).toMatch(/^[A-Za-z0-9_!'()*~%-][A-Za-z0-9_.!'()*~%-]{0,63}$/);
    }),
  );
});

test('two databases never share a folder', () => {
  fc.assert(
    fc.property(fc.uniqueArray(databaseNames, { minLength: 2, maxLength: 20 }), (names) => {
      expect(new Set(names.map(folderOfDatabase)).size).toBe(names.length);
    }),
  );
  const long = '数'.repeat(20);
  expect(folderOfDatabase(`${long}a`)).not.toBe(folderOfDatabase(`${long}b`));
});
