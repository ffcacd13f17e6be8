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

describe('creationOf', () => {
  test('leaves out defaults', () => {
    expect(creationOf(PLAIN)).toEqual(['CREATE ROLE "reader" CONNECTION LIMIT -1']);
  });

  test('writes and quotes every property', () => {
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

describe('settingsOf', () => {
  test.each([
    ['work_mem=8MB', `"work_mem" TO '8MB'`],
    ['application_name=a=b', `"application_name" TO 'a=b'`],
    [`application_name=it's`, `"application_name" TO 'it''s'`],
    ['app.tenant=', `"app.tenant" TO ''`],
    // A list is a list of names, not one name with commas in it.
    ['search_path=shop, "Odd, ""x""", public', `"search_path" TO 'shop', 'Odd, "x"', 'public'`],
    ['search_path=""', `"search_path" TO ''`],
    ['DateStyle=ISO, DMY', `"DateStyle" TO 'ISO, DMY'`],
  ])('writes %s as %s', (setting, expected) => {
    expect(assignment(setting)).toBe(expected);
  });

  test('for one database or all, with the name of the target master', () => {
    const settings = [{ setting: 'work_mem=8MB' }, { database: `D"b`, setting: 'work_mem=9MB' }];
    expect(settingsOf({ ...PLAIN, name: 'master', settings }, OTHER)).toEqual([
      `ALTER ROLE "New ""master""" SET "work_mem" TO '8MB'`,
      `ALTER ROLE "New ""master""" IN DATABASE "D""b" SET "work_mem" TO '9MB'`,
    ]);
  });
});

describe('missingMemberships', () => {
  const before16 = { role: 'owner', member: 'master', admin: false };
  const since16 = { role: 'owner', member: 'master', admin: true, inherit: true, set: true };
  /** Granted to the creator of a role since PostgreSQL 16. */
  const implicit = { role: 'owner', member: 'master', admin: true, inherit: false, set: false };

  test.each([
    ['a membership of an old server is granted', before16, [], [before16]],
    ['a membership of an old server is granted on top of the implicit one', before16, [implicit], [before16]],
    ['the implicit membership is not granted again', implicit, [implicit], []],
    ['ADMIN is not granted again', since16, [implicit], [{ ...since16, admin: false }]],
    ['a membership that exists is not granted', before16, [since16], []],
    ['a missing ADMIN is granted', since16, [{ ...since16, admin: false }], [since16]],
  ])('%s', (_, wanted, present, expected) => {
    expect(missingMemberships([wanted], present, SAME)).toEqual(expected);
  });

  test('the target master replaces the source master', () => {
    const wanted = [before16, { role: 'master', member: 'friend', admin: false }];
    expect(missingMemberships(wanted, [], OTHER).map(membershipGrant)).toEqual([
      'GRANT "owner" TO "New ""master"""',
      'GRANT "New ""master""" TO "friend"',
    ]);
  });

  test('grants only known options', () => {
    expect(membershipGrant({ ...before16, admin: true })).toBe('GRANT "owner" TO "master" WITH ADMIN OPTION');
    expect(membershipGrant({ ...since16, set: false })).toBe(
      'GRANT "owner" TO "master" WITH ADMIN OPTION, INHERIT TRUE, SET FALSE',
    );
  });
});
