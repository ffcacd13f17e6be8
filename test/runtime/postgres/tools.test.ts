import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { DatabaseConnection } from '../../../src/runtime/postgres/connection';
import { clientVersion, findDumpClient, requireClientFor, runClient } from '../../../src/runtime/postgres/tools';
import { isAlive, waitFor } from '../../support/processes';

const CONNECTION: DatabaseConnection = {
  host: 'db.example.com',
  port: 5432,
  username: 'shopmaster',
  password: 'hidden $ecret',
  certificateFile: '/roots.pem',
};
const PATH = process.env.PATH;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'clients-'));
  process.env.PATH = `${directory}:${PATH}`;
});
afterEach(async () => {
  process.env.PATH = PATH;
  await rm(directory, { recursive: true });
});

async function install(program: string, script: string): Promise<void> {
  const file = path.join(directory, program);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

test('gives the output, the messages and the exit code', async () => {
  await install('pg_dump', 'echo out; echo "a warning" >&2; exit 3');
  expect(await runClient('pg_dump', [], { workDirectory: directory })).toEqual({
    exitCode: 3,
    signal: null,
    stdout: 'out\n',
    stderr: 'a warning\n',
  });
});

test('the password is in the environment of the child and not in its arguments; nothing else of ours is', async () => {
  // GIVEN
  await install('pg_dump', 'echo "$@"; env');
  process.env.PGPASSFILE = '/home/somebody/.pgpass';

  // WHEN
  const { stdout } = await runClient('pg_dump', ['--format=directory'], {
    server: { connection: CONNECTION, database: 'shop' },
    workDirectory: directory,
  });
  delete process.env.PGPASSFILE;

  // THEN
  const [args, ...variables] = stdout.trim().split('\n');
  expect(args).toBe('--format=directory');
  expect(variables).toContain('PGPASSWORD=hidden $ecret');
  expect(variables).toContain('PGSSLMODE=verify-full');
  expect(variables).toContain('PGHOST=db.example.com');
  expect(variables.some((variable) => variable.startsWith('PGPASSFILE'))).toBe(false);
});

test('the input is given to the program', async () => {
  await install('psql', 'cat');
  expect(await runClient('psql', [], { input: 'SELECT 1;', workDirectory: directory })).toMatchObject({
    exitCode: 0,
    stdout: 'SELECT 1;',
  });
});

test('an abort ends the program and what it started, and is the error', async () => {
  // GIVEN a program with a worker, neither of which listens
  const pids = path.join(directory, 'pids');
  await install('pg_dump', `trap "" TERM; sh -c 'trap "" TERM; sleep 10000' & echo $! $$ > ${pids}; wait; sleep 10000`);
  const controller = new AbortController();

  // WHEN
  const run = runClient('pg_dump', [], { signal: controller.signal, workDirectory: directory });
  let started: number[] = [];
  while (started.length < 2) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    started = (await readFile(pids, 'utf8').catch(() => '')).trim().split(' ').filter(Boolean).map(Number);
  }
  controller.abort(new Error('out of time'));

  // THEN
  await expect(run).rejects.toThrow('out of time');
  await waitFor(async () => (started.some(isAlive) ? undefined : true));
});

test('fails for a program that is not there, and says what to do', async () => {
  process.env.PATH = directory;
  await expect(runClient('pg_dump', [], { workDirectory: directory })).rejects.toMatchObject({
    kind: 'DatabaseFault',
    message: 'Cannot start pg_dump: ENOENT. It must be on PATH: install the PostgreSQL clients.',
  });
});

test.each([
  ['pg_dump (PostgreSQL) 18.6 (Debian 18.6-1)', { text: '18.6', major: 18 }],
  ['pg_dump (PostgreSQL) 18beta1', { text: '18', major: 18 }],
])('reads the version of %p', async (line, version) => {
  await install('pg_dump', `echo "${line}"`);
  expect(await clientVersion('pg_dump', directory)).toEqual(version);
});

test('fails for a client that is older than the server', () => {
  expect(() => requireClientFor({ text: '15.18', major: 15 }, 17)).toThrow(
    'The PostgreSQL clients on PATH have version 15.18, the server 17: a client must be at least as new as its server.',
  );
  expect(() => requireClientFor({ text: '18.6', major: 18 }, 17)).not.toThrow();
});

describe('the pg_dump for a server', () => {
  beforeEach(() => {
    process.env.PATH = directory;
  });

  async function installVersions(versions: Record<string, string>): Promise<void> {
    for (const [name, version] of Object.entries(versions)) {
      await install(name, `echo "pg_dump (PostgreSQL) ${version}"`);
    }
  }

  test.each([
    [13, 'pg_dump-17'],
    [16, 'pg_dump-17'],
    [17, 'pg_dump-17'],
    [18, 'pg_dump'],
  ])('of %d is, of 17 and 18, %s', async (serverMajor, name) => {
    await installVersions({ pg_dump: '18.6', 'pg_dump-17': '17.12' });
    expect(path.basename((await findDumpClient(serverMajor, directory)).file)).toBe(name);
  });

  test('is the nearest one that is not older, whatever its name says', async () => {
    await installVersions({ pg_dump: '15.18', 'pg_dump-16': '16.1', 'pg_dump-17': '17.12' });
    expect(await findDumpClient(14, directory)).toMatchObject({ major: 15 });
    expect(await findDumpClient(16, directory)).toMatchObject({ major: 16, text: '16.1' });
  });

  test('is of the first folder that has a fitting one: the clients of this program stand before those of the machine', async () => {
    await installVersions({ pg_dump: '18.6', 'pg_dump-17': '17.12' });
    const machine = path.join(directory, 'machine');
    await mkdir(machine);
    await installVersions({ 'machine/pg_dump': '15.18' });
    process.env.PATH = `${directory}:${machine}`;
    expect(await findDumpClient(15, directory)).toMatchObject({ text: '17.12' });
    process.env.PATH = `${machine}:${directory}`;
    expect(await findDumpClient(15, directory)).toMatchObject({ text: '15.18' });
    expect(await findDumpClient(16, directory)).toMatchObject({ text: '17.12' });
  });

  test('is not one that does not start', async () => {
    await installVersions({ 'pg_dump-17': '17.12' });
    await install('pg_dump', 'exit 2');
    expect(await findDumpClient(17, directory)).toMatchObject({ text: '17.12' });
  });

  test.each([
    [{ pg_dump: '15.18' }, 17, /of PostgreSQL 17 is dumped by pg_dump of version 17,.*pg_dump on PATH has 15\.18\./],
    // It would write statements that 15 does not know.
    [{ pg_dump: '18.6' }, 15, /version 15 to 17, .* has 18\.6\. Install the PostgreSQL client 17 .*pg_dump-17\.$/],
  ])('fails where none fits: %p for a server of %d', async (versions, serverMajor, message) => {
    await installVersions(versions);
    await expect(findDumpClient(serverMajor, directory)).rejects.toMatchObject({
      kind: 'Refused',
      message: expect.stringMatching(message),
    });
  });

  test.each([
    [12, 'The server must be PostgreSQL 13 to 18, it is 12. Upgrade it first.'],
    [19, 'The server must be PostgreSQL 13 to 18, it is 19. Use a release of this program that supports it.'],
  ])('fails for a server of %d', async (serverMajor, message) => {
    await expect(findDumpClient(serverMajor, directory)).rejects.toMatchObject({ kind: 'Refused', message });
  });

  test('fails where there is none', async () => {
    await expect(findDumpClient(17, directory)).rejects.toThrow('Cannot start pg_dump: ENOENT.');
  });
});
