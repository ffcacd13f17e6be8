import { ChildProcess, spawn } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { CertificateAuthority } from '../../sandbox/certificate-authority';
import { PostgreSqlServer } from '../../sandbox/postgresql/server';
import { endChild, freePort, until } from '../../sandbox/process';
import { backUp } from '../../src/runtime/actions/back-up';
import { restore } from '../../src/runtime/actions/restore';
import { verify } from '../../src/runtime/actions/verify';
import { RealWorld } from '../runtime/real-world';
import { RestoreWorld } from '../runtime/restore/restore-world';

/** Whom PgBouncer runs as when this process is root. */
const NOBODY = 65534;

/** PgBouncer, as Debian's package `pgbouncer` has it, before a server; it refuses `options`, as is its default. */
class PgBouncer {
  static async start(server: PostgreSqlServer, ...settings: readonly string[]): Promise<PgBouncer> {
    const directory = await mkdtemp(path.join(tmpdir(), 'pgbouncer-'));
    const port = await freePort();
    const { host, port: serverPort, master } = server;
    const authority = await CertificateAuthority.create(path.join(directory, 'authority'));
    const { certificatePem, keyPem } = authority.issue(['localhost', '127.0.0.1']);
    const files = {
      'server.crt': certificatePem,
      'server.key': keyPem,
      'users.txt': `"${master.username}" "${master.password.replaceAll('"', '""')}"\n`,
      'pgbouncer.ini': [
        '[databases]',
        `* = host=${host} port=${serverPort}`,
        '[pgbouncer]',
        `listen_addr = 127.0.0.1`,
        `listen_port = ${port}`,
        'unix_socket_dir =',
        'auth_type = plain',
        `auth_file = ${directory}/users.txt`,
        'client_tls_sslmode = require',
        `client_tls_cert_file = ${directory}/server.crt`,
        `client_tls_key_file = ${directory}/server.key`,
        'server_tls_sslmode = require',
        ...settings,
        '',
      ].join('\n'),
    };
    for (const [name, content] of Object.entries(files)) {
      await writeFile(path.join(directory, name), content, { mode: 0o600 });
      if (process.getuid?.() === 0) await chown(path.join(directory, name), NOBODY, NOBODY);
    }
    if (process.getuid?.() === 0) await chown(directory, NOBODY, NOBODY);
    await chmod(directory, 0o711);
    const child = spawn('pgbouncer', [path.join(directory, 'pgbouncer.ini')], {
      ...(process.getuid?.() === 0 && { uid: NOBODY, gid: NOBODY }),
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: `${process.env.PATH}:/usr/sbin` },
    });
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    child.on('error', (error) => (log += `${error.message}: apt-get install pgbouncer`));
    await until(async () => log.includes('listening on'), {
      within: 300_000,
      otherwise: () => `PgBouncer does not listen: ${log}`,
    });
    return new PgBouncer(directory, port, authority.certificatePem, child);
  }

  private constructor(
    private readonly directory: string,
    readonly port: number,
    readonly caPem: string,
    private readonly child: ChildProcess,
  ) {}

  async stop(): Promise<void> {
    await endChild(this.child);
    await rm(this.directory, { recursive: true, force: true });
  }
}

let world: RealWorld;
let pooler: PgBouncer | undefined;
beforeAll(async () => {
  world = await RealWorld.start(17);
  await world.sql('shop', 'CREATE TABLE item AS SELECT n AS id FROM generate_series(1, 1000) n');
});
afterEach(async () => pooler?.stop());
afterAll(async () => world?.stop());

async function backUpThrough(poolMode: string, dueAt: string) {
  pooler = await PgBouncer.start(world.server, `pool_mode = ${poolMode}`);
  const runtime = world.runtime();
  await mkdir(runtime.workDirectory);
  const { port, caPem } = pooler;
  return backUp(
    {
      action: 'back-up',
      storage: world.storageSettings,
      database: { ...world.databaseSettings, endpoint: `localhost:${port}`, caCertificate: caPem },
      retentionDays: 30,
      dueAt,
    },
    runtime,
  );
}

test('a backup through a pool in session mode that takes no settings at the start is whole', async () => {
  const { backup } = await backUpThrough('session', '2026-11-01T03:00:00Z');
  await verify(
    {
      action: 'verify',
      storage: world.storageSettings,
      database: world.server.identifier,
      backup: { kind: 'backup', id: backup },
    },
    world.runtime(),
  );
});

test('fails in transaction mode, by name, and leaves no lock behind', async () => {
  const before = await world.storedKeys();
  await expect(backUpThrough('transaction', '2026-11-02T03:00:00Z')).rejects.toMatchObject({
    kind: 'Refused',
    message: expect.stringContaining('is a connection pooler in transaction mode'),
  });
  expect(await world.sql('postgres', "SELECT FROM pg_locks WHERE locktype = 'advisory'")).toEqual([]);
  expect(await world.storedKeys()).toEqual(before);
});

test.each([
  ['in session mode, which refuses settings', ['pool_mode = session'], 'takes no settings'],
  ['that ignores settings', ['pool_mode = session', 'ignore_startup_parameters = options'], 'takes no settings'],
  ['in transaction mode', ['pool_mode = transaction'], 'transaction mode'],
])('a restore through a pool %s is refused by name, and changes nothing', async (_, settings, reason) => {
  // GIVEN
  await backUpThrough('session', '2026-11-03T03:00:00Z');
  await pooler!.stop();
  const target = await RestoreWorld.start(world, 17, { username: 'shopmaster', password: 'pass' });
  pooler = await PgBouncer.start(target.target, ...settings);
  const request = target.request();
  const { port, caPem } = pooler;
  const runtime = target.runtime();
  await mkdir(runtime.workDirectory);
  try {
    // WHEN
    const restored = restore(
      { ...request, target: { ...request.target, endpoint: `localhost:${port}`, caCertificate: caPem } },
      runtime,
    );

    // THEN
    await expect(restored).rejects.toMatchObject({ kind: 'Refused', message: expect.stringContaining(reason) });
    expect(await target.sql('postgres', "SELECT FROM pg_locks WHERE locktype = 'advisory'")).toEqual([]);
    expect(await target.sql('postgres', "SELECT FROM pg_roles WHERE rolname ~ '^cdktf_managed_database'")).toEqual([]);
    expect(await target.sql('shop', "SELECT FROM pg_class WHERE relname = 'item'")).toEqual([]);
  } finally {
    await target.stop();
  }
});
