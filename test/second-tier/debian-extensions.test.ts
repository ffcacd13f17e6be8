import { describeRemark } from '../../src/contract/remark';
import { restore } from '../../src/runtime/actions/restore';
import { RealWorld } from '../runtime/real-world';
import { RestoreWorld } from '../runtime/restore/restore-world';
import { backedUp } from '../runtime/restore/sample-backup';
import { asSuperuser } from '../support/superuser';

const MASTER = { username: 'shopmaster', password: 'pass' };

/** Debian's server, whose packages are `postgresql-15`, `postgresql-15-cron` and `postgresql-15-postgis-3`. */
const DEBIAN = {
  programDirectory: '/usr/lib/postgresql/15',
  settings: { shared_preload_libraries: 'pg_cron', 'cron.database_name': 'postgres' },
};

let source: RealWorld;
let target: RestoreWorld;

beforeAll(async () => {
  source = await RealWorld.start(15, 'shop', DEBIAN);
  target = await RestoreWorld.start(source, 15, MASTER, DEBIAN);
});
afterAll(async () => {
  await target?.stop();
  await source?.stop();
});

test('a server with pg_cron and PostGIS, whose tables belong to the provider, is backed up and restored', async () => {
  // GIVEN extensions as on RDS, where the provider owns what the master makes of them
  for (const server of [source.server, target.target]) {
    await asSuperuser(
      server,
      'postgres',
      'CREATE EXTENSION pg_cron',
      `GRANT USAGE ON SCHEMA cron TO ${MASTER.username}`,
    );
    await asSuperuser(server, 'shop', 'CREATE EXTENSION postgis');
    await asSuperuser(server, 'shop', `GRANT ALL ON spatial_ref_sys TO ${MASTER.username}`);
  }
  await source.sql('postgres', `SELECT cron.schedule('nightly', '0 3 * * *', 'VACUUM')`);
  await source.sql(
    'shop',
    'CREATE TABLE place (id integer PRIMARY KEY, at geometry(Point, 4326), area geography)',
    `INSERT INTO place SELECT n, ST_SetSRID(ST_MakePoint(n, n), 4326), ST_Buffer(ST_MakePoint(n, n)::geography, 100)
     FROM generate_series(1, 50) n`,
    'CREATE INDEX ON place USING gist (at)',
    `INSERT INTO spatial_ref_sys (srid, auth_name, srtext) VALUES (990001, 'ours', 'LOCAL_CS["ours"]')`,
  );

  // WHEN
  await backedUp(source, '2026-11-22T03:00:00Z');
  const answer = await restore(target.request(), target.runtime());

  // THEN
  expect(answer.remarks.map(describeRemark).sort()).toEqual([
    expect.stringMatching(/^database postgres: right on schema cron: it belongs to the provider/),
    expect.stringMatching(/^database postgres: table cron\.job: its rows are not in the backup/),
    expect.stringMatching(/^database postgres: table cron\.job_run_details: its rows are not in the backup/),
    expect.stringMatching(/^database shop: right on table public\.spatial_ref_sys: it belongs to the provider/),
  ]);
  const places = 'SELECT id, ST_AsEWKB(at) AS at, ST_AsBinary(area) AS area FROM place ORDER BY id';
  expect(await target.sql('shop', places)).toEqual(await source.sql('shop', places));
  const systems = 'SELECT count(*), sum(srid) FROM spatial_ref_sys';
  expect(await target.sql('shop', systems)).toEqual(await source.sql('shop', systems));
});
