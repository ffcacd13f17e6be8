import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { blocksOf, shellCommands } from '../../docs/pages';
import { packedPackage } from '../../support/packed-package';
import { shellEnvironment } from '../../support/shell-environment';

const ROOT = path.resolve(__dirname, '..', '..', '..');

/** What the page runs on a pull request, on merge, and at the end. */
const [INSTALL, PLAN, DEPLOY, DESTROY] = blocksOf('docs/pipeline.md', 'sh');

/** A command of the page, where no registry can be reached. */
const withoutRegistry = (block: string) =>
  block.replace(/(cdktf (?:diff|deploy|destroy)\b.*)$/gm, '$1 --skip-provider-lock');

/** A script that makes the project of the pages, with the package as it would be published. */
function projectOf(tarball: string): string {
  const [install] = blocksOf('docs/own-program.md', 'sh');
  const [program] = blocksOf('docs/own-program.md', 'ts');
  const [settings] = blocksOf('docs/pipeline.md', 'json');
  return [
    install.replace(/ cdktf-managed-database$/m, ` ${tarball}`),
    `cat > main.ts <<'END'\n${program}END`,
    `cat > cdktf.json <<'END'\n${settings}END`,
    INSTALL,
  ].join('\n');
}

describe('commands of the documentation', () => {
  test('docs/pipeline.md: GitHub Actions runs the commands of the plain shell', () => {
    const [workflow] = blocksOf('docs/pipeline.md', 'yaml');
    const run = [...workflow.matchAll(/run: (.*)$/gm)].map(([, command]) => command);
    const [plan, deploy] = [PLAN, DEPLOY].map(shellCommands);
    expect(run).toEqual(['npm ci', ...plan, ...deploy.slice(1)]);
  });

  test('docs/pipeline.md plans, is stopped by a failed connection test, deploys and destroys', async () => {
    // GIVEN an empty folder, and a sandbox of its own, since another may be up
    const directory = await mkdtemp(path.join(tmpdir(), 'pipeline-'));
    const env = { ...shellEnvironment(), clone: ROOT };
    const sandbox = (words: string) => `npm --prefix "$clone" run --silent sandbox -- ${words} --name pipeline`;
    const tarball = await packedPackage(directory);
    const script = [
      'set -e',
      projectOf(tarball),
      sandbox('up'),
      `eval "$(${sandbox('env')})"`,
      `eval "$(${sandbox('bucket company-backups')})"`,
      'export CHECKPOINT_DISABLE=1 DISABLE_VERSION_CHECK=1',
      withoutRegistry(PLAN),
      'echo "== wrong keys"',
      `( export TF_VAR_storage_secret_access_key=wrong; set +e; ${withoutRegistry(DEPLOY)}\necho "ended with $?" ) 2>&1`,
      'echo "== right keys"',
      withoutRegistry(DEPLOY),
      'echo "== destroy"',
      withoutRegistry(DESTROY),
      sandbox('down'),
    ].join('\n');
    await writeFile(path.join(directory, 'page.sh'), script);

    // WHEN
    const { status, stdout, stderr } = spawnSync('bash', ['page.sh'], {
      cwd: directory,
      env,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    if (status !== 0) spawnSync('bash', ['-c', sandbox('down')], { cwd: ROOT, env });

    // THEN
    expect(status === 0 ? '' : `${stdout}\n${stderr}`).toBe('');
    const [planned, refused, deployed, destroyed] = stripVTControlCharacters(stdout)
      .split(/^== .*$/m)
      // CDKTF puts the name of the stack before each line, and Terraform draws a box around an error.
      .map((part) => part.replace(/^ *(?:orders)? *│?/gm, '').replace(/\s+/g, ' '));
    expect(planned).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy/);
    expect(refused).toMatch(/ConnectionTestFailed.*\(authentication\): invalid access credentials.*TO DO:/);
    expect(refused).toMatch(/ended with 1/);
    expect(refused).not.toMatch(/aws_db_instance\S+: Creating/);
    expect(deployed).toMatch(/Apply complete! Resources: \d+ added, 0 changed/);
    expect(destroyed).toMatch(/Destroy complete! Resources: \d+ destroyed/);
    await rm(directory, { recursive: true });
  }, 2_400_000);
});
