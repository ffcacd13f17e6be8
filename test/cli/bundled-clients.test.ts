import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildClientLayer } from '../../packaging/client-layer';
import { bundledClients } from '../../src/cli/bundled-clients';

const LINUX = { platform: 'linux', arch: 'x64' };

describe("the package's PostgreSQL clients", () => {
  let root: string;
  let assets: string;
  let unpacked: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'package-'));
    assets = join(root, 'assets');
    unpacked = join(root, 'unpacked');
    mkdirSync(assets);
  });

  afterEach(() => rmSync(root, { recursive: true }));

  test.each([['assets/cli'], ['src/cli']])('are found from %s in a built repository', async (from) => {
    const bin = join(assets, 'client-layer-x86_64', 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'pg_dump'), '');
    expect(await bundledClients(unpacked, join(root, from), LINUX)).toBe(bin);
    expect(existsSync(unpacked)).toBe(false);
  });

  test('are unpacked from the zip of the published package, and run', async () => {
    cpSync((await buildClientLayer()).zip, join(assets, 'client-layer-x86_64.zip'));
    const bin = await bundledClients(unpacked, join(assets, 'cli'), LINUX);
    expect(bin).toBe(join(unpacked, 'bin'));
    expect(execFileSync(join(bin!, 'pg_dump'), ['--version'], { encoding: 'utf8' })).toMatch(/^pg_dump .* 18\./);
  });

  test.each([
    { platform: 'darwin', arch: 'x64' },
    { platform: 'linux', arch: 'arm64' },
  ])('are for Linux x86_64 only: %p', async (machine) => {
    writeFileSync(join(assets, 'client-layer-x86_64.zip'), '');
    expect(await bundledClients(unpacked, join(assets, 'cli'), machine)).toBeUndefined();
  });

  test('are absent where they were not built', async () => {
    expect(await bundledClients(unpacked, join(assets, 'cli'), LINUX)).toBeUndefined();
  });
});
