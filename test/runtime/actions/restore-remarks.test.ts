import { describeRemark } from '../../../src/contract/remark';
import { restore } from '../../../src/runtime/actions/restore';
import { asSuperuser } from '../../support/superuser';
import { RealWorld } from '../real-world';
import { RestoreWorld } from '../restore/restore-world';
import { BACKUP, backedUp } from '../restore/sample-backup';

let source: RealWorld;
let target: RestoreWorld;

beforeAll(async () => {
  source = await RealWorld.start(17);
  target = await RestoreWorld.start(source, 17, { username: 'shopmaster', password: 'pass' });
});
afterAll(async () => {
  await target?.stop();
  await source?.stop();
});

test('what the server cannot have becomes a remark, and templates come back, on a server that is not RDS', async () => {
  // GIVEN
  await asSuperuser(
    source.server,
    'shop',
    'CREATE ROLE auditor BYPASSRLS',
    `ALTER ROLE auditor SET log_statement = 'all'`,
    'CREATE ROLE helper',
    'GRANT rds_superuser TO helper',
  );
  await source.sql('shop', 'CREATE SCHEMA reports', 'GRANT USAGE ON SCHEMA reports TO rds_superuser');
  await source.sql('postgres', 'CREATE DATABASE blueprint IS_TEMPLATE true');
  await source.sql('blueprint', 'CREATE TABLE drawn AS SELECT 1 AS a');
  await source.sql('template1', 'CREATE TABLE in_every_database AS SELECT generate_series(1, 3) AS a');
  await asSuperuser(target.target, 'postgres', 'ALTER ROLE rds_superuser RENAME TO of_another_house');

  // WHEN
  await backedUp(source, '2026-11-22T03:00:00Z');
  const answer = await restore(target.request(), target.runtime());

  // THEN
  expect(answer).toMatchObject({ backup: BACKUP, databases: ['blueprint', 'postgres', 'shop', 'template1'] });
  const remarks = answer.remarks.map(describeRemark);
  expect(remarks).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^role auditor: .* attribute BYPASSRLS\. Run by hand: ALTER ROLE "auditor" BYPASSRLS;$/),
      expect.stringMatching(/^role auditor: its setting log_statement=all was not accepted \(permission denied/),
      expect.stringMatching(/^role helper: it is not a member of rds_superuser \(role "rds_superuser" does not exist/),
      expect.stringMatching(/^database shop: role rds_superuser: .*GRANT USAGE ON SCHEMA reports TO "rds_superuser"$/),
    ]),
  );
  expect(await target.sql('postgres', 'SELECT datname FROM pg_database WHERE datistemplate ORDER BY 1')).toEqual([
    { datname: 'blueprint' },
    { datname: 'template0' },
    { datname: 'template1' },
  ]);
  expect(await target.sql('template1', 'SELECT sum(a)::int AS sum FROM in_every_database')).toEqual([{ sum: 6 }]);
  expect(await target.sql('blueprint', 'SELECT a FROM drawn')).toEqual([{ a: 1 }]);
});
