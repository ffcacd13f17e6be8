import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { buildClientLayer } from '../../packaging/client-layer';
import { namesUnder } from '../../packaging/deterministic-zip';
import { Layer } from '../../packaging/layer';
import { sharedLibraries } from '../../packaging/shared-libraries';

const CLIENTS = ['pg_dump', 'pg_restore', 'psql'];
const TOOLS = ['fallocate', 'mkfifo'];
const NOBODY = 65534;
const MEBIBYTE = 2 ** 20;
const repository = path.resolve(__dirname, '../..');
const work = realpathSync(mkdtempSync(path.join(tmpdir(), 'client-layer-')));
/** Where the copy stands: a path with a space, open to every user. */
const copy = path.join(work, 'some where', 'opt');
const bin = path.join(copy, 'bin');
let layer: Layer;

beforeAll(async () => {
  layer = await buildClientLayer();
  chmodSync(work, 0o755);
  cpSync(layer.directory, copy, { recursive: true });
});
afterAll(() => rmSync(work, { recursive: true }));

function version(program: string, options: { env?: NodeJS.ProcessEnv; uid?: number } = {}): string {
  return execFileSync(program, ['--version'], { encoding: 'utf8', env: {}, cwd: '/', ...options });
}

describe('the clients', () => {
  test.each(CLIENTS)('%s 18 runs from a copy, with an empty environment', (name) => {
    expect(version(path.join(bin, name))).toMatch(new RegExp(`^${name} \\(PostgreSQL\\) 18\\.`));
  });

  test('pg_dump of 17 stands beside, for servers up to 17, and uses the same libraries', () => {
    expect(version(path.join(bin, 'pg_dump-17'))).toMatch(/^pg_dump \(PostgreSQL\) 17\./);
  });

  test.each(TOOLS)('%s runs from a copy, with an empty environment', (name) => {
    expect(version(path.join(bin, name))).toContain(name);
  });

  test('are found through PATH', () => {
    expect(version('pg_dump', { env: { PATH: `${bin}:/usr/bin:/bin` } })).toContain('(PostgreSQL) 18.');
  });

  test('run through a symbolic link of another name', () => {
    const link = path.join(work, 'dump');
    symlinkSync(path.join(bin, 'pg_dump'), link);
    expect(version(link)).toContain('pg_dump (PostgreSQL) 18.');
  });

  test('run as a user who is not root', () => {
    // A test that is not run by root is such a user already.
    const uid = process.getuid!() === 0 ? NOBODY : process.getuid!();
    expect(uid).not.toBe(0);
    expect(version(path.join(bin, 'pg_dump'), { uid })).toContain('(PostgreSQL) 18.');
  });

  test('take no library that the environment offers, by search path or by preload', () => {
    // GIVEN
    const polluted = path.join(work, 'polluted');
    mkdirSync(polluted);
    for (const name of ['libpq.so.5', 'libssl.so.3']) writeFileSync(path.join(polluted, name), 'no library');
    const env = { LD_LIBRARY_PATH: polluted, LD_PRELOAD: path.join(polluted, 'libpq.so.5') };
    // WHEN
    const { stdout, stderr, status } = outcome(path.join(bin, 'psql'), env);
    // THEN
    expect({ stdout, status }).toEqual({ stdout: expect.stringMatching(/^psql \(PostgreSQL\) 18\./), status: 0 });
    // The machine's own shell has tried; nothing after it.
    expect(stderr.match(/cannot be preloaded/g)).toHaveLength(1);
  });

  test('run by a relative path, whatever CDPATH says', () => {
    const env = { CDPATH: copy };
    expect(execFileSync('bin/psql', ['--version'], { cwd: copy, env, encoding: 'utf8' })).toContain('(PostgreSQL) 18.');
  });

  test('do their work: a pipe is made, a hole is punched', () => {
    const [pipe, file] = [path.join(work, 'pipe'), path.join(work, 'file')];
    execFileSync(path.join(bin, 'mkfifo'), [pipe], { env: {} });
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    writeFileSync(file, Buffer.alloc(4 * MEBIBYTE, 1));
    execFileSync(path.join(bin, 'fallocate'), ['-p', '-o', '0', '-l', String(3 * MEBIBYTE), file], { env: {} });
    expect(statSync(file).size).toBe(4 * MEBIBYTE);
    expect(statSync(file).blocks * 512).toBeLessThan(2 * MEBIBYTE);
  });

  test('say what is wrong with a server, in words of libpq', () => {
    const refused = outcome(path.join(bin, 'psql'), {}, ['-X', '-h', '127.0.0.1', '-p', '1', '-c', 'select 1']);
    expect(refused.stderr).toContain('Connection refused');
    expect(refused.status).toBe(2);
  });
});

