import { describeRemark, Remark } from '../../../src/contract/remark';
import { restore } from '../../../src/runtime/actions/restore';
import { asSuperuser } from '../../support/superuser';
import { RealWorld } from '../real-world';
import { RestoreWorld } from '../restore/restore-world';
import { backedUp } from '../restore/sample-backup';

const MASTER = { username: 'shopmaster', password: 'pass' };

let source: RealWorld;
let remarks: string[];

beforeAll(async () => {
  source = await RealWorld.start(17);
  // Rights on an extension, on what is PostgreSQL's own and on a parameter, and some of the master's own.
  await source.sql(
    'shop',
    'CREATE EXTENSION sandbox_cron',
    'CREATE ROLE "the app"',
    'CREATE SCHEMA sales',
    'CREATE TABLE sales.job (id integer, "a ON SCHEMA sandbox_cron TO" integer)',
    'GRANT USAGE ON SCHEMA sales, public TO "the app"',
    'GRANT SELECT ("a ON SCHEMA sandbox_cron TO") ON sales.job TO "the app"',
  );
  await asSuperuser(
    source.server,
    'shop',
    'REVOKE USAGE ON SCHEMA sandbox_cron FROM PUBLIC',
    'GRANT USAGE, CREATE ON SCHEMA sandbox_cron TO "the app"',
    'GRANT SELECT (name), UPDATE (name) ON sandbox_cron.reference TO shopmaster',
    'GRANT EXECUTE ON FUNCTION sandbox_cron.schedule(text) TO "the app" WITH GRANT OPTION',
    'GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_reset() TO "the app", rds_superuser',
    'GRANT SET ON PARAMETER log_statement TO "the app"',
    'ALTER DEFAULT PRIVILEGES FOR ROLE rdsadmin GRANT SELECT ON TABLES TO "the app"',
    // AND objects that belong to its roles, of which the master may take on one
    'CREATE SCHEMA kept',
    'CREATE TABLE sales.shared AS SELECT 2 AS id; ALTER TABLE sales.shared OWNER TO rds_superuser',
  );
  await backedUp(source, '2026-11-22T03:00:00Z');
  const found = source.events.filter(({ event }) => event === 'backup-remark');
  remarks = found.map((remark) => describeRemark(remark as unknown as Remark));
});
afterAll(async () => source?.stop());

test('rights that the provider gave on its own objects are remarks of the backup', () => {
  const provider = 'it belongs to the provider, who alone gives rights on it';
  expect(remarks.filter((remark) => !/: table /.test(remark))).toEqual([
    'right on parameter log_statement: only a superuser gives it: SET to the app is not restored. Run by hand: GRANT SET ON PARAMETER log_statement TO "the app";',
    `database shop: right on function pg_catalog.pg_stat_reset(): ${provider}: EXECUTE to the app is not restored. Run by hand: GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_reset() TO "the app";`,
    `database shop: right on function sandbox_cron.schedule(command text): ${provider}: EXECUTE to the app is not restored. Run by hand: GRANT EXECUTE ON FUNCTION sandbox_cron.schedule(command text) TO "the app";`,
    `database shop: right on schema sandbox_cron: ${provider}: CREATE, USAGE to the app is not restored. Run by hand: GRANT CREATE, USAGE ON SCHEMA sandbox_cron TO "the app";`,
    `database shop: right on table sandbox_cron.reference: ${provider}: SELECT (name), UPDATE (name) to shopmaster is not restored. Run by hand: GRANT SELECT (name), UPDATE (name) ON TABLE sandbox_cron.reference TO shopmaster;`,
    'database shop: default privileges rdsadmin: only the provider changes its own: those of what rdsadmin creates are not restored',
  ]);
});

const notKept = (owner: string, object: string, message: string) =>
  `database shop: ${object}: it belongs to the master user, not to ${owner}: the server refused it: ${message}. ` +
  `Run by hand: ALTER ${object.replace(/^[a-z]+/, (kind) => kind.toUpperCase())} OWNER TO ${owner};`;
const SHARED = `SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname = 'shared'`;

test.each<[string, string[], string[], string]>([
  ['on RDS', [], [notKept('rdsadmin', 'schema kept', 'must be able to SET ROLE "rdsadmin"')], 'rds_superuser'],
  [
    'on a server that is not RDS',
    [
      'CREATE ROLE house SUPERUSER',
      'SET SESSION AUTHORIZATION house',
      'ALTER ROLE rdsadmin RENAME TO of_the_house',
      'ALTER ROLE rds_superuser RENAME TO staff',
    ],
    [
      'database shop: role rds_superuser: this server does not have the role, so this was not run: GRANT ALL ON FUNCTION pg_catalog.pg_stat_reset() TO "rds_superuser"',
      'database shop: role rdsadmin: this server does not have the role, so this was not run: ALTER DEFAULT PRIVILEGES FOR ROLE "rdsadmin" GRANT SELECT ON TABLES TO "the app"',
      'role shopmaster: it is not a member of rds_superuser (role "rds_superuser" does not exist). Run by hand: GRANT "rds_superuser" TO "shopmaster" WITH ADMIN OPTION, INHERIT TRUE, SET TRUE;',
      notKept('rdsadmin', 'schema kept', 'role "rdsadmin" does not exist'),
      notKept('rds_superuser', 'table sales.shared', 'role "rds_superuser" does not exist'),
    ],
    MASTER.username,
  ],
])('they fail no restore %s, and all other rights come back', async (_, make, more, owner) => {
  const target = await RestoreWorld.start(source, 17, MASTER);
  try {
    await asSuperuser(target.target, 'postgres', ...make);
    const answer = await restore(target.request(), target.runtime());
    expect(answer.remarks.map(describeRemark)).toEqual([...remarks, ...more]);
    const rights = `SELECT has_schema_privilege('the app', 'sales', 'USAGE')
      AND has_column_privilege('the app', 'sales.job', 'a ON SCHEMA sandbox_cron TO', 'SELECT')
      AND has_table_privilege('the app', 'sales.shared', 'SELECT') AS given`;
    expect(await target.sql('shop', rights)).toEqual([{ given: true }]);
    expect(await target.sql('shop', SHARED)).toEqual([{ owner }]);
    // AND nothing that was lent to owners is left
    const lent = `SELECT has_schema_privilege('rds_superuser', 'sales', 'CREATE') AS lent`;
    if (owner === 'rds_superuser') expect(await target.sql('shop', lent)).toEqual([{ lent: false }]);
  } finally {
    await target.stop();
  }
});
