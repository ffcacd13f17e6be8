import { ownersInSchemas, restoreSteps } from '../../../src/runtime/restore/restore-steps';

const LISTING = `;
; Archive created at 2026-11-22 21:27:28 UTC
;     dbname: shop
;
3660; 1262 17904 DATABASE - shop dbadmin
3661; 0 0 COMMENT - DATABASE shop dbadmin
3662; 0 0 ACL - DATABASE shop dbadmin
3663; 0 0 DATABASE PROPERTIES - shop dbadmin
9; 2615 18045 SCHEMA - shop dbadmin
3666; 0 0 COMMENT - SCHEMA shop dbadmin
3667; 0 0 ACL - SCHEMA shop dbadmin
4; 3079 18048 EXTENSION - hstore
3669; 0 0 COMMENT - EXTENSION hstore
235; 1259 18314 TABLE shop audit dbadmin
3674; 0 0 ACL shop TABLE audit dbadmin
3645; 0 18343 TABLE DATA shop audit dbadmin
3706; 0 0 ACL - LARGE OBJECTS 18398..18407 shop_owner
2322; 826 18176 DEFAULT ACL shop DEFAULT PRIVILEGES FOR TABLES dbadmin
3643; 0 18326 MATERIALIZED VIEW DATA shop best dbadmin
3700; 3466 18400 EVENT TRIGGER - guard dbadmin
3701; 1259 18401 MATERIALIZED VIEW shop best dbadmin
`;

/** The numbers of the entries. */
const ids = (lines: readonly string[]) => lines.map((line) => parseInt(line, 10));

test('every entry has one place', () => {
  const { creation, properties, schemas, extensionComments, contents, grants, computed } = restoreSteps(LISTING);
  expect(ids(creation)).toEqual([3660]);
  expect(ids(properties)).toEqual([3661, 3662, 3663]);
  expect(ids(schemas)).toEqual([9, 4]);
  expect(ids(extensionComments)).toEqual([3669]);
  expect(ids(contents)).toEqual([3666, 235, 3645, 3701]);
  expect(ids(grants)).toEqual([3667, 3674, 3706, 2322]);
  expect(ids(computed)).toEqual([3643, 3700]);
});

describe('ownersInSchemas', () => {
  const lines = [
    '1; 1259 1 TABLE shop orders shop owner',
    '2; 1259 2 TABLE ware house stock owner',
    '3; 2613 3 BLOB METADATA - 1..2 owner',
    '4; 1259 4 TABLE shop x\ty master',
  ];

  test('gives who owns something where, and all readings of names with spaces', () => {
    const owners = ownersInSchemas(lines, ['shop', 'ware house', 'elsewhere'], ['owner', 'shop owner']);
    expect(owners).toEqual([
      { schema: 'shop', role: 'owner' },
      { schema: 'shop', role: 'shop owner' },
      { schema: 'ware house', role: 'owner' },
    ]);
  });

  test('knows names with line breaks, which the listing has as spaces', () => {
    expect(ownersInSchemas(['1; 1259 1 TABLE a b t c d'], ['a\nb'], ['c\nd'])).toEqual([
      { schema: 'a\nb', role: 'c\nd' },
    ]);
  });
});
