import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundledClients } from '../../src/cli/bundled-clients';

const LINUX = { platform: 'linux', arch: 'x64' };

describe("the package's PostgreSQL clients", () => {
  let root: string;
  let layer: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'package-'));
    layer = join(root, 'assets', 'client-layer-x86_64', 'bin');
    mkdirSync(layer, { recursive: true });
    writeFileSync(join(layer, 'pg_dump'), '');
  });

  afterEach(() => rmSync(root, { recursive: true }));

  test.each([['assets/cli'], ['src/cli']])('are found from %s', (from) => {
    expect(bundledClients(join(root, from), LINUX)).toBe(layer);
  });

  test.each([
    { platform: 'darwin', arch: 'x64' },
    { platform: 'linux', arch: 'arm64' },
  ])('are for Linux x86_64 only: %p', (machine) => {
    expect(bundledClients(join(root, 'assets/cli'), machine)).toBeUndefined();
  });

  test('are absent where they were not built', () => {
    rmSync(join(layer, 'pg_dump'));
    expect(bundledClients(join(root, 'assets/cli'), LINUX)).toBeUndefined();
  });
});
