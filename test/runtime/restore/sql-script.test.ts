import { escapeIdentifier, escapeLiteral } from 'pg';
import { grantsFor, withDatabaseName } from '../../../src/runtime/restore/sql-script';
import * as fc from '../../support/properties';

const MASTERS = { source: 'master', target: 'New "one"' };
const NEW = '"New ""one"""';

describe('grantsFor', () => {
  test.each([
    ['GRANT SELECT ON TABLE shop.t TO master;', [`GRANT SELECT ON TABLE shop.t TO ${NEW}`]],
    [
      'GRANT SELECT(id),UPDATE(name) ON TABLE shop.t TO reader WITH GRANT OPTION;',
      ['GRANT SELECT(id),UPDATE(name) ON TABLE shop.t TO "reader" WITH GRANT OPTION'],
    ],
    ['REVOKE ALL ON SCHEMA public FROM PUBLIC;', ['REVOKE ALL ON SCHEMA public FROM PUBLIC']],
    ['REVOKE ALL ON SCHEMA public FROM "PUBLIC";', ['REVOKE ALL ON SCHEMA public FROM "PUBLIC"']],
    [
      'REVOKE GRANT OPTION FOR ALL ON FUNCTION f("from" text) FROM master;',
      [`REVOKE GRANT OPTION FOR ALL ON FUNCTION f("from" text) FROM ${NEW}`],
    ],
    // A table with the master's name stays what it is.
    ['GRANT ALL ON TABLE master.master TO "mas""ter";', ['GRANT ALL ON TABLE master.master TO "mas""ter"']],
    [
      'SET SESSION AUTHORIZATION master;\nGRANT SELECT ON TABLE t TO reader;\nRESET SESSION AUTHORIZATION;',
      [`SET ROLE ${NEW}`, 'GRANT SELECT ON TABLE t TO "reader"', 'RESET ROLE'],
    ],
    [
      'ALTER DEFAULT PRIVILEGES FOR ROLE master IN SCHEMA s REVOKE ALL ON TABLES FROM master;',
      [`ALTER DEFAULT PRIVILEGES FOR ROLE ${NEW} IN SCHEMA s REVOKE ALL ON TABLES FROM ${NEW}`],
    ],
    [`COMMENT ON DATABASE shop IS 'GRANT ALL; TO master';`, [`COMMENT ON DATABASE shop IS 'GRANT ALL; TO master'`]],
    [`ALTER DATABASE shop SET search_path TO 'a', 'master';`, [`ALTER DATABASE shop SET search_path TO 'a', 'master'`]],
    ['ALTER DATABASE "OWNER" OWNER TO master;', []],
    [
      "CREATE DATABASE shop WITH TEMPLATE = template0;\n\\connect shop\n\\restrict abc;def\nSET lock_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);",
      [],
    ],
    [`ALTER ROLE master IN DATABASE shop SET work_mem TO '8MB';`, []],
  ])('turns %s into %s', (script, expected) => {
    expect(grantsFor(script, MASTERS)).toEqual(expected);
  });

  test('fails for words that it does not know, instead of leaving them out', () => {
    expect(() => grantsFor(`SECURITY LABEL ON TABLE t IS 'x';`, MASTERS)).toThrow(/not known: SECURITY LABEL/);
  });

  test('keeps names of any kind whole, wherever they stand', () => {
    const name = fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(name, name, name, (table, role, comment) => {
        const script = [
          `-- Name: TABLE ${table.replace(/[\r\n]/g, ' ')}; Type: ACL`,
          `GRANT SELECT ON TABLE public.${escapeIdentifier(table)} TO ${escapeIdentifier(role)};`,
          `COMMENT ON DATABASE ${escapeIdentifier(table)} IS ${escapeLiteral(comment).trim()};`,
        ].join('\n');
        expect(grantsFor(script, { source: role, target: 'target' })).toEqual([
          `GRANT SELECT ON TABLE public.${escapeIdentifier(table)} TO "target"`,
          `COMMENT ON DATABASE ${escapeIdentifier(table)} IS ${escapeLiteral(comment).trim()}`,
        ]);
      }),
    );
  });
});

describe('withDatabaseName', () => {
  test('sees the end of a statement in neither names, texts nor comments', () => {
    const script = `\\restrict x;y\n-- a; b\nSET a = 'it''s;';\nCREATE DATABASE "x;""y" LOCALE = E'\\';';`;
    expect(withDatabaseName(script, '"new"')).toBe(`SET a = 'it''s;';\nCREATE DATABASE "new" LOCALE = E'\\';';\n`);
  });
});
