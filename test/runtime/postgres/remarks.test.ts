import { PostgreSqlServer } from '../../../sandbox/postgresql/server';
import { DatabaseIdentity } from '../../../src/contract/manifest';
import { describeRemark, Remark } from '../../../src/contract/remark';
import { connect, DatabaseConnection, withClient } from '../../../src/runtime/postgres/connection';
import { readDatabaseRemarks, readServerRemarks } from '../../../src/runtime/postgres/remarks';
import { readRoles } from '../../../src/runtime/postgres/roles';
import { connectionTo } from '../../support/encoded-database';
import { startServer, TemporaryServer } from '../../support/postgresql-server';
import { asSuperuser } from '../../support/superuser';

let temporary: TemporaryServer;
let server: PostgreSqlServer;
let connection: DatabaseConnection;

beforeAll(async () => {
  temporary = await startServer({ identifier: 'remarks', databaseName: 'shop' });
  ({ server } = temporary);
  connection = connectionTo(server);
});
afterAll(async () => temporary?.stop());

async function serverRemarks() {
  const client = await connect(connection, 'postgres');
  try {
    return (await readServerRemarks(client, await readRoles(client))).map(describeRemark);
  } finally {
    await client.end();
  }
}

async function databaseRemarks(...names: string[]) {
  const remarks: Remark[] = [];
  for (const name of names) {
    const identity = { name, encoding: 'UTF8' } as DatabaseIdentity;
    remarks.push(...(await withClient(connection, name, async (client) => readDatabaseRemarks(client, identity))));
  }
  return remarks;
}

test('a database as on RDS gives no remark', async () => {
  expect(await serverRemarks()).toEqual([]);
  expect(await databaseRemarks('postgres', 'shop')).toEqual([]);
});

test('a type of ranges and its functions give no remark', async () => {
  await asSuperuser(
    server,
    'shop',
    'CREATE TYPE span AS RANGE (subtype = float8)',
    'CREATE TYPE span_of_text AS RANGE (subtype = text)',
  );
  expect(await databaseRemarks('shop')).toEqual([]);
});

test('a table whose columns come back in another order is a remark', async () => {
  await asSuperuser(
    server,
    'shop',
    'CREATE SCHEMA stars; CREATE TABLE stars.a (class "char", a integer); CREATE TABLE stars.b (b text) INHERITS (stars.a)',
    'CREATE TABLE stars.c (c text) INHERITS (stars.b); CREATE TABLE stars.alike (x integer) INHERITS (stars.a)',
    'ALTER TABLE stars.b ADD COLUMN later integer; ALTER TABLE stars.c DROP COLUMN c',
    'CREATE TABLE stars.p (a integer, b integer) PARTITION BY LIST (a); CREATE TABLE stars.p1 (b integer, a integer)',
    'ALTER TABLE stars.p ATTACH PARTITION stars.p1 DEFAULT',
    'CREATE TABLE stars.d (own integer) INHERITS (stars.alike); ALTER TABLE stars.alike ADD COLUMN y integer',
  );
  expect((await databaseRemarks('shop')).map(describeRemark)).toEqual([
    expect.stringMatching(
      /^database shop: table stars\.d: .* in the order class, a, x, y, own, not class, a, x, own, y, /,
    ),
  ]);
  await asSuperuser(server, 'shop', 'DROP SCHEMA stars CASCADE');
});

test('tablespaces, attributes and settings that need a superuser are remarks', async () => {
  await asSuperuser(
    server,
    'postgres',
    'SET allow_in_place_tablespaces = on',
    `CREATE TABLESPACE "fast disk" LOCATION ''`,
    'CREATE ROLE auditor LOGIN BYPASSRLS REPLICATION',
    'ALTER ROLE auditor SET log_min_messages = warning',
    `ALTER ROLE auditor IN DATABASE shop SET log_statement = 'all'`,
    `ALTER ROLE auditor SET work_mem = '8MB'`,
  );
  const alone = 'can only be made by a superuser: set';
  expect(await serverRemarks()).toEqual([
    expect.stringMatching(
      /^tablespace fast disk: .*default tablespace\. Run by hand: CREATE TABLESPACE "fast disk" LOC/,
    ),
    'role auditor: only a superuser can give it the attribute REPLICATION. Run by hand: ALTER ROLE "auditor" REPLICATION;',
    'role auditor: only a superuser can give it the attribute BYPASSRLS. Run by hand: ALTER ROLE "auditor" BYPASSRLS;',
    `role auditor: its setting log_min_messages=warning ${alone} log_min_messages in the parameter group`,
    `role auditor: its setting log_statement=all in database shop ${alone} log_statement in the parameter group`,
  ]);
});

test('objects that need a superuser, in tablespaces, and with options that cannot be read are remarks', async () => {
  await asSuperuser(
    server,
    'shop',
    'CREATE SCHEMA billing',
    `CREATE FUNCTION billing.area(integer) RETURNS integer LANGUAGE internal AS 'int4abs'`,
    `CREATE FUNCTION billing.secret(integer) RETURNS integer LANGUAGE sql LEAKPROOF AS 'SELECT 1'`,
    'CREATE DOMAIN billing.label AS text',
    'CREATE TYPE billing.pair AS (a integer, b integer)',
    'CREATE OPERATOR CLASS billing.int_reverse FOR TYPE integer USING btree AS OPERATOR 1 >, FUNCTION 1 btint4cmp(integer, integer)',
    'CREATE TABLE billing.t (a integer) TABLESPACE "fast disk"',
    'CREATE INDEX "t A" ON billing.t (a) TABLESPACE "fast disk"',
    'CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler',
    'CREATE TABLE billing.other (a integer) USING other_heap',
    'CREATE FOREIGN DATA WRAPPER nothing',
    'CREATE SERVER far FOREIGN DATA WRAPPER nothing',
    `CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (password 'x')`,
    `CREATE USER MAPPING FOR auditor SERVER far OPTIONS (password 'x')`,
    `CREATE SUBSCRIPTION upstream CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)`,
  );
  const superuser = 'only a superuser can create it, which the master user of RDS is not';
  expect((await databaseRemarks('shop')).map(describeRemark)).toEqual([
    `database shop: access method other_heap: ${superuser}`,
    `database shop: foreign-data wrapper nothing: ${superuser}`,
    `database shop: function billing.area(integer): written in internal: ${superuser}`,
    `database shop: function billing.secret(integer): LEAKPROOF: ${superuser}`,
    `database shop: operator class billing.int_reverse: ${superuser}`,
    'database shop: index billing.t A: it is restored outside of its tablespace fast disk. ' +
      'Run by hand: ALTER INDEX billing."t A" SET TABLESPACE "fast disk";',
    'database shop: table billing.t: it is restored outside of its tablespace fast disk. ' +
      'Run by hand: ALTER TABLE billing.t SET TABLESPACE "fast disk";',
    'database shop: table billing.other: it is restored with the default access method, not with other_heap',
    expect.stringMatching(
      /^database shop: user mapping auditor on server far: .* ALTER USER MAPPING FOR auditor SERVER far/,
    ),
    expect.stringMatching(
      /^database shop: user mapping public on server far: .* ALTER USER MAPPING FOR PUBLIC SERVER far/,
    ),
    'database shop: subscription upstream: pg_dump leaves subscriptions out unless a superuser runs it',
  ]);
});
