import { createHash } from 'node:crypto';
import { DatabaseIdentity } from '../../../src/contract/manifest';
import { DatabaseConnection, withClient } from '../../../src/runtime/postgres/connection';
import { readUserDatabases } from '../../../src/runtime/postgres/server';
import { requireWritableTexts } from '../../../src/runtime/postgres/server-names';
import { connectionTo, serverEncodings } from '../../support/encoded-database';
import { startServer, TemporaryServer } from '../../support/postgresql-server';

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

let temporary: TemporaryServer;
let connection: DatabaseConnection;
let encodings: string[];

beforeAll(async () => {
  temporary = await startServer({ identifier: 'names' });
  connection = connectionTo(temporary.server);
  encodings = await withClient(connection, 'postgres', serverEncodings);
  for (const encoding of encodings) {
    const options = `TEMPLATE template0 STRATEGY file_copy ENCODING '${encoding}' LOCALE 'C'`;
    await run('postgres', 'UTF8', `CREATE DATABASE "in_${encoding}" ${options}`);
  }
});
afterAll(async () => temporary?.stop());

async function run(database: string, encoding: string, ...statements: string[]): Promise<void> {
  const work = async (client: { query(statement: string): Promise<unknown> }) => {
    for (const statement of statements) await client.query(statement);
  };
  await withClient(connection, database, work, encoding);
}

/** What a backup would name. */
async function problems(): Promise<string[]> {
  return (await examined()).problems;
}

async function examined(as = connection): Promise<{ problems: string[]; withOtherNames: string[] }> {
  const databases: DatabaseIdentity[] = await withClient(connection, 'postgres', readUserDatabases);
  const found: string[] = [];
  const log = {
    info: () => undefined,
    warn: (_: string, facts: object = {}) => void found.push(...(Object.values(facts) as string[])),
  };
  const withOtherNames = await requireWritableTexts(as, databases, log).catch((error: Error) => {
    if (found.length === 0) throw error;
    expect(error.message).toContain(found[0]);
    return [];
  });
  return { problems: found, withOtherNames: [...withOtherNames] };
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

test('a database whose name has a line break is named', async () => {
  await run('postgres', 'UTF8', 'CREATE DATABASE "new\nline"');
  expect(await problems()).toEqual(['database "new\\nline", whose name has a line break, which pg_restore refuses']);
  await run('postgres', 'UTF8', 'DROP DATABASE "new\nline"');
});

test('databases are found in which a role has something whose name is not valid in their encoding', async () => {
  // GIVEN
  for (const [name, encoding] of ROLES) {
    await run(encoding === 'UTF8' ? 'postgres' : `in_${encoding}`, encoding, `CREATE ROLE "${name}"`);
    await run(encoding === 'UTF8' ? 'postgres' : `in_${encoding}`, encoding, `GRANT "${name}" TO shopmaster`);
  }
  const giveSchema = async (encoding: string) =>
    // The names come out of the catalog as they are, as those of a role do that connects by itself.
    run(
      `in_${encoding}`,
      'SQL_ASCII',
      `DO $$ DECLARE r record; BEGIN
         FOR r IN SELECT oid, rolname FROM pg_roles WHERE rolname NOT LIKE 'pg%' AND rolname NOT LIKE 'rds%' AND rolname <> 'shopmaster' LOOP
           EXECUTE format('CREATE SCHEMA s%s AUTHORIZATION %I', r.oid, r.rolname);
         END LOOP;
       END $$`,
    );

  for (const encoding of encodings) await giveSchema(encoding);

  // THEN the names that the administration database cannot write are named
  expect(await examined()).toEqual({
    problems: [
      'role J\\xFCrgen in database postgres, encoding UTF8',
      'role \\xA4\\xCF in database postgres, encoding UTF8',
    ],
    withOtherNames: [],
  });

  // AND without those, the databases that cannot write one of the others, in every encoding
  for (const [name, encoding] of ROLES.filter(([, each]) => each !== 'UTF8')) {
    for (const each of encodings) {
      await run(
        `in_${each}`,
        'SQL_ASCII',
        `DO $$ BEGIN EXECUTE (SELECT format('DROP SCHEMA s%s', oid) FROM pg_roles WHERE pg_catalog.md5(rolname::text) = '${createHash('md5').update(name, 'latin1').digest('hex')}'); END $$`,
      );
    }
    await run(`in_${encoding}`, encoding, `DROP ROLE "${name}"`);
  }
  const expected: string[] = [];
  for (const encoding of encodings) {
    const names = ROLES.flatMap(([name, each]) => (each === 'UTF8' ? [Buffer.from(name)] : []));
    const accepted = await Promise.all(names.map(async (name) => isAccepted(`in_${encoding}`, name)));
    if (accepted.includes(false)) expected.push(`in_${encoding}`);
  }
  const { problems: none, withOtherNames } = await examined();
  expect({ none, withOtherNames: withOtherNames.sort() }).toEqual({ none: [], withOtherNames: expected.sort() });
  expect(withOtherNames).toContain('in_EUC_JP');
  expect(withOtherNames).not.toContain('in_LATIN1');
  expect(withOtherNames).not.toContain('in_UTF8');
});

test('the master, who cannot have another name, is named', async () => {
  await run('postgres', 'UTF8', `ALTER ROLE "à" LOGIN PASSWORD 'pass'`);
  const found = (await examined({ ...connection, username: 'à', password: 'pass' })).problems;
  expect(found).toContain('role à in database in_EUC_JP, encoding EUC_JP');
  expect(found).not.toContain('role ß in database in_EUC_JP, encoding EUC_JP');
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
