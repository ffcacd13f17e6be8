import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { CertificateAuthority } from '../../../sandbox/certificate-authority';
import { PostgreSqlServer } from '../../../sandbox/postgresql/server';
import { DatabaseIdentity } from '../../../src/contract/manifest';
import { describeRemark } from '../../../src/contract/remark';
import { connect, DatabaseConnection } from '../../../src/runtime/postgres/connection';
import { readRemarksOfDatabases, readServerRemarks } from '../../../src/runtime/postgres/remarks';
import { readRoles } from '../../../src/runtime/postgres/roles';
import { asSuperuser } from '../../support/superuser';

let directory: string;
let server: PostgreSqlServer;
let connection: DatabaseConnection;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'remarks-'));
  await chmod(directory, 0o711);
  server = await PostgreSqlServer.start({
    identifier: 'remarks',
    major: 17,
    dataDirectory: path.join(directory, 'server'),
    master: { username: 'shopmaster', password: 'secret' },
    databaseName: 'shop',
    certificateAuthority: await CertificateAuthority.create(path.join(directory, 'authority')),
  });
  const { host, port, master, caFile } = server;
  connection = { host, port, ...master, certificateFile: caFile };
}, 60_000);
afterAll(async () => {
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function serverRemarks() {
  const client = await connect(connection, 'postgres');
  try {
    return (await readServerRemarks(client, await readRoles(client))).map(describeRemark);
  } finally {
    await client.end();
  }
}

async function databaseRemarks(...names: string[]) {
  const databases = names.map((name) => ({ name, encoding: 'UTF8' }) as DatabaseIdentity);
  return readRemarksOfDatabases(connection, databases);
}

test('a database as on RDS gives no remark', async () => {
  expect(await serverRemarks()).toEqual([]);
  expect(await databaseRemarks('postgres', 'shop')).toEqual([]);
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
    'CREATE FOREIGN DATA WRAPPER nothing',
    'CREATE SERVER far FOREIGN DATA WRAPPER nothing',
    `CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (password 'x')`,
    `CREATE USER MAPPING FOR auditor SERVER far OPTIONS (password 'x')`,
    `CREATE SUBSCRIPTION upstream CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)`,
  );
  const superuser = 'only a superuser can create it, which the master user of RDS is not';
  expect((await databaseRemarks('shop')).map(describeRemark)).toEqual([
    `database shop: foreign-data wrapper nothing: ${superuser}`,
    `database shop: function billing.area(integer): written in internal: ${superuser}`,
    `database shop: function billing.secret(integer): LEAKPROOF: ${superuser}`,
    `database shop: operator class billing.int_reverse: ${superuser}`,
    'database shop: index billing.t A: it is restored outside of its tablespace fast disk. ' +
      'Run by hand: ALTER INDEX billing."t A" SET TABLESPACE "fast disk";',
    'database shop: table billing.t: it is restored outside of its tablespace fast disk. ' +
      'Run by hand: ALTER TABLE billing.t SET TABLESPACE "fast disk";',
    expect.stringMatching(
      /^database shop: user mapping auditor on server far: .* ALTER USER MAPPING FOR auditor SERVER far/,
    ),
    expect.stringMatching(
      /^database shop: user mapping public on server far: .* ALTER USER MAPPING FOR PUBLIC SERVER far/,
    ),
    'database shop: subscription upstream: pg_dump leaves subscriptions out unless a superuser runs it',
  ]);
});
