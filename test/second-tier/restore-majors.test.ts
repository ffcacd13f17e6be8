import { compareDatabases } from '../../sandbox/compare-databases';
import { POSTGRESQL_MAJORS, PostgreSqlMajor } from '../../sandbox/postgresql/program';
import { restore } from '../../src/runtime/actions/restore';
import { BackupFolder } from '../../src/runtime/folder/backup-folder';
import { RealWorld } from '../runtime/real-world';
import { RestoreWorld } from '../runtime/restore/restore-world';
import { backedUp } from '../runtime/restore/sample-backup';

const NEWEST: PostgreSqlMajor = 18;
const MASTER = { username: 'shopmaster', password: "An0ther's" };

/** What clients of different majors write in different words. */
const SCHEMA = [
  'CREATE EXTENSION pgcrypto',
  'CREATE SCHEMA billing',
  'CREATE ROLE clerk NOLOGIN',
  'GRANT USAGE ON SCHEMA billing TO clerk',
  'CREATE TABLE parent (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL)',
  'CREATE TABLE child (extra text NOT NULL) INHERITS (parent)',
  'ALTER TABLE child ALTER COLUMN name SET NOT NULL',
  `CREATE TABLE billing.invoice (id int PRIMARY KEY, net numeric NOT NULL,
     gross numeric GENERATED ALWAYS AS (net * 1.2) STORED, during tsrange,
     CONSTRAINT positive CHECK (net > 0) NOT VALID, EXCLUDE USING gist (during WITH &&))`,
  'CREATE TABLE event (at date NOT NULL, kind text) PARTITION BY RANGE (at)',
  `CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`,
  'CREATE TABLE event_rest PARTITION OF event DEFAULT',
  'CREATE INDEX ON event (at)',
  'ALTER TABLE billing.invoice ENABLE ROW LEVEL SECURITY',
  'CREATE POLICY own ON billing.invoice FOR SELECT TO clerk USING (net < 100)',
  'GRANT SELECT ON billing.invoice TO clerk',
  'CREATE STATISTICS of_invoices ON id, net FROM billing.invoice',
  'CREATE PUBLICATION all_events FOR TABLE event_2026',
  'CREATE MATERIALIZED VIEW billing.total AS SELECT sum(gross) FROM billing.invoice',
  `CREATE FUNCTION billing.vat(n numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT n * 0.2'`,
  'ALTER DEFAULT PRIVILEGES IN SCHEMA billing GRANT SELECT ON TABLES TO clerk',
  `INSERT INTO parent (name) SELECT 'p' || n FROM generate_series(1, 50) n`,
  `INSERT INTO child (id, name, extra) OVERRIDING SYSTEM VALUE SELECT n, 'c', 'x' FROM generate_series(51, 60) n`,
  'INSERT INTO billing.invoice (id, net) SELECT n, n FROM generate_series(1, 30) n',
  `INSERT INTO event SELECT '2026-01-01'::date + n, 'k' FROM generate_series(1, 500) n`,
  'REFRESH MATERIALIZED VIEW billing.total',
  `SELECT lo_from_bytea(4711, 'a large object')`,
];

/** What only a major and newer ones have. */
const SCHEMA_OF: Partial<Record<PostgreSqlMajor, readonly string[]>> = {
  18: [
    'CREATE TABLE visit (page text, day int) PARTITION BY LIST (day)',
    'CREATE TABLE visit_1 PARTITION OF visit FOR VALUES IN (1)',
    'CREATE TABLE elder (a int)',
    'CREATE TABLE heir () INHERITS (elder)',
    'INSERT INTO visit VALUES (NULL, 1); INSERT INTO heir VALUES (NULL)',
    'ALTER TABLE visit ADD CONSTRAINT page_given NOT NULL page NOT VALID',
    'ALTER TABLE elder ADD CONSTRAINT a_given NOT NULL a NOT VALID',
  ],
};

describe.each(POSTGRESQL_MAJORS)('a backup of PostgreSQL %d', (major) => {
  let source: RealWorld;
  beforeAll(async () => {
    source = await RealWorld.start(major);
    await source.sql('shop', ...SCHEMA, ...(SCHEMA_OF[major] ?? []));
    await source.sql('postgres', 'CREATE DATABASE "Odd name"');
    await backedUp(source, '2026-11-22T03:00:00Z');
  });
  afterAll(async () => source?.stop());

  test('is made by the nearest client that is not older', async () => {
    const folder = await BackupFolder.open(
      { storage: source.storageSettings, database: source.server.identifier },
      source.runtime(),
    );
    const { manifest } = await folder.selectBackup({ kind: 'latest' });
    expect(manifest.engine.clientVersion).toMatch(major < NEWEST ? /^17\./ : /^18\./);
  });

  test.each([...new Set([major, NEWEST])])('comes back whole in PostgreSQL %d', async (targetMajor) => {
    const world = await RestoreWorld.start(source, targetMajor, MASTER);
    try {
      const answer = await restore(world.request(), world.runtime());

      expect(answer.remarks).toEqual([]);
      expect(await compareDatabases(...world.compared)).toEqual([]);
    } finally {
      await world.stop();
    }
  });
});
