import { withoutMissingProviderRoles } from '../../../src/runtime/restore/provider-grants';

const MISSING = [
  'REVOKE ALL ON SCHEMA public FROM "rdsadmin"',
  'GRANT SELECT ON TABLE t TO "rds_superuser" WITH GRANT OPTION',
  'ALTER DEFAULT PRIVILEGES FOR ROLE "rdsadmin" IN SCHEMA s GRANT ALL ON TABLES TO "app"',
  'ALTER DEFAULT PRIVILEGES FOR ROLE "rdsadmin" REVOKE ALL ON TABLES FROM "app"',
];
const PRESENT = ['GRANT SELECT ON TABLE t TO "app"', 'GRANT SELECT ON TABLE t TO "pg_monitor"'];

test('statements about roles of RDS that the server lacks are remarks; all others are kept', () => {
  const { statements, remarks } = withoutMissingProviderRoles(
    [...MISSING, ...PRESENT],
    new Set(['app', 'pg_monitor']),
    'shop',
  );
  expect(statements).toEqual(PRESENT);
  expect(remarks.map(({ name }) => name)).toEqual(['rdsadmin', 'rds_superuser', 'rdsadmin', 'rdsadmin']);
});

test('what a missing role of RDS granted is left out, until another one acts', () => {
  const { statements, remarks } = withoutMissingProviderRoles(
    ['SET ROLE "rdsadmin"', PRESENT[0], 'RESET ROLE', PRESENT[1]],
    new Set(['app', 'pg_monitor']),
    'shop',
  );
  expect(statements).toEqual([PRESENT[1]]);
  expect(remarks).toEqual([expect.objectContaining({ name: 'rdsadmin', reason: expect.stringContaining(PRESENT[0]) })]);
});

test('nothing is left out on RDS', () => {
  const on = new Set(['app', 'pg_monitor', 'rdsadmin', 'rds_superuser']);
  expect(withoutMissingProviderRoles([...MISSING, ...PRESENT], on, 'shop')).toEqual({
    statements: [...MISSING, ...PRESENT],
    remarks: [],
  });
});
