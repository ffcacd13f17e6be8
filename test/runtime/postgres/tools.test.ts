import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { DatabaseConnection } from '../../../src/runtime/postgres/connection';
import { clientVersion, requireClientFor, runClient } from '../../../src/runtime/postgres/tools';
import { isAlive } from '../../support/processes';

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
  await install('pg_dump', `trap "" TERM; sh -c 'trap "" TERM; sleep 100' & echo $! $$ > ${pids}; wait; sleep 100`);
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
  expect(started.map(isAlive)).toEqual([false, false]);
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
