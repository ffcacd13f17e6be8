import { ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Client } from 'pg';
import { buildClientLayer } from '../../packaging/client-layer';
import { namesUnder } from '../../packaging/deterministic-zip';
import { Layer } from '../../packaging/layer';
import { LOCALES } from '../../packaging/locales';
import { buildServerLayer } from '../../packaging/server-layer';
import { waitFor } from '../support/processes';
import { runStatements } from '../support/statements';

const NOBODY = 65534;
const MEGABYTE = 1e6;
const work = realpathSync(mkdtempSync(path.join(tmpdir(), 'server-layer-')));
/** Where the copy stands: a path with a space, open to every user. */
const copy = path.join(work, 'some where', 'opt');
const data = path.join(work, 'server', 'data');
/** PostgreSQL's server refuses root. A test that is not run by root is another user already. */
const user = process.getuid!() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
/** Little, as in Lambda, and what must not be obeyed. */
const environment = { PATH: '/usr/bin:/bin', LD_LIBRARY_PATH: '/nowhere', LOCPATH: '/nowhere' };

let layer: Layer;
let server: ChildProcess;

beforeAll(async () => {
  layer = await buildServerLayer();
  chmodSync(work, 0o755);
  cpSync(layer.directory, copy, { recursive: true, verbatimSymlinks: true });
  mkdirSync(path.dirname(data), { mode: 0o700 });
  if (user.uid !== undefined) chownSync(path.dirname(data), user.uid, user.gid);
  const program = (name: string) => path.join(copy, 'bin', name);
  const made = spawnSync(
    program('initdb'),
    [`--pgdata=${data}`, '--username=admin', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=en_US.UTF-8'],
    { env: environment, encoding: 'utf8', ...user },
  );
  if (made.status !== 0) throw new Error(made.stderr);
  const settings = { listen_addresses: '', unix_socket_directories: path.dirname(data), fsync: 'off' };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  server = spawn(program('postgres'), ['-D', data, ...options], { env: environment, stdio: 'ignore', ...user });
  // The last line of its own file says when it takes connections.
  const status = async () => /^ready/m.exec(await readFile(path.join(data, 'postmaster.pid'), 'utf8').catch(() => ''));
  await waitFor(async () => (await status()) ?? undefined);
});
afterAll(async () => {
  server?.kill('SIGQUIT');
  await once(server, 'exit');
  rmSync(work, { recursive: true });
});

async function sql(database: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new Client({ host: path.dirname(data), user: 'admin', database });
  await client.connect();
  return runStatements(client, statements);
}

describe('the server', () => {
  test('is PostgreSQL 18, without a just-in-time compiler', async () => {
    expect(await sql('postgres', 'SELECT version(), pg_jit_available() AS jit')).toEqual([
      { version: expect.stringMatching(/^PostgreSQL 18\./) as unknown, jit: false },
    ]);
  });

  test('sorts as RDS does, and as the languages of its locales do', async () => {
    const sorted = async (locale: string, words: string) =>
      (
        await sql(
          'postgres',
          `SELECT string_agg(w, ' ' ORDER BY w COLLATE "${locale}") AS s FROM unnest('{${words}}'::text[]) w`,
        )
      )[0].s;
    expect(await sorted('en_US', 'B,a,b,A')).toBe('a A b B');
    expect(await sorted('C', 'B,a,b,A')).toBe('A B a b');
    expect(await sorted('sv_SE', 'ö,z,o')).toBe('o z ö');
    expect(await sorted('de_DE', 'ö,z,o')).toBe('o ö z');
    expect(await sorted('cs_CZ', 'i,ch,h,c')).toBe('c h ch i');
  });

  test.each(['C', ...LOCALES])('makes a database with the locale %s.UTF-8', async (locale) => {
    await sql(
      'postgres',
      `CREATE DATABASE in_locale TEMPLATE template0 ENCODING 'UTF8' LOCALE '${locale}.UTF-8' LC_COLLATE '${locale}.UTF-8'`,
      'DROP DATABASE in_locale',
    );
  });

  test('has ICU and its collations', async () => {
    const [{ count }] = await sql('postgres', "SELECT count(*) FROM pg_collation WHERE collprovider = 'i'");
    expect(Number(count)).toBeGreaterThan(500);
  });

  test('knows every time zone, old names too, from its own folder', async () => {
    await sql('postgres', "SET timezone = 'US/Pacific'", "SET timezone = 'Europe/Berlin'");
    const program = readFileSync(path.join(copy, 'server/libexec/postgres'));
    expect(program.includes('/usr/share/zoneinfo\0')).toBe(false);
  });

  test('makes every contributed extension, and takes libraries from nowhere else', async () => {
    await sql('postgres', 'CREATE DATABASE extended');
    const available = await sql('extended', 'SELECT name FROM pg_available_extensions');
    const names = available.map(({ name }) => String(name));
    expect(names).toEqual(expect.arrayContaining(['pgcrypto', 'postgres_fdw', 'uuid-ossp', 'hstore', 'xml2']));
    const client = new Client({ host: path.dirname(data), user: 'admin', database: 'extended' });
    await client.connect();
    for (const name of names) await client.query(`CREATE EXTENSION IF NOT EXISTS "${name}" CASCADE`);
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const maps = readFileSync(`/proc/${rows[0].pid}/maps`, 'utf8');
    await client.end();
    const files = new Set([...maps.matchAll(/ (\/\S.*)$/gm)].map(([, file]) => file));
    const foreign = [...files].filter((file) => !file.startsWith(`${copy}/`) && /\.so(\.|$)|\/bin\//.test(file));
    expect(foreign).toEqual([]);
    expect([...files].filter((file) => file.endsWith('.so')).length).toBeGreaterThan(10);
  });
});

describe('the layer', () => {
  test('has every file that it names, and no other', async () => {
    expect((await namesUnder(layer.directory)).sort()).toEqual(layer.files);
  });

  test('shares no path with the client layer, over which Lambda lays it', async () => {
    const client = await buildClientLayer();
    expect(layer.files.filter((file) => client.files.includes(file))).toEqual([]);
    expect(readdirSync(layer.directory).sort()).toEqual(['bin', 'server']);
  });

  test('carries the licence of every package in it', () => {
    expect(layer.packages.map(({ name }) => name)).toEqual(expect.arrayContaining(['postgresql-18', 'libicu78']));
    for (const { name } of layer.packages) {
      const file = path.join(layer.directory, 'server/licenses', name, 'copyright');
      expect(readFileSync(file, 'utf8')).toMatch(/licen[cs]e/i);
    }
  });

  test('takes at most 40 MB, and fits into Lambda with the clients and the program', async () => {
    expect(statSync(layer.zip).size).toBeLessThanOrEqual(40 * MEGABYTE);
    const unpacked = layer.unpackedBytes + (await buildClientLayer()).unpackedBytes;
    expect(unpacked).toBeLessThan(200 * MEGABYTE);
  });
});
