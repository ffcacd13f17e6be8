import { compareDatabases } from '../../../sandbox/compare-databases';
import { PostgreSqlServer } from '../../../sandbox/postgresql/server';
import { backUp } from '../../../src/runtime/actions/back-up';
import { restore } from '../../../src/runtime/actions/restore';
import { asSuperuser } from '../../support/superuser';
import { RealWorld } from '../real-world';
import { RestoreWorld } from '../restore/restore-world';

let source: RealWorld;
let target: RestoreWorld;

beforeAll(async () => {
  source = await RealWorld.start(17);
  target = await RestoreWorld.start(source, 18, { username: 'operator', password: 'pass' });
});
afterAll(async () => {
  await target?.stop();
  await source?.stop();
});

/** A session of the master ends within milliseconds unless these are switched off while it begins. */
const SHORT_TIMEOUTS = ['transaction_timeout', 'idle_session_timeout', 'statement_timeout', 'lock_timeout'].map(
  (name) => `${name} = '1ms'`,
);
const HOSTILE = [...SHORT_TIMEOUTS, 'default_transaction_read_only = on'];

async function setForMaster(server: PostgreSqlServer, settings: readonly string[]): Promise<void> {
  for (const setting of settings) {
    await asSuperuser(server, 'postgres', `ALTER ROLE ${server.master.username} SET ${setting}`);
  }
}

test('settings of the master change nothing, at the source and at the target', async () => {
  // GIVEN
  await source.sql('postgres', 'CREATE ROLE other', 'GRANT other TO CURRENT_USER', 'CREATE TABLE counted (a int)');
  await source.sql(
    'shop',
    `CREATE TABLE words AS SELECT n, ARRAY['a', NULL, 'NULL'] AS words FROM generate_series(1, 50000) AS n`,
  );
  await setForMaster(source.server, [...HOSTILE, "role = 'other'"]);
  await setForMaster(target.target, [...HOSTILE, 'array_nulls = off']);

  // WHEN
  await backUp(
    { action: 'back-up', storage: source.storageSettings, database: source.databaseSettings, retentionDays: 7 },
    source.runtime(),
  );
  await restore(target.request(), target.runtime());

  // THEN
  for (const { server } of [source, { server: target.target }]) {
    await asSuperuser(server, 'postgres', `ALTER ROLE ${server.master.username} RESET ALL`);
  }
  expect(await compareDatabases(...target.compared)).toEqual([]);
});
