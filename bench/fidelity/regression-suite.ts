import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { debianMirror, readAptSources } from '../../packaging/apt-sources';
import { LayerLock, LockedPackage } from '../../packaging/layer-lock';
import { PackageCache } from '../../packaging/package-cache';
import { CACHE } from '../../packaging/places';
import { PrivateApt } from '../../packaging/private-apt';
import { run } from '../../packaging/run';
import { copyReadableByAll } from '../../sandbox/postgresql/program';
import { PostgreSqlServer } from '../../sandbox/postgresql/server';

/** Where the sources are kept between runs. */
const DIRECTORY = path.join(CACHE, 'regression-suites');

/** The part of PostgreSQL's sources that the tests are. */
const TESTS = 'src/test/regress';

/** Connections of the tests as pg_regress makes them. */
const SESSION = {
  PGTZ: 'America/Los_Angeles',
  PGDATESTYLE: 'Postgres, MDY',
  PGOPTIONS: '-c intervalstyle=postgres_verbose',
};

/**
 * PostgreSQL's own regression tests of one major version, from the distribution's source package. Only what they leave in
 * a database is of interest here, so nothing compares what they print. Their helper in C is left out: its functions and
 * types are not to be had on RDS, and statements that need them fail.
 */
export class RegressionSuite {
  /** @throws if the sources cannot be fetched */
  static async of(major: number, progress: (line: string) => void): Promise<RegressionSuite> {
    const lock = JSON.parse(readFileSync(path.join(__dirname, 'regression-sources.lock.json'), 'utf8')) as LayerLock;
    const sources = lock.packages.find(({ name }) => name === `postgresql-${major}`);
    if (!sources) throw new Error(`regression-sources.lock.json names no sources of PostgreSQL ${major}.`);
    const unpacked = path.join(DIRECTORY, sources.sha256);
    if (!existsSync(unpacked)) await unpack(await fetchSources(lock, sources, progress), unpacked);
    return new RegressionSuite(unpacked);
  }

  private constructor(private readonly directory: string) {}

  /** Runs every test in the database, one after the other, in the order of the parallel schedule. @returns their number */
  async runIn(server: PostgreSqlServer, database: string): Promise<number> {
    const directory = await mkdtemp(path.join(tmpdir(), 'regression-suite-'));
    try {
      // The server reads the data, and may run as another user.
      await chmod(directory, 0o755);
      await copyReadableByAll(this.directory, path.join(directory, 'tests'));
      const tests = path.join(directory, 'tests');
      const schedule = await readFile(path.join(tests, 'parallel_schedule'), 'utf8');
      const names = [...schedule.matchAll(/^test: (.*)$/gm)].flatMap(([, line]) => line.trim().split(/\s+/));
      for (const name of names) await runTest(server, database, tests, name);
      return names.length;
    } finally {
      await rm(directory, { recursive: true });
    }
  }
}

/** Statements that fail are part of the tests. @throws if psql cannot connect, or the connection is lost */
async function runTest(server: PostgreSqlServer, database: string, tests: string, name: string): Promise<void> {
  const { username, password } = server.master;
  const child = spawn(
    'psql',
    [
      ...['--no-psqlrc', '--quiet', `--dbname=${database}`, `--file=${path.join(tests, 'sql', `${name}.sql`)}`],
      ...['--set=HIDE_TABLEAM=on', '--set=HIDE_TOAST_COMPRESSION=on'],
    ],
    {
      stdio: 'ignore',
      env: {
        PATH: process.env.PATH,
        PGHOST: server.host,
        PGPORT: String(server.port),
        ...{ PGUSER: username, PGPASSWORD: password, PGSSLMODE: 'verify-full', PGSSLROOTCERT: server.caFile },
        ...SESSION,
        ...{ PG_ABS_SRCDIR: tests, PG_ABS_BUILDDIR: tests, PG_LIBDIR: '/nowhere', PG_DLSUFFIX: '.so' },
      },
    },
  );
  const [code, signal] = await once(child, 'exit');
  if (code !== 0) throw new Error(`psql ended with ${code ?? signal} in the regression test ${name}.`);
}

/** @returns the file of the source package */
async function fetchSources(
  lock: LayerLock,
  sources: LockedPackage,
  progress: (line: string) => void,
): Promise<string> {
  const mirror = process.env.CLIENT_LAYER_MIRROR ?? debianMirror(readAptSources());
  if (!mirror) {
    throw new Error('The apt sources of this machine name no Debian archive. Set CLIENT_LAYER_MIRROR to one.');
  }
  await mkdir(DIRECTORY, { recursive: true });
  const apt = await PrivateApt.create({ directory: path.join(DIRECTORY, 'apt'), mirror, suite: sources.suite });
  const cache = new PackageCache(path.join(DIRECTORY, 'packages'));
  if (!(await cache.fetch([sources], [mirror, lock.archive], apt, progress))) {
    throw new Error(`The sources ${sources.name} ${sources.version} could not be fetched from ${mirror}.`);
  }
  return cache.fileOf(sources);
}

async function unpack(file: string, into: string): Promise<void> {
  const work = await mkdtemp(path.join(DIRECTORY, 'unpacking-'));
  const wanted = ['sql', 'data', 'parallel_schedule'].map((name) => `*/${TESTS}/${name}`);
  const depth = TESTS.split('/').length + 1;
  await run('tar', [
    ...['--extract', '--bzip2', `--file=${file}`, `--directory=${work}`, '--no-same-owner'],
    ...[`--strip-components=${depth}`, '--wildcards', ...wanted],
  ]);
  await rename(work, into);
}
