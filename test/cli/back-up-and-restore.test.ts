import { chmod, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { Client } from 'pg';
import { CommandLine } from './call';
import { buildClientLayer } from '../../packaging/client-layer';
import { CertificateAuthority } from '../../sandbox/certificate-authority';
import { PostgreSqlServer } from '../../sandbox/postgresql/server';
import { RealWorld } from '../runtime/real-world';

let directory: string;
let commandLine: CommandLine;
let world: RealWorld;
let target: PostgreSqlServer;
let environment: Record<string, string>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'back-up-and-restore-'));
  await chmod(directory, 0o711);
  // A machine with no other PostgreSQL clients than those of the package.
  const path = [dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter);
  commandLine = await CommandLine.build(directory);
  await symlink((await buildClientLayer()).directory, join(directory, 'assets/client-layer-x86_64'));
  world = await RealWorld.start(17, 'orders');
  const authority = await CertificateAuthority.create(join(directory, 'authority'));
  target = await PostgreSqlServer.start({
    identifier: 'orders2',
    major: 17,
    dataDirectory: join(directory, 'target'),
    master: world.server.master,
    certificateAuthority: authority,
  });
  const { bucket, path: folder } = world.storageSettings;
  const keys = await world.storage.createKeys({ bucket, path: folder });
  environment = {
    PATH: path,
    TMPDIR: directory,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    PGPASSWORD: world.server.master.password,
    PGSSLROOTCERT: world.storage.caFile,
  };
});

afterAll(async () => {
  await target?.stop();
  await world?.stop();
  await rm(directory, { recursive: true, force: true });
});

const storage = () => {
  const { endpoint, bucket, path, region } = world.storageSettings;
  return [
    ...['--endpoint', endpoint!, '--bucket', bucket, '--path', path, '--region', region],
    ...['--ca-certificate', world.storage.caFile, '--database', 'orders'],
  ];
};

const server = ({ host, port, master }: PostgreSqlServer) => [
  ...['--host', host, '--port', String(port), '--user', master.username],
];

test('a database is backed up and restored by the command line alone', async () => {
  // GIVEN
  await world.sql(
    'shop',
    'CREATE TABLE item (id int PRIMARY KEY, name text)',
    "INSERT INTO item SELECT n, 'item ' || n FROM generate_series(1, 1000) n",
  );

  // WHEN a backup is made
  const backUp = ['back-up', ...storage(), ...server(world.server), '--retention-days', '7'];
  const made = await commandLine.call([...backUp, '--json'], environment);
  expect(made).toMatchObject({ code: 0 });
  const { backup, outcome } = JSON.parse(made.stdout);
  expect(outcome).toBe('Completed');
  // THEN its events were logged, without the password
  const events = made.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).event);
  expect(events).toEqual(expect.arrayContaining(['backup-started', 'database-stored', 'backup-completed']));
  expect(made.stdout + made.stderr).not.toContain(world.server.master.password);

  // AND it can be listed, shown, verified, and is kept by prune
  const listed = await commandLine.call(['list', ...storage(), '--json'], environment);
  expect(JSON.parse(listed.stdout)).toMatchObject({
    owner: { account: 'local', database: 'orders' },
    backups: [{ backup, state: 'Completed' }],
  });
  const shown = await commandLine.call(['show', backup, ...storage()], environment);
  expect(shown.stdout).toMatch(/^shop +[\d.]+ MB +1 +1000 +0/m);
  expect(await commandLine.call(['verify', ...storage()], environment)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`Backup ${backup} is whole`),
  });
  const pruned = await commandLine.call(
    ['prune', '--yes', ...storage(), ...server(world.server), '--retention-days', '1', '--json'],
    environment,
  );
  expect(JSON.parse(pruned.stdout)).toMatchObject({ deleted: [], kept: 1, dryRun: false });
  const size = ['--vcpu', '2', '--memory', '4', '--storage-size', '20'];
  const checks = ['restore-check', '--latest', ...storage(), ...size, '--engine'];
  expect(await commandLine.call([...checks, '17'], environment)).toMatchObject({ code: 0 });
  expect(await commandLine.call([...checks, '16'], environment)).toMatchObject({
    code: 6,
    stderr: expect.stringContaining('at least as new'),
  });

  // WHEN it is restored into an empty server
  const restored = await commandLine.call(
    ['restore', '--latest', ...storage(), ...server(target), '--identifier', 'orders2'],
    { ...environment, PGSSLROOTCERT: target.caFile },
  );
  expect(restored.stdout).toMatch(/^Backup \w+ is restored\.\n[^]*rows +1000$/m);
  expect(restored.code).toBe(0);

  // THEN the other server has the rows, and no work directory is left
  expect(await itemsOf(target)).toEqual({ count: '1000', last: 'item 1000' });
  expect((await readdir(directory)).filter((name) => name.startsWith('cdktf-managed-database-'))).toEqual([]);

  // AND a database that is not empty is refused
  const refused = await commandLine.call(['restore', '--latest', ...storage(), ...server(world.server)], environment);
  expect(refused.code).toBe(6);
});

test('fails to back up without clients, and names the program and the remedy', async () => {
  const elsewhere = await CommandLine.build(join(directory, 'elsewhere'));
  const { code, stderr } = await elsewhere.call(
    ['back-up', ...storage(), ...server(world.server), '--retention-days', '7'],
    { ...environment, PATH: join(directory, 'nothing') },
  );
  expect(stderr).toContain('pg_dump');
  expect(stderr).toContain('PATH');
  expect(code).toBe(1);
});

async function itemsOf({ host, port, master, caFile }: PostgreSqlServer): Promise<unknown> {
  const client = new Client({
    host,
    port,
    user: master.username,
    password: master.password,
    database: 'shop',
    ssl: { ca: await readFile(caFile) },
  });
  await client.connect();
  try {
    const { rows } = await client.query('SELECT count(*), max(name) FILTER (WHERE id = 1000) AS last FROM item');
    return rows[0];
  } finally {
    await client.end();
  }
}
