import { Role } from '../../../src/contract/manifest';
import {
  assignment,
  creationOf,
  membershipGrant,
  missingMemberships,
  settingsOf,
} from '../../../src/runtime/postgres/roles';

const SAME = { source: 'master', target: 'master' };
const OTHER = { source: 'master', target: 'New "master"' };

const PLAIN: Role = { name: 'reader', attributes: [], connectionLimit: -1, settings: [] };

describe('the statements that create a role', () => {
  test('say nothing that is a default', () => {
    expect(creationOf(PLAIN)).toEqual(['CREATE ROLE "reader" CONNECTION LIMIT -1']);
  });

  test('say everything, and quote it', () => {
    const role: Role = {
      name: `Shop "x"'s`,
      attributes: ['CREATEDB', 'LOGIN', 'NOINHERIT'],
      connectionLimit: 3,
      validUntil: '2031-05-01T12:00:00+00:00',
      comment: `it's \\ said`,
      settings: [],
    };
    expect(creationOf(role)).toEqual([
      `CREATE ROLE "Shop ""x""'s" CREATEDB LOGIN NOINHERIT CONNECTION LIMIT 3 VALID UNTIL '2031-05-01T12:00:00+00:00'`,
      `COMMENT ON ROLE "Shop ""x""'s" IS E'it''s \\\\ said'`,
    ]);
  });
});

describe('the settings of a role', () => {
  test.each([
    ['work_mem=8MB', `"work_mem" TO '8MB'`],
    ['application_name=a=b', `"application_name" TO 'a=b'`],
    [`application_name=it's`, `"application_name" TO 'it''s'`],
    ['app.tenant=', `"app.tenant" TO ''`],
    // A list is a list of names, not one name with commas in it.
    ['search_path=shop, "Odd, ""x""", public', `"search_path" TO 'shop', 'Odd, "x"', 'public'`],
    ['search_path=""', `"search_path" TO ''`],
    ['DateStyle=ISO, DMY', `"DateStyle" TO 'ISO, DMY'`],
  ])('turn %s into %s', (setting, expected) => {
    expect(assignment(setting)).toBe(expected);
  });

  test('hold in one database or in all, and for the new master', () => {
    const settings = [{ setting: 'work_mem=8MB' }, { database: `D"b`, setting: 'work_mem=9MB' }];
    expect(settingsOf({ ...PLAIN, name: 'master', settings }, OTHER)).toEqual([
      `ALTER ROLE "New ""master""" SET "work_mem" TO '8MB'`,
      `ALTER ROLE "New ""master""" IN DATABASE "D""b" SET "work_mem" TO '9MB'`,
    ]);
  });
});

describe('memberships', () => {
  const before16 = { role: 'owner', member: 'master', admin: false };
  const since16 = { role: 'owner', member: 'master', admin: true, inherit: true, set: true };
  /** What whoever makes a role gets with it from PostgreSQL 16 on. */
  const implied = { role: 'owner', member: 'master', admin: true, inherit: false, set: false };

  test.each([
    ['one of an old server is granted to an old one', before16, [], [before16]],
    ['one of an old server is granted on top of the implied one', before16, [implied], [before16]],
    ['the implied one is not granted again', implied, [implied], []],
    ['a full one is granted without the option that is there', since16, [implied], [{ ...since16, admin: false }]],
    ['one that is there is left alone', before16, [since16], []],
    ['the right to grant is added', since16, [{ ...since16, admin: false }], [since16]],
  ])('%s', (_, wanted, present, expected) => {
    expect(missingMemberships([wanted], present, SAME)).toEqual(expected);
  });

  test('of and in the master are those of the new one', () => {
    const wanted = [before16, { role: 'master', member: 'friend', admin: false }];
    expect(missingMemberships(wanted, [], OTHER).map(membershipGrant)).toEqual([
      'GRANT "owner" TO "New ""master"""',
      'GRANT "New ""master""" TO "friend"',
    ]);
  });

  test('are granted with the options that are known', () => {
    expect(membershipGrant({ ...before16, admin: true })).toBe('GRANT "owner" TO "master" WITH ADMIN OPTION');
    expect(membershipGrant({ ...since16, set: false })).toBe(
      'GRANT "owner" TO "master" WITH ADMIN OPTION, INHERIT TRUE, SET FALSE',
    );
  });
});
