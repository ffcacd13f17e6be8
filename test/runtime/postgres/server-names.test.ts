import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { CertificateAuthority } from '../../../sandbox/certificate-authority';
import { PostgreSqlServer } from '../../../sandbox/postgresql/server';
import { DatabaseIdentity } from '../../../src/contract/manifest';
import { DatabaseConnection, withClient } from '../../../src/runtime/postgres/connection';
import { readUserDatabases } from '../../../src/runtime/postgres/server';
import { requireWritableTexts } from '../../../src/runtime/postgres/server-names';
import { connectionTo, serverEncodings } from '../../support/encoded-database';

jest.setTimeout(60_000);

/** Names of roles, and the encoding of the database in which each is created. */
const ROLES = [
  ['à', 'UTF8'],
  ['ß', 'UTF8'],
  ['É', 'UTF8'],
  ['Jürgen', 'UTF8'],
  ['漢字', 'UTF8'],
  ['J\xFCrgen', 'LATIN1'],
  ['\xA4\xCF', 'EUC_JP'],
] as const;

let directory: string;
let server: PostgreSqlServer;
let connection: DatabaseConnection;
let encodings: string[];

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'server-names-'));
  await chmod(directory, 0o711);
  server = await PostgreSqlServer.start({
    identifier: 'names',
    major: 17,
    dataDirectory: path.join(directory, 'server'),
    master: { username: 'shopmaster', password: 'secret' },
    certificateAuthority: await CertificateAuthority.create(path.join(directory, 'authority')),
  });
  connection = connectionTo(server);
  encodings = await withClient(connection, 'postgres', serverEncodings);
  for (const encoding of encodings) {
    const options = `TEMPLATE template0 STRATEGY file_copy ENCODING '${encoding}' LOCALE 'C'`;
    await run('postgres', 'UTF8', `CREATE DATABASE "in_${encoding}" ${options}`);
  }
});
afterAll(async () => {
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function run(database: string, encoding: string, ...statements: string[]): Promise<void> {
  const work = async (client: { query(statement: string): Promise<unknown> }) => {
    for (const statement of statements) await client.query(statement);
  };
  await withClient(connection, database, work, encoding);
}

/** What a backup would name. */
async function problems(): Promise<string[]> {
  const databases: DatabaseIdentity[] = await withClient(connection, 'postgres', readUserDatabases);
  const found: string[] = [];
  const log = {
    info: () => undefined,
    warn: (_: string, facts: object = {}) => void found.push(...(Object.values(facts) as string[])),
  };
  await requireWritableTexts(connection, databases, log).catch((error: Error) => {
    if (found.length === 0) throw error;
    expect(error.message).toContain(found[0]);
  });
  return found;
}

/** Whether a session of the database can write the bytes. */
async function isAccepted(database: string, bytes: Buffer): Promise<boolean> {
  return run(database, 'SQL_ASCII', `SELECT '${bytes.toString('latin1')}'`).then(
    () => true,
    () => false,
  );
}

test('a server whose names every database can write has no problems', async () => {
  expect(await problems()).toEqual([]);
});

test('a role is named where a database that it has something in cannot write its name, in every encoding', async () => {
  // GIVEN
  for (const [name, encoding] of ROLES) {
    await run(encoding === 'UTF8' ? 'postgres' : `in_${encoding}`, encoding, `CREATE ROLE "${name}"`);
    await run(encoding === 'UTF8' ? 'postgres' : `in_${encoding}`, encoding, `GRANT "${name}" TO shopmaster`);
  }
  for (const encoding of encodings) {
    // The names come out of the catalog as they are, as those of a role do that connects by itself.
    await run(
      `in_${encoding}`,
      'SQL_ASCII',
      `DO $$ DECLARE r record; BEGIN
         FOR r IN SELECT oid, rolname FROM pg_roles WHERE rolname NOT LIKE 'pg%' AND rolname NOT LIKE 'rds%' AND rolname <> 'shopmaster' LOOP
           EXECUTE format('CREATE SCHEMA s%s AUTHORIZATION %I', r.oid, r.rolname);
         END LOOP;
       END $$`,
    );
  }

  // THEN
  const expected: string[] = [];
  for (const [name, roleEncoding] of ROLES) {
    const bytes = Buffer.from(name, roleEncoding === 'UTF8' ? 'utf8' : 'latin1');
    const readable = roleEncoding === 'UTF8' ? name : { LATIN1: 'J\\xFCrgen', EUC_JP: '\\xA4\\xCF' }[roleEncoding];
    for (const [database, encoding] of [['postgres', 'UTF8'], ...encodings.map((each) => [`in_${each}`, each])]) {
      if (await isAccepted(database, bytes)) continue;
      expected.push(`role ${readable} in database ${database}, encoding ${encoding}`);
    }
  }
  const found = await problems();
  expect([...found].sort()).toEqual(expected.sort());
  expect(found).toContain('role à in database in_EUC_JP, encoding EUC_JP');
  expect(found).toContain('role J\\xFCrgen in database postgres, encoding UTF8');
  expect(found).not.toContain('role Jürgen in database in_EUC_JP, encoding EUC_JP');
});

test('settings, comments and database names that were written in another encoding are named', async () => {
  // GIVEN
  const before = new Set(await problems());
  await run(
    'in_LATIN1',
    'LATIN1',
    'CREATE ROLE plain',
    `ALTER ROLE plain SET application_name = '\xFC'`,
    `COMMENT ON ROLE plain IS 'f\xFCr'`,
    `ALTER DATABASE "in_LATIN1" SET application_name = '\xE0'`,
    `COMMENT ON DATABASE "in_EUC_CN" IS '\xE0 '`,
    `CREATE DATABASE "gr\xFCn"`,
  );
  try {
    // THEN
    expect((await problems()).filter((problem) => !before.has(problem))).toEqual([
      'comment on database in_EUC_CN (\\xE0 ) in database in_EUC_CN, encoding EUC_CN',
      'comment on role plain (f\\xFCr) in database postgres, encoding UTF8',
      'database gr\\xFCn in database postgres, encoding UTF8',
      'setting of database in_LATIN1 (application_name=\\xE0) in database postgres, encoding UTF8',
      'setting of role plain (application_name=\\xFC) in database postgres, encoding UTF8',
    ]);
  } finally {
    await run('in_LATIN1', 'LATIN1', `DROP DATABASE "gr\xFCn"`);
  }
});
