import { RestoreRequest } from '../../../src/contract/requests';
import { restore } from '../../../src/runtime/actions/restore';
import { asSuperuser } from '../../support/superuser';
import { RealWorld } from '../real-world';
import { RestoreWorld } from '../restore/restore-world';
import { backedUp } from '../restore/sample-backup';

const MASTER = { username: 'shopmaster', password: "An0ther's" };
const FIRST = '20261122T030000Z';
const SECOND = '20261123T030000Z';
const KILLED = 'killed on purpose';

let source: RealWorld;
let world: RestoreWorld;

beforeAll(async () => {
  source = await RealWorld.start(17);
  await source.sql(
    'shop',
    'CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY); INSERT INTO shop.orders VALUES (1), (2)',
    // Refreshing it needs a setting that only this session has.
    `SET shop.mode = 'open'`,
    `CREATE MATERIALIZED VIEW shop.modes AS SELECT current_setting('shop.mode') AS mode`,
    'CREATE MATERIALIZED VIEW shop.counts AS SELECT count(*) FROM shop.orders',
    'CREATE ROLE clerk; GRANT clerk TO CURRENT_USER; GRANT ALL ON SCHEMA shop TO clerk; ALTER TABLE shop.orders OWNER TO clerk',
  );
  await source.sql('postgres', 'CREATE DATABASE second');
  await source.sql('second', 'CREATE TABLE kept AS SELECT 1 AS n');
  await backedUp(source, '2026-11-22T03:00:00Z');
  await source.sql('shop', 'CREATE TABLE shop.lines (order_id int REFERENCES shop.orders (id))');
  // A superuser can store what the constraint forbids.
  await asSuperuser(
    source.server,
    'shop',
    'SET session_replication_role = replica; INSERT INTO shop.lines VALUES (1), (4711)',
  );
  await backedUp(source, '2026-11-23T03:00:00Z');
});
afterAll(async () => source?.stop());

function requestOf(id: string, more: Partial<RestoreRequest> = {}): RestoreRequest {
  return { ...world.request({ kind: 'backup', id }), ...more };
}

/** A runtime that dies when an event is logged. */
function dyingAt(dying: string) {
  const log = {
    info: (event: string) => {
      if (event === dying) throw new Error(KILLED);
    },
    warn: () => undefined,
  };
  return world.runtime({ log });
}

