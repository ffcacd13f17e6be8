import { LeftOut } from '../../../src/contract/left-out';
import { describeRemark } from '../../../src/contract/remark';
import { backUp } from '../../../src/runtime/actions/back-up';
import { restore } from '../../../src/runtime/actions/restore';
import { show } from '../../../src/runtime/actions/show';
import { asSuperuser } from '../../support/superuser';
import { RealWorld } from '../real-world';
import { RestoreWorld } from '../restore/restore-world';

let source: RealWorld;
let target: RestoreWorld;

beforeAll(async () => {
  source = await RealWorld.start(15);
  target = await RestoreWorld.start(source, 15, { username: 'operator', password: 'pass' });
  await source.sql(
    'shop',
    'CREATE TABLE orders (id int PRIMARY KEY)',
    'INSERT INTO orders VALUES (1), (2)',
    'CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, day date, order_id int REFERENCES orders) PARTITION BY RANGE (day)',
    `CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`,
    `INSERT INTO events (day, order_id) VALUES ('2026-11-24', 1)`,
    'CREATE SCHEMA "audit log"',
    'CREATE TYPE "audit log".kind AS ENUM (\'a\')',
    'CREATE TABLE "audit log"."Entry" (kind "audit log".kind)',
    'CREATE VIEW "audit log".entries AS SELECT * FROM "audit log"."Entry"',
    'CREATE EXTENSION sandbox_cron',
    `SELECT sandbox_cron.schedule('VACUUM')`,
  );
  // What a provider makes: nothing of it can be read.
  await asSuperuser(source.server, 'shop', 'CREATE TABLE of_provider (a int); REVOKE ALL ON of_provider FROM PUBLIC');
  await source.sql(
    'postgres',
    `CREATE DATABASE western TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`,
  );
  await source.sql('western', 'CREATE TABLE "Größe" (a int)', 'INSERT INTO "Größe" VALUES (1)', 'CREATE TABLE kept ()');
});
afterAll(async () => {
  await target?.stop();
  await source?.stop();
});

async function backUpWithout(...leaveOut: LeftOut[]) {
  return backUp(
    {
      action: 'back-up',
      storage: source.storageSettings,
      database: source.databaseSettings,
      retentionDays: 7,
      leaveOut,
    },
    source.runtime(),
  );
}

const tablesOf = async (database: string) =>
  (
    await target.sql(
      database,
      `SELECT format('%s.%s', schemaname, tablename) AS name FROM pg_tables WHERE schemaname !~ '^(pg_|information_)' ORDER BY 1`,
    )
  ).map(({ name }) => name);

test('fails where something that stays needs what is left out, naming both', async () => {
  await source.sql('shop', 'CREATE VIEW newest AS SELECT id FROM orders');
  await expect(
    backUpWithout({ schema: 'public', table: 'orders' }, { schema: 'public', table: 'of_provider' }),
  ).rejects.toMatchObject({
    kind: 'BackupFailed',
    message: expect.stringMatching(
      /constraint events_order_id_fkey on table public.events depends on .*rule _RETURN on view public.newest depends on column id of table public.orders/,
    ),
  });
});

test('tables and schemas that are left out are in no dump and no restore, and every answer names them', async () => {
  // WHEN
  const answer = await backUpWithout(
    { database: 'shop', schema: 'public', table: 'events' },
    { schema: 'audit log' },
    { schema: 'public', table: 'of_provider' },
    { schema: 'sandbox_cron', table: 'job' },
    { schema: 'public', table: 'Größe' },
    { schema: 'nowhere' },
  );
  const restored = await restore(target.request(), target.runtime());

  // THEN
  const said = [
    'database shop: table public.events: left out of the backup, as its settings ask: it is not restored',
    'database shop: schema audit log: left out of the backup, as its settings ask: it is not restored',
    'database shop: table public.of_provider: left out of the backup, as its settings ask: it is not restored',
    'database shop: table sandbox_cron.job: its rows were left out of the backup, as its settings ask',
    'database western: table public.Größe: left out of the backup, as its settings ask: it is not restored',
    'schema nowhere: the settings ask to leave it out of the backup, and it does not exist',
  ];
  expect(answer.remarks!.map(describeRemark)).toEqual(said);
  expect(restored.remarks.map(describeRemark)).toEqual(said);
  const manifest = await show(
    { action: 'show', storage: source.storageSettings, database: 'shop', backup: answer.backup },
    source.runtime(),
  );
  expect(manifest.remarks.map(describeRemark)).toEqual(said);
  const logged = source.events.filter(({ event, backup }) => event === 'backup-remark' && backup === answer.backup);
  expect(logged).toHaveLength(said.length);
  expect(await tablesOf('shop')).toEqual(['public.orders', 'sandbox_cron.job', 'sandbox_cron.reference']);
  expect(await tablesOf('western')).toEqual(['public.kept']);
  expect(await target.sql('shop', 'SELECT count(*)::int AS views FROM newest')).toEqual([{ views: 2 }]);
});
