import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildClientLayer } from '../../../packaging/client-layer';
import { buildServerLayer } from '../../../packaging/server-layer';
import { CommandLine } from '../../cli/call';
import { RealWorld } from '../../runtime/real-world';
import { BACKUP, filledAndBackedUp } from '../../runtime/restore/sample-backup';
import { waitFor } from '../../support/processes';

let directory: string;
let temporary: string;
let commandLine: CommandLine;
let world: RealWorld;
let environment: Record<string, string>;
let storage: string[];
/** A file with a check that never ends: a drill with it is always there to be killed, however fast the machine is. */
let check: string;

beforeAll(async () => {
  world = await RealWorld.start(17);
  await filledAndBackedUp(world);
  directory = await mkdtemp(join(tmpdir(), 'drill-kills-'));
  // The server may run as another user.
  await chmod(directory, 0o711);
  temporary = join(directory, 'tmp');
  await mkdir(temporary);
  check = join(directory, 'check.sql');
  await writeFile(check, '-- database: shop\n-- expect: 0\nSELECT count(*) FROM generate_series(1, 1000000000000) n\n');
  commandLine = await CommandLine.build(directory);
  for (const layer of [await buildClientLayer(), await buildServerLayer()]) {
    await symlink(layer.zip, join(directory, 'assets', layer.zip.split('/').at(-1)!));
  }
  const { bucket, path, endpoint, region } = world.storageSettings;
  const keys = await world.storage.createKeys({ bucket, path });
  environment = {
    PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
    TMPDIR: temporary,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  };
  storage = [
    ...['--endpoint', endpoint!, '--bucket', bucket, '--path', path, '--region', region],
    ...['--ca-certificate', world.storage.caFile, '--database', 'shop'],
  ];
});
afterAll(async () => {
  await world?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Processes whose working directory is, or was, below the temporary directory. */
async function processesThere(): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const there = await Promise.all(ids.map((id) => readlink(`/proc/${id}/cwd`).catch(() => '')));
  return ids.filter((_, index) => there[index].startsWith(`${temporary}/`));
}

/** Starts a drill and kills it so many milliseconds after it logged an event. */
async function killedAfter(event: string, milliseconds: number): Promise<void> {
  const args = [
    join(directory, 'assets/cli/cdktf-managed-database.js'),
    'drill',
    BACKUP,
    ...storage,
    '--json',
    ...['--check', check],
  ];
  const drill = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(drill, 'exit');
  for await (const line of createInterface(drill.stderr)) {
    if (!line.includes(`"${event}"`)) continue;
    await sleep(milliseconds);
    break;
  }
  drill.kill('SIGKILL');
  expect(await exited).toEqual([null, 'SIGKILL']);
}

async function expectNothingLeftAfterTheNextStart(): Promise<void> {
  await waitFor(async () => ((await processesThere()).length === 0 ? true : undefined));
  expect(await commandLine.call(['drill', '20010101T000000Z', ...storage], environment)).toMatchObject({ code: 4 });
  expect(await readdir(temporary)).toEqual([]);
}

test.each([
  ['drill-started', 0],
  ['drill-started', 200],
  ['drill-server-started', 0],
  ['drill-server-started', 200],
  ['drill-server-started', 600],
  ['database-restored', 0],
])('killed after %s and %d ms: no process, no file, no half proof', async (event, milliseconds) => {
  await killedAfter(event, milliseconds);
  await expectNothingLeftAfterTheNextStart();
  expect(await world.storedKeys()).not.toContain(`${BACKUP}/proof.json`);
});

test('a session that is busy computing ends too', async () => {
  await killedAfter('database-restored', 3000);
  await expectNothingLeftAfterTheNextStart();
});
