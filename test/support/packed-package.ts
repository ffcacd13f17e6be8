import { execFileSync } from 'node:child_process';
import * as path from 'node:path';
import { exclusively } from '../../packaging/exclusively';
import { CACHE, ROOT } from '../../packaging/places';

/**
 * The package as it would be published, in a directory. One process at a time makes it: what one compiles and builds
 * lies where another packs it.
 */
export async function packedPackage(directory: string): Promise<string> {
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
  return exclusively(
    path.join(CACHE, 'packed-package.lock'),
    () => undefined,
    async () => {
      run('npx', 'projen', 'compile');
      run('npm', 'run', 'assets');
      return path.join(directory, run('npm', 'pack', '--silent', '--pack-destination', directory).trim());
    },
  );
}
