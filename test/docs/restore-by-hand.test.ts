import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { compareDatabases } from '../../sandbox/compare-databases';
import { RDS_ADMIN } from '../../sandbox/postgresql/rds-bootstrap';
import { RealWorld } from '../runtime/real-world';
import { RestoreWorld } from '../runtime/restore/restore-world';
import { BACKUP, backedUp } from '../runtime/restore/sample-backup';
import { asSuperuser } from '../support/superuser';

const PAGE = path.join(__dirname, '../../docs/restore-by-hand.md');

let source: RealWorld;
let target: RestoreWorld;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'restore-by-hand-'));
  source = await RealWorld.start(15);
  target = await RestoreWorld.start(source, 15, source.server.master);
});
afterAll(async () => {
  await target?.stop();
  await source?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** The shell commands of the page, without how the backup is fetched and which server is meant. */
async function commandsOfPage(): Promise<string> {
  const page = await readFile(PAGE, 'utf8');
  const blocks = [...page.matchAll(/^ *```sh\n([^]*?)^ *```/gm)].map(([, block]) => block);
  return blocks.join('').replace(/^ *(aws s3 cp|cd backup|export PGHOST=).*$/gm, '');
}

describe('commands of the documentation', () => {
  test('docs/restore-by-hand.md restores databases, segments, roles and names that need quotes', async () => {
    // GIVEN
    await source.sql(
      'postgres',
      'CREATE ROLE "a ""role""" LOGIN',
      'CREATE ROLE clerks',
      'GRANT clerks TO "a ""role""" WITH ADMIN OPTION',
      'CREATE DATABASE "Größe & co / 1"',
    );
    await source.sql(
      'Größe & co / 1',
      'CREATE SCHEMA "odd name" AUTHORIZATION CURRENT_USER',
      'CREATE TABLE "odd name"."T ""x""" AS SELECT generate_series(1, 9) AS "a b"',
      'GRANT USAGE ON SCHEMA "odd name" TO clerks',
    );
    await source.sql(
      'shop',
      'CREATE EXTENSION pgcrypto',
      'CREATE TABLE large AS SELECT n, gen_random_bytes(1000) AS bytes FROM generate_series(1, 45000) AS n',
    );
    await backedUp(source, '2026-11-22T03:00:00Z');
    const keys = (await source.storedKeys()).filter((key) => key.startsWith(BACKUP));
    for (const key of keys) {
      const file = path.join(directory, path.basename(key));
      await writeFile(file, await source.fetch(`${source.keys.folder}/${key}`));
    }
    expect(JSON.stringify(JSON.parse(await readFile(path.join(directory, 'manifest.json'), 'utf8')).files)).toContain(
      '.dat.zst.000002',
    );

    // WHEN
    await asSuperuser(target.target, 'postgres', 'SELECT 1');
    const home = path.join(directory, 'home');
    await mkdir(home);
    const { stdout, stderr, status } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', await commandsOfPage()], {
      cwd: directory,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        HOME: home,
        PGHOST: target.target.host,
        PGPORT: String(target.target.port),
        PGUSER: RDS_ADMIN,
        PGDATABASE: 'postgres',
        PGSSLMODE: 'verify-full',
        PGSSLROOTCERT: target.target.caFile,
      },
    });

    // THEN
    expect({ status, stdout, stderr }).toMatchObject({ status: 0, stdout: expect.stringContaining('000001: OK') });
    const page = await readFile(PAGE, 'utf8');
    const errors = [...stderr.matchAll(/ERROR: {2}(.*)/g)].map(([, message]) => message.replaceAll(/"[^"]*"/g, '"…"'));
    const named = [...page.matchAll(/`([^`]*"[^`]*)`/g)].map(([, message]) => message.replaceAll(/"[^"]*"/g, '"…"'));
    expect(errors.filter((message) => !named.includes(message))).toEqual([]);
    expect(errors).toContain('unrecognized configuration parameter "…"');
    expect(await compareDatabases(...target.compared)).toEqual([]);
  });
});
