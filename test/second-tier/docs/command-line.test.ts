import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { PostgreSqlServer } from '../../../sandbox/postgresql/server';
import { fillSampleDatabase } from '../../../sandbox/sample-database';
import { Sandbox } from '../../../sandbox/sandbox';
import { commandsOf, PAGES } from '../../docs/pages';
import { installDrillServer } from '../../support/drill-server';
import { asSuperuser } from '../../support/superuser';

const ROOT = path.resolve(__dirname, '..', '..', '..');
const QUICKSTART = path.join(ROOT, 'examples/typescript/quickstart');
const COMMAND_LINE = path.join(ROOT, 'assets/cli/cdktf-managed-database.js');
const BUCKET = 'company-backups';
const MINUTE = 60_000;

/** The restore of the first page needs databases that are empty, and comes first; what is paused is resumed last. */
const ORDERED = ['docs/runbooks/restore.md', ...PAGES.filter((page) => page !== 'docs/runbooks/restore.md')];
const COMMANDS = ORDERED.flatMap((page) =>
  commandsOf(page)
    .filter((command) => command.startsWith('npx cdktf-managed-database '))
    .map((command) => [page, command] as const),
).filter(([, command], index, all) => all.findIndex(([, other]) => other === command) === index);

let sandbox: Sandbox;
let directory: string;
let removeDrillServer: () => Promise<void>;
let keys: { accessKeyId: string; secretAccessKey: string };
let backup: string;
/** The exit code of what is refused for safety. */
const REFUSED = 6;

/** The servers that stand for the new databases, by the names that the pages give them. */
const targets = new Map<string, PostgreSqlServer>();

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'command-line-'));
  // The servers may run as another user.
  await chmod(directory, 0o711);
  removeDrillServer = await installDrillServer();
  sandbox = await Sandbox.start();
  for (const name of ['orders-again.abc.eu-central-1.rds.amazonaws.com', 'new-server.example.com']) {
    targets.set(
      name,
      await PostgreSqlServer.start({
        identifier: name.split('.')[0],
        major: 17,
        dataDirectory: path.join(directory, name),
        master: { username: 'master', password: 'new secret' },
        databaseName: 'orders',
        certificateAuthority: sandbox.certificateAuthority,
      }),
    );
  }
  const bucket = await sandbox.storage.createBucketWithKeys(BUCKET, 'backups');
  keys = bucket.keys;
  const variables = await sandbox.programVariables(bucket);
  const { exitCode, output } = await sandbox.apply(QUICKSTART, { variables });
  expect(exitCode === 0 ? '' : output).toBe('');
  const source = sandbox.databases()[0];
  await fillSampleDatabase({
    ...{ host: source.host, port: source.port, user: source.master.username, password: source.master.password },
    database: 'orders',
    ssl: { ca: sandbox.certificateAuthority.certificatePem },
  });
  // The first at a time at which the daily schedule was due, as a repair looks for them.
  await sandbox.fire('orders-backup', { due: new Date(new Date().setUTCHours(3, 0, 0, 0) - 86_400_000) });
  backup = JSON.parse((await sandbox.fire('orders-backup')).payload).backup;
}, 15 * MINUTE);

afterAll(async () => {
  for (const server of targets.values()) await server.stop();
  await sandbox?.stop();
  await removeDrillServer?.();
  await rm(directory, { recursive: true, force: true });
});

/** Runs a command of a page with what the sandbox has in place of what the page names. */
async function run(
  command: string,
  words = command.split(' ').slice(2),
): Promise<{ status: number; stdout: string; stderr: string }> {
  const line = words.join(' ').replaceAll('20261122T030000Z', backup).replace('--path production', '--path backups');
  const named = [...targets].find(([name]) => line.includes(name));
  const args = line
    .replace('https://s3.example.com --region us-east-1', `${sandbox.storage.endpoint} --region us-east-1`)
    .replace('2026-11-22T03:00:00Z', new Date(Date.now() + 3_600_000).toISOString())
    .replace(/--host (\S+) --user \S+/, (_, name) => `--host localhost --port ${targets.get(name)!.port} --user master`)
    .match(/'[^']*'|\S+/g)!
    .map((word) => word.replace(/^'(.*)'$/, '$1'));
  // With a storage the keys are those of the storage, and no AWS is there.
  const { AWS_ENDPOINT_URL, ...account } = sandbox.environment();
  const aws = line.includes('--bucket')
    ? { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey }
    : { AWS_ENDPOINT_URL, ...account };
  const { PATH, LOCPATH } = process.env;
  const env = {
    ...{ PATH, LOCPATH, HOME: directory, AWS_EC2_METADATA_DISABLED: 'true', ...aws },
    NODE_EXTRA_CA_CERTS: sandbox.storage.caFile,
    PGSSLROOTCERT: sandbox.certificateAuthority.certificateFile,
    ...(named && { PGPASSWORD: 'new secret' }),
  };
  // The sandbox is in this process, so it must not be blocked.
  return new Promise((resolve) =>
    execFile(process.execPath, [COMMAND_LINE, ...args], { env, maxBuffer: 1e8 }, (error, stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
    ),
  );
}

describe('commands of the documentation', () => {
  test.each(COMMANDS)('%s: %s, in the sandbox', async (_page, command) => {
    const { status, stdout, stderr } = await run(command);
    // The database of the schedule is not empty here; test/second-tier/restores.test.ts fills one that is.
    const expected = command.includes('--in-function') ? REFUSED : 0;
    expect(status === expected ? '' : `${status}: ${stdout}\n${stderr}`).toBe('');
  });
});

describe('logs', () => {
  const logs = async (id: string, ...words: string[]) => run('', ['logs', id, '--schedule', 'orders-backup', ...words]);

  test('shows what the deployed function logged while it made one backup, and of no other run', async () => {
    const { status, stdout } = await logs(backup, '--json');
    const { events } = JSON.parse(stdout);
    const names = events.map(({ event }: { event: string }) => event);
    expect(status).toBe(0);
    expect(names).toEqual(expect.arrayContaining(['backup-started', 'backup-completed', 'platform']));
    expect(new Set(events.map((event: { backup?: string }) => event.backup ?? backup))).toEqual(new Set([backup]));
    expect((await logs(backup)).stdout).toMatch(/^\d\d:\d\d:\d\d {2}backup started/m);
  });

  test('shows why a backup failed', async () => {
    await asSuperuser(sandbox.databases()[0], 'orders', 'CREATE TABLE hidden (a int)', 'INSERT INTO hidden VALUES (1)');
    const { payload, functionError } = await sandbox.fire('orders-backup');
    expect([functionError, payload]).toEqual(['Unhandled', expect.stringContaining('hidden')]);
    const { stdout } = await run('', ['list', '--schedule', 'orders-backup', '--state', 'Failed', '--json']);
    const [failed] = JSON.parse(stdout).backups;
    expect(failed.reason).toContain('hidden');
    expect((await logs(failed.backup)).stdout).toContain('hidden');
  });

  test('fails with exit code 4 for a backup that was never made', async () => {
    expect(await logs('20200101T000000Z')).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('has no run of'),
    });
  });
});
