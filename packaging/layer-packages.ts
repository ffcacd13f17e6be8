import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readlink, realpath, symlink } from 'node:fs/promises';
import * as path from 'node:path';
import { LockedPackage } from './layer-lock';
import { PackageCache } from './package-cache';
import { run } from './run';
import { sharedLibraries } from './shared-libraries';

/** Where the packages have their shared libraries. */
export const LIBRARIES = 'usr/lib/x86_64-linux-gnu';
export const LOADER = 'ld-linux-x86-64.so.2';
const LIBC = 'libc6';

/** The package with the texts of the licences to which the copyright files of the others refer. */
const LICENCE_TEXTS = { package: 'base-files', directory: 'usr/share/common-licenses' };

/**
 * The packages that the layers are made of, without what they depend on: most from one suite, and from an older one the
 * client that it still has, which uses the same libraries.
 */
export const WANTED: readonly { readonly suite: string; readonly names: readonly string[] }[] = [
  {
    suite: 'forky',
    names: [
      ...['postgresql-client-18', 'postgresql-18', 'util-linux', 'coreutils'],
      ...['libc-bin', 'locales', 'tzdata', 'tzdata-legacy', LICENCE_TEXTS.package],
    ],
  },
  { suite: 'trixie', names: ['postgresql-client-17'] },
];

/** The suite that most packages and all libraries come from. */
export const SUITE = WANTED[0].suite;

/** Unpacked packages, each in a tree of its own, so that every file that a layer takes can be traced to its package. */
export class LayerPackages {
  static async unpack(packages: readonly LockedPackage[], cache: PackageCache, into: string): Promise<LayerPackages> {
    const trees = new Map(packages.map(({ name }) => [name, path.join(into, name)]));
    for (const each of packages) {
      await mkdir(trees.get(each.name)!, { recursive: true });
      await run('dpkg-deb', ['-x', cache.fileOf(each), trees.get(each.name)!]);
    }
    return new LayerPackages(packages, trees);
  }

  private readonly usedNames = new Set([LIBC, LICENCE_TEXTS.package]);

  private constructor(
    private readonly packages: readonly LockedPackage[],
    private readonly trees: ReadonlyMap<string, string>,
  ) {}

  /** The packages that files were taken from, by name. */
  get used(): LockedPackage[] {
    return this.packages
      .filter(({ name }) => this.usedNames.has(name))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** The path of a file or folder of a package, which is then one of those used. @throws if there is no such package */
  pathIn(name: string, file: string): string {
    this.usedNames.add(name);
    return path.join(this.tree(name), file);
  }

  /** SHA-256 of a package, which is then one of those used. */
  digestOf(name: string): string {
    this.usedNames.add(name);
    return this.packages.find((each) => each.name === name)!.sha256;
  }

  /** Runs a program of the packages with their libraries. */
  async run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
    const libraries = ['--inhibit-cache', '--library-path', this.libraryDirectories.join(':')];
    return run(this.loader, [...libraries, program, ...args], { env: { ...process.env, ...env } });
  }

  /** Copies the libraries that a program is linked with, and the loader. */
  async placeLibraries(program: string, into: string): Promise<void> {
    const { loader, libraryDirectories: directories } = this;
    for (const [name, file] of await sharedLibraries(program, { loader, directories })) {
      this.usedNames.add([...this.trees].find(([, directory]) => file.startsWith(`${directory}/`))![0]);
      await place(file, path.join(into, name), name === LOADER ? 0o755 : 0o644);
    }
  }

  /** Copies the licences of the packages that were used. */
  async placeLicences(into: string): Promise<void> {
    await mkdir(into, { recursive: true });
    // A sibling that has the file is met later in the same loop.
    for (const name of this.usedNames) this.usedNames.add(await this.placeCopyright(name, into));
    const texts = path.join(this.tree(LICENCE_TEXTS.package), LICENCE_TEXTS.directory);
    await cp(texts, path.join(into, 'common-licenses'), { recursive: true, dereference: true });
  }

  /** Copies a package's copyright file. Returns the name of the package that has it, which may be a sibling. */
  private async placeCopyright(name: string, licences: string): Promise<string> {
    const documentation = path.join(this.tree(name), 'usr/share/doc', name);
    const carrier = existsSync(path.join(documentation, 'copyright'))
      ? name
      : path.basename(await readlink(documentation));
    await mkdir(path.join(licences, name));
    await place(
      path.join(this.tree(carrier), 'usr/share/doc', carrier, 'copyright'),
      path.join(licences, name, 'copyright'),
    );
    return carrier;
  }

  /** The C library's own. */
  private get loader(): string {
    return path.join(this.tree(LIBC), LIBRARIES, LOADER);
  }

  private get libraryDirectories(): string[] {
    return [...this.trees.values()].map((each) => path.join(each, LIBRARIES));
  }

  private tree(name: string): string {
    const found = this.trees.get(name);
    if (!found) {
      throw new Error(`The layers need the package ${name}, which the lock does not name. Run npm run layer:update.`);
    }
    return found;
  }
}

/** Copies one file with the mode that it has in a layer, whatever the umask. */
export async function place(from: string, to: string, mode = 0o644): Promise<void> {
  await cp(await realpath(from), to);
  await chmod(to, mode);
}

/** Copies every file and relative link below a folder; a link with an absolute path leads out of the package. */
export async function placeAll(
  from: string,
  to: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (!isWanted(entry.name)) continue;
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) {
      await placeAll(source, target, isWanted);
    } else if (entry.isSymbolicLink()) {
      const leadsTo = await readlink(source);
      if (!path.isAbsolute(leadsTo)) await symlink(leadsTo, target);
    } else {
      await place(source, target);
    }
  }
}
