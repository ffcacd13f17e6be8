import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Client } from 'pg';
import { buildClientLayer } from '../../packaging/client-layer';
import { CertificateAuthority } from '../../sandbox/certificate-authority';
import { compareDatabases, ComparedServer } from '../../sandbox/compare-databases';
import { PostgreSqlServer } from '../../sandbox/postgresql/server';

const CONTENTS = `
  CREATE ROLE reader LOGIN;
  CREATE ROLE team;
  GRANT team TO reader;
  ALTER ROLE reader SET work_mem = '4MB';
  CREATE TABLE notes (id int PRIMARY KEY, text text, photo oid);
  CREATE INDEX notes_text ON notes (text);
  CREATE SEQUENCE numbers;
  SELECT setval('numbers', 7);
  CREATE VIEW short AS SELECT id FROM notes WHERE length(text) < 5;
  INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 50) i;
  CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM ONLY notes;
  CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n';
  GRANT SELECT ON notes TO reader;
  SELECT lo_from_bytea(765432, 'a photo');
  CREATE TABLE long_notes (pages int, "a, b" text DEFAULT 'x, y') INHERITS (notes);
  INSERT INTO long_notes VALUES (1, 'long', NULL, 7);
  CREATE TABLE nothing ();
  INSERT INTO nothing DEFAULT VALUES;
`;

/** What is done to the second server, what undoes it, and what the comparison must speak of. */
const CHANGES: [string, string, string, RegExp][] = [
  [
    'a row',
    `UPDATE notes SET text = 'text 6' WHERE id = 5`,
    `UPDATE notes SET text = 'text 5' WHERE id = 5`,
    /rows.*notes/,
  ],
  ['a row fewer', 'DELETE FROM notes WHERE id = 50', `INSERT INTO notes VALUES (50, 'text 50')`, /rows.*notes/],
  ['a null', 'UPDATE notes SET photo = 0 WHERE id = 1', 'UPDATE notes SET photo = NULL WHERE id = 1', /rows.*notes/],
  ['a grant', 'REVOKE SELECT ON notes FROM reader', 'GRANT SELECT ON notes TO reader', /definitions.*GRANT SELECT/],
  ['an index', 'DROP INDEX notes_text', 'CREATE INDEX notes_text ON notes (text)', /definitions.*notes_text/],
  ['a sequence', `SELECT setval('numbers', 8)`, `SELECT setval('numbers', 7)`, /sequences.*numbers/],
  [
    'a sequence not yet asked',
    `SELECT setval('numbers', 7, false)`,
    `SELECT setval('numbers', 7)`,
    /sequences.*numbers/,
  ],
  ['a large object', `SELECT lo_put(765432, 0, 'b')`, `SELECT lo_put(765432, 0, 'a')`, /large objects.*765432/],
  [
    'a function',
    `CREATE OR REPLACE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n + n'`,
    `CREATE OR REPLACE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT 2 * n'`,
    /definitions.*SELECT n \+ n/,
  ],
  ['a role', 'ALTER ROLE reader NOLOGIN', 'ALTER ROLE reader LOGIN', /roles.*reader/],
  ['a role more', 'CREATE ROLE another', 'DROP ROLE another', /roles.*another/],
  ['a membership', 'REVOKE team FROM reader', 'GRANT team TO reader', /memberships.*team.*reader/],
  [
    'an option of a membership',
    'GRANT team TO reader WITH INHERIT FALSE',
    'GRANT team TO reader WITH INHERIT TRUE',
    /memberships.*team/,
  ],
  [
    'a setting of a role',
    `ALTER ROLE reader SET work_mem = '5MB'`,
    `ALTER ROLE reader SET work_mem = '4MB'`,
    /settings.*work_mem/,
  ],
  [
    'an owner',
    'GRANT team TO CURRENT_USER; GRANT CREATE ON SCHEMA public TO team; ALTER TABLE notes OWNER TO team',
    'ALTER TABLE notes OWNER TO CURRENT_USER; REVOKE CREATE ON SCHEMA public FROM team; REVOKE team FROM CURRENT_USER',
    /definitions.*notes OWNER TO team/,
  ],
  ['a comment', `COMMENT ON TABLE notes IS 'more'`, 'COMMENT ON TABLE notes IS NULL', /definitions.*COMMENT/],
  [
    'a materialized view',
    'REFRESH MATERIALIZED VIEW counted WITH NO DATA',
    'REFRESH MATERIALIZED VIEW counted',
    /rows.*counted/,
  ],
  [
    'a setting of the database',
    `ALTER DATABASE shop SET TimeZone = 'Asia/Tokyo'`,
    'ALTER DATABASE shop RESET TimeZone',
    /settings.*Tokyo/,
  ],
  [
    'the order of columns',
    'ALTER TABLE long_notes DROP pages; ALTER TABLE long_notes ADD pages int; UPDATE long_notes SET pages = 7',
    'ALTER TABLE long_notes DROP "a, b"; ALTER TABLE long_notes ADD "a, b" text DEFAULT \'x, y\'',
    /^database shop: order of columns: only at the source: public.long_notes\|id, text, photo, pages, "a, b"\n[^\n]*$/,
  ],
  [
    'a row without columns',
    'INSERT INTO nothing DEFAULT VALUES',
    'DELETE FROM nothing; INSERT INTO nothing DEFAULT VALUES',
    /rows.*nothing/,
  ],
  ['a database', 'CREATE DATABASE another', 'DROP DATABASE another', /databases.*another/],
];

describe('compareDatabases', () => {
  let directory: string;
  let servers: PostgreSqlServer[] = [];
  let sides: ComparedServer[];
  let clients: string;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'compare-'));
    await chmod(directory, 0o711);
    clients = path.join((await buildClientLayer()).directory, 'bin');
    const certificateAuthority = await CertificateAuthority.create(path.join(directory, 'authority'));
    servers = [];
    for (const identifier of ['one', 'other']) {
      const dataDirectory = path.join(directory, identifier);
      const master = { username: `master_${identifier}`, password: `of ${identifier}` };
      servers.push(
        await PostgreSqlServer.start({
          identifier,
          major: 17,
          dataDirectory,
          master,
          databaseName: 'shop',
          certificateAuthority,
        }),
      );
    }
    sides = servers.map(({ host, port, master, caFile }) => ({
      host,
      port,
      user: master.username,
      password: master.password,
      caFile,
    }));
    await Promise.all(sides.map(async (side) => run(side, CONTENTS)));
  });
  afterAll(async () => {
    await Promise.all(servers.map(async (server) => server.stop()));
    await rm(directory, { recursive: true, force: true });
  });

  test('says nothing of equal servers, whatever their masters are called', async () => {
    expect(await compareDatabases(sides[0], sides[1], { clients })).toEqual([]);
  });

  test.each(CHANGES)('sees %s', async (_, change, undo, report) => {
    await run(sides[1], change);
    try {
      expect((await compareDatabases(sides[0], sides[1], { clients })).join('\n')).toMatch(report);
    } finally {
      await run(sides[1], undo);
    }
  });

  test('says nothing again after all that was undone', async () => {
    expect(await compareDatabases(sides[0], sides[1], { clients })).toEqual([]);
  });

  async function run(side: ComparedServer, sql: string): Promise<void> {
    const { host, port, user, password, caFile } = side;
    const ssl = { ca: await readFile(caFile, 'utf8') };
    const client = new Client({ host, port, user, password, database: 'shop', ssl });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }
});
