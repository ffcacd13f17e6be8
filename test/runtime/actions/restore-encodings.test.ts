import { createHash } from 'node:crypto';
import { backUp } from '../../../src/runtime/actions/back-up';
import { restore } from '../../../src/runtime/actions/restore';
import { connectionTo, createEncodedDatabase, encodedDigest, withBytes } from '../../support/encoded-database';
import { RealWorld } from '../real-world';
import { RestoreWorld } from '../restore/restore-world';

/** One of each kind: bytes alone, one byte a character, several, no conversion at all, and those whose conversion loses. */
const ENCODINGS = ['SQL_ASCII', 'LATIN1', 'WIN1252', 'EUC_JP', 'EUC_TW', 'MULE_INTERNAL', 'UTF8'];

let source: RealWorld;
let target: RestoreWorld;

beforeAll(async () => {
  source = await RealWorld.start(17);
  target = await RestoreWorld.start(source, 17, { username: 'Mäster', password: 'pass' });
});
afterAll(async () => {
  await target?.stop();
  await source?.stop();
});

test('every byte comes back in every encoding, names of databases and roles in UTF-8 included', async () => {
  // GIVEN
  await source.sql('postgres', 'CREATE ROLE "Jürgen"', 'GRANT "Jürgen" TO CURRENT_USER');
  const databases = ENCODINGS.map((encoding) => ({ database: `Größe ${encoding}`, encoding, owner: 'Jürgen' }));
  const before: string[] = [];
  for (const each of databases) {
    await createEncodedDatabase(connectionTo(source.server), each);
    before.push(await encodedDigest(connectionTo(source.server), each.database));
  }

  // WHEN
  await backUp(
    { action: 'back-up', storage: source.storageSettings, database: source.databaseSettings, retentionDays: 7 },
    source.runtime(),
  );
  await restore(target.request(), target.runtime());

  // THEN
  const after: string[] = [];
  for (const { database } of databases) after.push(await encodedDigest(connectionTo(target.target), database));
  expect(after).toEqual(before);
});

/** What roles have in the database, by digests of the bytes of their names. */
const HELD_BY_ROLES = `
  SELECT 'schema ' || nspname || md5(pg_get_userbyid(nspowner)::text || coalesce(nspacl::text, '')) AS line
    FROM pg_namespace WHERE nspname = 'held'
  UNION ALL SELECT 'relation ' || relname || md5(pg_get_userbyid(relowner)::text || coalesce(relacl::text, ''))
    FROM pg_class WHERE relnamespace = 'held'::regnamespace
  UNION ALL SELECT 'policy ' || polname || md5(array_to_string(ARRAY(
      SELECT rolname::text FROM pg_roles WHERE oid = ANY (polroles)), ' '))
    FROM pg_policy
  UNION ALL SELECT 'default privileges ' || md5(pg_get_userbyid(defaclrole)::text || defaclacl::text) FROM pg_default_acl
  UNION ALL SELECT 'function ' || md5(pg_get_userbyid(proowner)::text || prosrc)
    FROM pg_proc WHERE pronamespace = 'held'::regnamespace
  UNION ALL SELECT 'row ' || md5(t::text) FROM held.t
  UNION ALL SELECT 'view ' || md5(v::text) FROM held.v
  UNION ALL SELECT 'large object ' || oid || md5(pg_get_userbyid(lomowner)::text || coalesce(lomacl::text, ''))
    FROM pg_largeobject_metadata
  UNION ALL SELECT 'database ' || md5(pg_get_userbyid(datdba)::text || datacl::text)
    FROM pg_database WHERE datname = current_database()
  ORDER BY 1`;

/** Statements about the roles `à` and `ß"É` in a database that cannot write their names: they come from the catalog. */
function byCatalogNames(statements: readonly string[]): string {
  const executed = statements.map(
    (each) => `EXECUTE replace(replace($sql$${each}$sql$, '@owner', owner), '@other', other);`,
  );
  return `DO $do$ DECLARE
      owner text := (SELECT quote_ident(rolname) FROM pg_roles WHERE octet_length(rolname::text) = 2);
      other text := (SELECT quote_ident(rolname) FROM pg_roles WHERE rolname ~ '"');
    BEGIN ${executed.join('\n')} END $do$`;
}

test('a role whose name is not valid in the encoding of a database keeps all that it has there', async () => {
  // GIVEN
  await source.sql('postgres', 'CREATE ROLE "à"', 'GRANT "à" TO CURRENT_USER');
  await source.sql('postgres', 'CREATE ROLE "ß""É"', 'GRANT "ß""É" TO CURRENT_USER');
  await source.sql('postgres', `CREATE DATABASE held TEMPLATE template0 ENCODING 'EUC_JP' LOCALE 'C'`);
  await source.sql('postgres', 'ALTER DATABASE held OWNER TO "à"', 'GRANT CONNECT ON DATABASE held TO "ß""É"');
  await withBytes(connectionTo(source.server), 'held', 'SQL_ASCII', async (client) =>
    client.query(
      byCatalogNames([
        'CREATE SCHEMA held AUTHORIZATION @owner',
        'CREATE TABLE held.t (n integer PRIMARY KEY, word text)',
        `INSERT INTO held.t VALUES (1, convert_from('\\xa4cf', 'EUC_JP')), (2, 'plain')`,
        'ALTER TABLE held.t ENABLE ROW LEVEL SECURITY',
        'CREATE POLICY p ON held.t TO @other USING (n > 1)',
        'GRANT SELECT ON held.t TO @other',
        'ALTER TABLE held.t OWNER TO @owner',
        'CREATE MATERIALIZED VIEW held.v AS SELECT count(*) FROM held.t',
        'ALTER MATERIALIZED VIEW held.v OWNER TO @owner',
        `CREATE FUNCTION held.f() RETURNS text LANGUAGE sql AS 'SELECT ''"a"''::text'`,
        'ALTER FUNCTION held.f() OWNER TO @owner',
        'ALTER DEFAULT PRIVILEGES FOR ROLE @owner IN SCHEMA held GRANT SELECT ON TABLES TO @other',
        `SELECT lo_from_bytea(77, 'large')`,
        'GRANT SELECT ON LARGE OBJECT 77 TO @other',
        'ALTER LARGE OBJECT 77 OWNER TO @owner',
      ]),
    ),
  );
  const held = async (server: Parameters<typeof connectionTo>[0]) =>
    withBytes(connectionTo(server), 'held', 'SQL_ASCII', async (client) => (await client.query(HELD_BY_ROLES)).rows);
  const before = await held(source.server);
  expect(before).toHaveLength(12);

  // WHEN
  await backUp(
    { action: 'back-up', storage: source.storageSettings, database: source.databaseSettings, retentionDays: 7 },
    source.runtime(),
  );
  const again = await RestoreWorld.start(source, 17, { username: 'shopmaster', password: 'pass' });
  try {
    // An earlier run died while it had given the role its other name.
    const otherName = `cdktf_managed_database_role_${createHash('sha256').update('à').digest('hex').slice(0, 16)}`;
    await again.sql('postgres', `CREATE ROLE ${otherName}`);
    await restore(again.request(), again.runtime());

    // THEN
    expect(await held(again.target)).toEqual(before);
    const names = await again.sql('postgres', `SELECT rolname FROM pg_roles WHERE rolname ~ '^cdktf.*role'`);
    expect(names).toEqual([]);
  } finally {
    await again.stop();
  }
});
