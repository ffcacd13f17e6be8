import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { blocksOf } from '../../docs/pages';
import { packedPackage } from '../../support/packed-package';
import { shellEnvironment } from '../../support/shell-environment';

const ROOT = path.resolve(__dirname, '..', '..', '..');

/** What the command line does in its own process, where the machine's own client of PostgreSQL cannot be used. */
const BACK_UP_LOCALLY = [
  'mkdir clients',
  "printf '#!/bin/sh\\nexit 1\\n' | tee clients/pg_dump > clients/pg_dumpall",
  'chmod +x clients/*',
  'echo "== local"',
  'PATH="$PWD/clients:$PATH" npx cdktf-managed-database back-up --schedule orders-backup --local --json',
  'echo "== rest"',
].join('\n');

describe('commands of the documentation', () => {
  test('docs/own-program.md leads from an empty folder to a deployed database and back', async () => {
    // GIVEN an empty folder, an empty home, and the package as it would be published
    const directory = await mkdtemp(path.join(tmpdir(), 'own-program-'));
    const home = path.join(directory, 'home');
    await mkdir(home);
    const env = { ...shellEnvironment(), HOME: home, clone: ROOT };
    const tarball = await packedPackage(directory);
    const [install, ...commands] = blocksOf('docs/own-program.md', 'sh').map((block) =>
      // A sandbox of its own, since another may be up.
      block.replace(/ cdktf-managed-database$/m, ` ${tarball}`).replace(/(sandbox -- \w+)/g, '$1 --name own-program'),
    );
    const [program] = blocksOf('docs/own-program.md', 'ts');
    const backUp = commands.findIndex((block) => block.includes('back-up'));
    commands.splice(backUp + 1, 0, BACK_UP_LOCALLY);
    const script = [install, "cat > main.ts <<'PROGRAM'", program.trimEnd(), 'PROGRAM', ...commands].join('\n');
    await writeFile(path.join(directory, 'page.sh'), `set -e\n${script}`);

    // WHEN
    const { status, stdout, stderr } = spawnSync('bash', ['page.sh'], {
      cwd: directory,
      env,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    if (status !== 0) spawnSync('npm', ['run', 'sandbox', '--', 'down', '--name', 'own-program'], { cwd: ROOT, env });

    // THEN
    expect(status === 0 ? '' : `${stdout}\n${stderr}`).toBe('');
    expect(stdout).toContain('The configuration is valid');
    expect(stdout).toMatch(/Apply complete! Resources: \d+ added, 0 changed, 0 destroyed/);
    expect(stdout).toMatch(/Completed/);
    // With the clients that the package brings.
    const [, local] = stdout.split(/^== .*$/m);
    expect(JSON.parse(local)).toMatchObject({ ok: true, outcome: 'Completed' });
    expect(stdout).toMatch(/Destroy complete!/);
    await rm(directory, { recursive: true });
  }, 2_400_000);
});