describe('the layer', () => {
  test('brings every library of every program along', async () => {
    const lib = path.join(copy, 'clients/lib');
    for (const name of [...CLIENTS, 'pg_dump-17', ...TOOLS]) {
      const libraries = await sharedLibraries(path.join(copy, 'clients/libexec', name), {
        loader: path.join(lib, 'ld-linux-x86-64.so.2'),
        directories: [lib],
      });
      expect([...libraries.keys()]).toContain('libc.so.6');
    }
  });

  test.each(['libpq.so.5', 'libcrypto.so.3'])('fails to be built without %s', async (name) => {
    // GIVEN a layer that lacks a library, whether or not the machine has one of that name
    const lib = path.join(work, `without-${name}`);
    cpSync(path.join(copy, 'clients/lib'), lib, { recursive: true });
    rmSync(path.join(lib, name));
    // THEN
    const loader = path.join(lib, 'ld-linux-x86-64.so.2');
    await expect(
      sharedLibraries(path.join(copy, 'clients/libexec/pg_dump'), { loader, directories: [lib] }),
    ).rejects.toThrow(name);
  });

  test('has every file that it names, and no other', async () => {
    expect((await namesUnder(layer.directory)).sort()).toEqual(layer.files);
  });

  test('puts nothing where Lambda looks for the libraries of the function itself', () => {
    expect(readdirSync(layer.directory).sort()).toEqual(['bin', 'clients', 'share']);
  });

  test('carries the licence of every package in it', () => {
    expect(layer.packages.length).toBeGreaterThan(10);
    for (const { name } of layer.packages) {
      expect(readFileSync(path.join(layer.directory, 'share/licenses', name, 'copyright'), 'utf8')).toMatch(
        /licen[cs]e/i,
      );
    }
  });

  test('is far from the limits of Lambda', () => {
    expect(statSync(layer.zip).size).toBeLessThan(25e6);
    expect(layer.unpackedBytes).toBeLessThan(100e6);
  });

  test('is not built again when it stands', async () => {
    const before = statSync(layer.zip).mtimeMs;
    const lines: string[] = [];
    await buildClientLayer({ log: (line) => lines.push(line) });
    expect(lines).toContain('up to date');
    expect(statSync(layer.zip).mtimeMs).toBe(before);
  });

  test('is built once by two processes that start together, and with the same bytes as before', async () => {
    // GIVEN
    const assets = path.join(work, 'assets');
    const program = `require('./packaging/client-layer.ts').buildClientLayer({ assets: process.argv[1] })`;
    const start = async () =>
      promisify(execFile)(process.execPath, ['--import', 'tsx', '-e', program, assets], { cwd: repository });
    // WHEN
    const outputs = (await Promise.all([start(), start()])).map(({ stderr }) => stderr);
    // THEN
    expect(outputs.filter((output) => output.includes('up to date'))).toHaveLength(1);
    const name = path.basename(layer.zip);
    expect(readFileSync(path.join(assets, name)).equals(readFileSync(layer.zip))).toBe(true);
    // WHEN something of it is lost
    rmSync(path.join(assets, 'client-layer-x86_64/bin/psql'));
    await buildClientLayer({ assets, log: () => undefined });
    // THEN
    expect(existsSync(path.join(assets, 'client-layer-x86_64/bin/psql'))).toBe(true);
    expect(readdirSync(assets).sort()).toEqual([
      'client-layer-x86_64',
      'client-layer-x86_64.json',
      'client-layer-x86_64.zip',
    ]);
  });
});

function outcome(program: string, env: NodeJS.ProcessEnv, args = ['--version']) {
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8', env });
  return { stdout, stderr, status };
}
