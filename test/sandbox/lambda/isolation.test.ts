import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { buildSync } from 'esbuild';

const SANDBOX = path.join(__dirname, '..', '..', '..', 'sandbox', 'lambda');
const IS_ROOT = process.getuid!() === 0;
const NOBODY = 65534;

/** Whoever is not root can be no other user either. */
const USERS = IS_ROOT ? [0, NOBODY] : [process.getuid!()];

let bundle: string;

beforeAll(() => {
  bundle = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'isolation-test-')), 'invoke-once.js');
  buildSync({
    entryPoints: [path.join(__dirname, 'invoke-once.ts')],
    bundle: true,
    platform: 'node',
    outfile: bundle,
    logLevel: 'error',
  });
});

afterAll(() => fs.rmSync(path.dirname(bundle), { recursive: true }));

describe.each(USERS)('from a checkout that no other user may enter, as user %i', (user) => {
  let checkout: string;

  beforeAll(() => {
    // GIVEN a checkout, and the node that runs it, in a directory like root's home.
    checkout = fs.mkdtempSync(path.join(os.tmpdir(), 'closed-checkout-'));
    const files = [bundle, process.execPath, path.join(SANDBOX, 'bootstrap.cjs'), path.join(SANDBOX, 'enter.sh')];
    for (const file of files) fs.copyFileSync(file, path.join(checkout, path.basename(file)));
    for (const file of fs.readdirSync(checkout)) fs.chownSync(path.join(checkout, file), user, user);
    fs.chmodSync(checkout, 0o700);
    fs.chownSync(checkout, user, user);
  });

  afterAll(() => fs.rmSync(checkout, { recursive: true }));

  test.each(['strictest', 'directory'])('a function runs with its layer: %s isolation', (means) => {
    const { isolation, answer } = invokeOnce(checkout, user, means);

    const programUser = user === 0 || isolation === 'namespace' ? 993 : user;
    expect(answer).toEqual(['hello\n', '/var/task', programUser]);
    expect(['namespace', 'directory']).toContain(isolation);
  });
});

test('fails with the remedy where the temporary directory is closed to the user of the functions', () => {
  const closed = fs.mkdtempSync(path.join(os.tmpdir(), 'closed-tmp-'));
  fs.copyFileSync(path.join(SANDBOX, 'bootstrap.cjs'), path.join(path.dirname(bundle), 'bootstrap.cjs'));

  const { status, stderr } = spawnSync(process.execPath, [bundle, 'directory', closed], {
    encoding: 'utf8',
    env: { TMPDIR: closed },
  });

  // Who is not root runs functions as the same user, to whom nothing of this is closed.
  expect(status).toBe(IS_ROOT ? 1 : 0);
  expect(stderr.includes('set TMPDIR to a directory that every user may pass through')).toBe(IS_ROOT);
  expect(fs.readdirSync(closed)).toEqual([]);
  fs.rmdirSync(closed);
});

function invokeOnce(checkout: string, user: number, means: string): { isolation: string; answer: unknown } {
  const node = path.join(checkout, path.basename(process.execPath));
  const { status, stdout, stderr } = spawnSync(node, ['invoke-once.js', means, checkout], {
    cwd: checkout,
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
    ...(IS_ROOT && { uid: user, gid: user }),
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}
