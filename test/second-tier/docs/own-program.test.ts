import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';

const ROOT = path.resolve(__dirname, '..', '..', '..');

/** The blocks of a language in a page. */
function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(([, block]) => block);
}

test('the page of an own program leads from an empty folder to a deployed database and back', async () => {
  // GIVEN an empty folder, and the package as it would be published
  const directory = await mkdtemp(path.join(tmpdir(), 'own-program-'));
  const page = await readFile(path.join(ROOT, 'docs', 'own-program.md'), 'utf8');
  const npm = (...args: string[]) => execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
  execFileSync('npx', ['projen', 'compile'], { cwd: ROOT, stdio: 'pipe' });
  npm('run', 'assets');
  const tarball = path.join(directory, npm('pack', '--silent', '--pack-destination', directory).trim());
  const [install, ...commands] = blocks(page, 'sh').map((block) =>
    // A sandbox of its own, since another may be up.
    block.replace(/ cdktf-managed-database$/m, ` ${tarball}`).replace(/(sandbox -- \w+)/g, '$1 --name own-program'),
  );
  const [program] = blocks(page, 'ts');
  const script = [install, "cat > main.ts <<'PROGRAM'", program.trimEnd(), 'PROGRAM', ...commands].join('\n');
  await writeFile(path.join(directory, 'page.sh'), `set -e\n${script}`);

  // WHEN
  const { status, stdout, stderr } = spawnSync('bash', ['page.sh'], {
    cwd: directory,
    env: { ...process.env, clone: ROOT },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) spawnSync('npm', ['run', 'sandbox', '--', 'down', '--name', 'own-program'], { cwd: ROOT });

  // THEN
  expect(status === 0 ? '' : `${stdout}\n${stderr}`).toBe('');
  expect(stdout).toContain('The configuration is valid');
  expect(stdout).toMatch(/Apply complete! Resources: \d+ added, 0 changed, 0 destroyed/);
  expect(stdout).toMatch(/Completed/);
  expect(stdout).toMatch(/Destroy complete!/);
  await rm(directory, { recursive: true });
}, 1_200_000);