describe('a restore', () => {
  beforeEach(async () => {
    world = await RestoreWorld.start(source, 17, MASTER);
  });
  afterEach(async () => world.stop());

  test('a materialized view that cannot be refreshed is a remark, with the statement; all else is there', async () => {
    const events = source.events.length;
    const answer = await restore(requestOf(FIRST), world.runtime());

    const remark = {
      database: 'shop',
      type: 'materialized view data',
      schema: 'shop',
      name: 'modes',
      reason: 'the server refused it: unrecognized configuration parameter "shop.mode"',
      statement: 'REFRESH MATERIALIZED VIEW shop.modes;',
    };
    expect(answer).toMatchObject({ outcome: 'Restored', remarks: [remark], notEnforced: [] });
    expect(source.events.slice(events)).toContainEqual({ level: 'warn', event: 'restore-remark', ...remark });
    expect(await world.sql('shop', 'SELECT * FROM shop.counts')).toEqual([{ count: '2' }]);
    // A second start repeats the remarks.
    expect(await restore(requestOf(FIRST), world.runtime())).toMatchObject({
      outcome: 'AlreadyRestored',
      remarks: [remark],
    });
  });

  test('a constraint that the server refuses fails the restore, and the message names it', async () => {
    await expect(restore(requestOf(SECOND), world.runtime())).rejects.toMatchObject({
      kind: 'DatabaseFault',
      message: expect.stringMatching(
        /^Database shop could not be restored: .*fk constraint shop\.lines lines_order_id_fkey: /,
      ),
    });

    // WHEN the request says so, the restore goes on without it
    const answer = await restore(requestOf(SECOND, { keepGoing: true }), world.runtime());
    expect(answer.notEnforced).toEqual([
      expect.objectContaining({ type: 'fk constraint', schema: 'shop', name: 'lines lines_order_id_fkey' }),
    ]);
    expect(await world.sql('shop', 'SELECT order_id FROM shop.lines ORDER BY 1')).toEqual([
      { order_id: 1 },
      { order_id: 4711 },
    ]);
  });

  test.each([
    ['DROP DATABASE second', 'database second does not exist'],
    ['DROP DATABASE second; CREATE DATABASE second', 'database second has no tables'],
  ])('a finished restore is not done if its data is gone (%s)', async (sql, reason) => {
    await restore(requestOf(FIRST), world.runtime());
    for (const statement of sql.split('; ')) await world.sql('postgres', statement);

    await expect(restore(requestOf(FIRST), world.runtime())).rejects.toMatchObject({
      kind: 'Refused',
      message: expect.stringContaining(`was finished, but its data is gone: ${reason}.`),
    });
  });

  test('when the backup of an unfinished restore was pruned, emptyTarget takes back what it made and nothing else', async () => {
    // GIVEN a restore that died, and whose backup is gone
    await world.sql('postgres', 'CREATE ROLE bystander');
    await expect(restore(requestOf(FIRST), dyingAt('database-restored'))).rejects.toThrow(KILLED);
    const key = source.keys.manifest(FIRST);
    const manifest = await source.fetch(key);
    await source.remove(key);
    try {
      // THEN the error says what happened and what to do
      await expect(restore(world.request({ kind: 'latest' }), world.runtime())).rejects.toMatchObject({
        kind: 'Refused',
        message: expect.stringMatching(/unfinished restore.*20261122T030000Z.*no longer exists.*--empty-target/),
      });

      // WHEN somebody has used the server since then
      const request = requestOf(SECOND, { emptyTarget: true, keepGoing: true });
      await world.sql('postgres', 'CREATE DATABASE precious');
      await world.sql('precious', 'CREATE TABLE kept AS SELECT 1 AS n');
      // THEN that is not taken back, and in the way
      await expect(restore(request, world.runtime())).rejects.toMatchObject({
        kind: 'Refused',
        message: expect.stringMatching(/database precious .* holds relation public\.kept\./),
      });
      expect(await world.sql('precious', 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
      expect(await world.sql('postgres', `SELECT FROM pg_database WHERE datname = 'second'`)).toEqual([]);
      await world.sql('postgres', 'DROP DATABASE precious');

      // WHEN it is gone
      const answer = await restore(request, world.runtime());

      // THEN
      expect(answer).toMatchObject({ backup: SECOND, outcome: 'Restored' });
      expect(await world.sql('postgres', `SELECT FROM pg_roles WHERE rolname = 'bystander'`)).toHaveLength(1);
      // A finished one is left alone.
      await expect(restore(request, world.runtime())).rejects.toThrow(
        'Only what an unfinished restore created can be deleted',
      );
    } finally {
      await source.replace(key, manifest);
    }
  });
});

describe('a server is not empty', () => {
  beforeAll(async () => {
    world = await RestoreWorld.start(source, 17, MASTER);
  });
  afterAll(async () => world.stop());

  test.each([
    ['template1', 'CREATE TABLE precious ()', 'DROP TABLE precious', 'database template1 at'],
    [
      'shop',
      'CREATE OPERATOR === (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int)',
      'DROP OPERATOR === (int, int)',
      'holds operator public.===.',
    ],
    ['shop', `CREATE COLLATION precious (locale = 'C')`, 'DROP COLLATION precious', 'holds collation public.precious.'],
    [
      'shop',
      'CREATE TEXT SEARCH CONFIGURATION precious (COPY = simple)',
      'DROP TEXT SEARCH CONFIGURATION precious',
      'holds text search configuration public.precious.',
    ],
    ['postgres', 'CREATE PUBLICATION precious', 'DROP PUBLICATION precious', 'holds publication precious.'],
    [
      'shop',
      'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC',
      'ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM PUBLIC',
      'holds default privileges of shopmaster.',
    ],
    ['shop', 'SELECT lo_create(42)', 'SELECT lo_unlink(42)', 'holds large object 42.'],
    [
      'shop',
      'CREATE SCHEMA s; CREATE TABLE s.a (); CREATE TABLE s.b (); CREATE TABLE s.c (); CREATE TABLE s.d (); CREATE TABLE s.e ()',
      'DROP SCHEMA s CASCADE',
      'holds 6 objects: schema s, relation s.a, relation s.b, relation s.c, relation s.d and others, which are in the log.',
    ],
  ])('whose database %s holds something (%s)', async (database, sql, undo, named) => {
    await world.sql(database, sql);
    await expect(restore(requestOf(FIRST), world.runtime())).rejects.toMatchObject({
      kind: 'Refused',
      message: expect.stringContaining(named),
    });
    await world.sql(database, undo);
  });

  test('whatever the kind of what it holds, and all of it is in the log', async () => {
    // GIVEN objects of every kind, some of which only a superuser can make
    const by = async (role: string, ...statements: string[]) =>
      asSuperuser(world.target, 'shop', `SET SESSION AUTHORIZATION ${role}`, ...statements);
    await asSuperuser(world.target, 'shop', 'CREATE ROLE boss SUPERUSER');
    await by(
      'boss',
      'CREATE ACCESS METHOD am TYPE TABLE HANDLER heap_tableam_handler',
      'CREATE FUNCTION public.f() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$',
      'CREATE EVENT TRIGGER e ON ddl_command_start WHEN TAG IN ($$CREATE RULE$$) EXECUTE FUNCTION public.f()',
      'CREATE FOREIGN DATA WRAPPER w',
      'CREATE SERVER s FOREIGN DATA WRAPPER w',
      'CREATE LANGUAGE l HANDLER plpgsql_call_handler',
      'CREATE OPERATOR FAMILY public.fam USING btree',
      'CREATE OPERATOR CLASS public.cls FOR TYPE int USING btree FAMILY public.fam AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int, int)',
      'CREATE TEXT SEARCH PARSER public.p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)',
      'CREATE TEXT SEARCH TEMPLATE public.tmpl (LEXIZE = dsimple_lexize)',
      'CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal))',
      `CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)`,
    );
    await by(
      'shopmaster',
      'CREATE TYPE public.mood AS ENUM ()',
      'CREATE CAST (public.mood AS bytea) WITH INOUT',
      'CREATE CONVERSION public.conv FOR $$LATIN1$$ TO $$UTF8$$ FROM iso8859_1_to_utf8',
      'CREATE TEXT SEARCH DICTIONARY public.d (TEMPLATE = simple)',
      'CREATE TABLE public.t (a int, b int); CREATE STATISTICS public.st ON a, b FROM public.t',
    );
    const events = source.events.length;

    // THEN
    await expect(restore(requestOf(FIRST), world.runtime())).rejects.toMatchObject({ kind: 'Refused' });
    const logged = source.events.slice(events).filter(({ event }) => event === 'target-not-empty');
    expect(logged.map(({ object }) => object).sort()).toEqual([
      'access method am',
      'cast mood AS bytea',
      'conversion public.conv',
      'event trigger e',
      'foreign server s',
      'foreign-data wrapper w',
      'function public.f',
      'language l',
      'operator class public.cls',
      'operator family public.fam',
      'relation public.t',
      'statistics public.st',
      'subscription sub',
      'text search dictionary public.d',
      'text search parser public.p',
      'text search template public.tmpl',
      'transform integer',
      'type public.mood',
    ]);

    // WHEN template1 holds something too, of which the catalogs name no owner: every new database would have it
    await asSuperuser(world.target, 'template1', 'CREATE CAST (bytea AS date) WITH INOUT');
    // THEN
    await expect(restore(requestOf(FIRST), world.runtime())).rejects.toMatchObject({
      message: expect.stringMatching(
        /^A restore fills an empty server only: database template1 .* holds cast bytea AS date\./,
      ),
    });
  });
});
