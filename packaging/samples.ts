import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { ROOT } from './places';

/**
 * Compiles the samples of README.md and of the docstrings as a user's programs, and translates them into the other
 * languages, from where the packages take them. Ends with 1 where one does not compile. Needs a compiled library.
 */
const directory = mkdtempSync(path.join(tmpdir(), 'samples-'));
try {
  const modules = path.join(directory, 'node_modules');
  mkdirSync(path.join(modules, '@cdktf'), { recursive: true });
  // A user has the library among the modules; this repository is the library.
  symlinkSync(ROOT, path.join(modules, 'cdktf-managed-database'));
  for (const name of ['cdktf', 'constructs', '@cdktf/provider-aws', '@types']) {
    symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name));
  }
  const { status } = spawnSync(
    path.join(ROOT, 'node_modules/.bin/jsii-rosetta'),
    ['extract', '--strict', '--directory', directory, ROOT],
    { stdio: 'inherit' },
  );
  process.exitCode = status ?? 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
