import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { debianMirror, readAptSources } from './apt-sources';
import { ClientLayerLock, compareToLock, describeDifference, LockDifference, LockedPackage } from './client-layer-lock';
import { namesUnder, zipDirectory } from './deterministic-zip';
import { sha256, sha256OfFile } from './digest';
import { exclusively } from './exclusively';
import { PackageCache } from './package-cache';
import { ASSETS, CACHE, megabytes, PACKAGING } from './places';
import { PrivateApt } from './private-apt';
import { run } from './run';
import { sharedLibraries } from './shared-libraries';

/** A program of the layer, and where the distribution has it. */
interface Tool {
  /** Its name in the layer. */
  readonly name: string;
  readonly package: string;
  readonly file: string;
}

/** Client 18 reads every dump and makes those of servers of 18; client 17 makes those of older servers. */
const TOOLS: readonly Tool[] = [
  ...['pg_dump', 'pg_restore', 'psql'].map((name) => postgresTool(18, name, name)),
  postgresTool(17, 'pg_dump', 'pg_dump-17'),
  { name: 'fallocate', package: 'util-linux', file: 'usr/bin/fallocate' },
  { name: 'mkfifo', package: 'coreutils', file: 'usr/bin/mkfifo' },
];
/** The suite of the packages and their libraries, and the older suite that still has client 17, which uses the same libraries. */
const SUITE = 'forky';
const OLDER_SUITE = { suite: 'trixie', packages: ['postgresql-client-17'] };
/** The package with the texts of the licences to which the copyright files of the others refer. */
const LICENCE_TEXTS = { package: 'base-files', directory: 'usr/share/common-licenses' };
const LIBC = 'libc6';
const LOADER = 'ld-linux-x86-64.so.2';
const LIBRARIES = 'usr/lib/x86_64-linux-gnu';

/** Lambda's own limits: a zip that is uploaded directly, and function and layers together, unpacked. */
const MAX_ZIP_BYTES = 50e6;
const MAX_UNPACKED_BYTES = 250e6;

const NAME = 'client-layer-x86_64';
const LOCK_FILE = path.join(PACKAGING, 'client-layer.lock.json');
const LAYER_CACHE = path.join(CACHE, 'client-layer');
const CACHED_PACKAGES = new PackageCache(path.join(LAYER_CACHE, 'packages'));

/** The Debian project's archive of every package that it ever published. */
const PERMANENT_ARCHIVE = 'https://snapshot.debian.org/archive/debian';

/** Takes one line of progress. */
type Log = (line: string) => void;

export interface ClientLayerOptions {
  /** @default - where the repository keeps its built assets */
  readonly assets?: string;
  /**
   * Address of a Debian mirror that carries the suite.
   * @default - `CLIENT_LAYER_MIRROR` of the environment, else the Debian archive in the machine's own apt sources
   */
  readonly mirror?: string;
  /** Refuse to build from anything but the locked packages. @default false */
  readonly release?: boolean;
  /** Write into the lock what the suite has now, and build from that. @default false */
  readonly updateLock?: boolean;
  /** Where progress goes, line by line. @default - to standard error */
  readonly log?: Log;
}

/** What was built and from what. Written as JSON next to the zip. */
export interface ClientLayerDescription {
  /** SHA-256 of everything that the content of the layer depends on: lock and sources. */
  readonly inputs: string;
  readonly zipSha256: string;
  readonly zipBytes: number;
  readonly unpackedBytes: number;
  /** The packages whose files are in the layer. */
  readonly packages: readonly LockedPackage[];
  /** Every file of the layer, relative to its directory. */
  readonly files: readonly string[];
}

export interface ClientLayer extends ClientLayerDescription {
  readonly zip: string;
  /** The layer unpacked, as Lambda mounts it at `/opt`. */
  readonly directory: string;
  /** The directory of the clients, for PATH. */
  readonly bin: string;
}

/**
 * Builds the layer of database clients: `client-layer-x86_64.zip`, and the same unpacked next to it. Does nothing if the
 * assets already hold a build from the same lock and sources. Several processes may call it at the same time.
 *
 * @throws for a missing or damaged package, library or signature, or if a release would differ from the lock
 */
export async function buildClientLayer(options: ClientLayerOptions = {}): Promise<ClientLayer> {
  const log = options.log ?? ((line: string) => process.stderr.write(`client layer: ${line}\n`));
  const assets = path.resolve(options.assets ?? ASSETS);
  await mkdir(assets, { recursive: true });
  await mkdir(LAYER_CACHE, { recursive: true });
  return exclusively(path.join(LAYER_CACHE, 'build.lock'), log, async () => {
    const built = options.updateLock ? undefined : await presentBuild(assets);
    if (built) {
      warn(log, compareToLock(readLock(), built.packages, { release: options.release ?? false }));
      log('up to date');
      return built;
    }
    return build(assets, options, log);
  });
}

async function build(assets: string, options: ClientLayerOptions, log: Log): Promise<ClientLayer> {
  const started = Date.now();
  const work = path.join(assets, `.${NAME}`);
  await rm(work, { recursive: true, force: true });
  await mkdir(work);
  try {
    const candidates = await choosePackages(options, log);
    log(`unpacking ${candidates.length} packages`);
    const trees = await unpack(candidates, path.join(work, 'packages'));
    const directory = path.join(work, 'layer');
    const names = await assemble(trees, directory);
    const packages = candidates.filter(({ name }) => names.has(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
    await writeFile(path.join(directory, 'share/licenses/packages.json'), json(packages));
    if (options.updateLock) {
      const lock: ClientLayerLock = { archive: archiveOf(new Date()), packages };
      await writeFile(LOCK_FILE, json(lock));
      log(`wrote ${packages.length} packages to ${path.relative(process.cwd(), LOCK_FILE)}`);
    }
    const zip = path.join(work, `${NAME}.zip`);
    await zipDirectory(directory, zip);
    const files = (await namesUnder(directory)).sort();
    const description: ClientLayerDescription = {
      inputs: await digestOfInputs(),
      zipSha256: await sha256OfFile(zip),
      zipBytes: (await stat(zip)).size,
      unpackedBytes: await totalSize(files.map((file) => path.join(directory, file))),
      packages,
      files,
    };
    refuseTooLarge(description);
    await putInPlace(work, assets, description);
    log(
      `${files.length} files of ${packages.length} packages, ${megabytes(description.unpackedBytes)} unpacked, ` +
        `${megabytes(description.zipBytes)} zipped, in ${((Date.now() - started) / 1000).toFixed(1)} s`,
    );
    return { ...description, ...placesIn(assets) };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * The locked packages, all of them cached. If neither mirror nor archive has all of them, the present packages of the
 * suites.
 */
async function choosePackages(options: ClientLayerOptions, log: Log): Promise<LockedPackage[]> {
  const lock = readLock();
  if (!options.updateLock && (await CACHED_PACKAGES.hasAll(lock.packages))) return [...lock.packages];
  const mirror = options.mirror ?? process.env.CLIENT_LAYER_MIRROR ?? debianMirror(readAptSources());
  if (!mirror) {
    throw new Error(
      `The client layer is made of packages of Debian's suite ${SUITE}, and apt's sources on this machine name no Debian ` +
        'archive. Set CLIENT_LAYER_MIRROR to the address of a Debian mirror.',
    );
  }
  const suites = new Map<string, PrivateApt>();
  for (const suite of [SUITE, OLDER_SUITE.suite]) {
    suites.set(suite, await PrivateApt.create({ directory: path.join(LAYER_CACHE, `apt-${suite}`), mirror, suite }));
  }
  const fetcher = suites.get(SUITE)!;
  // The mirror is near. The archive has what the mirror no longer has.
  if (!options.updateLock && (await CACHED_PACKAGES.fetch(lock.packages, [mirror, lock.archive], fetcher, log))) {
    return [...lock.packages];
  }
  const present = await presentPackages(suites, log);
  const differences = options.updateLock ? [] : compareToLock(lock, present, { release: options.release ?? false });
  warn(log, differences);
  if (!(await CACHED_PACKAGES.fetch(present, [mirror], fetcher, log))) {
    throw new Error(
      `The mirror ${mirror} lists packages that cannot be downloaded from it. Set CLIENT_LAYER_MIRROR to another mirror.`,
    );
  }
  return present;
}

/** The present packages of the suites, read from their signed lists. */
async function presentPackages(suites: ReadonlyMap<string, PrivateApt>, log: Log): Promise<LockedPackage[]> {
  const wanted = [...new Set(TOOLS.map((tool) => tool.package)), LICENCE_TEXTS.package];
  const older = OLDER_SUITE.packages;
  const of = async (suite: string, names: readonly string[]) => {
    log(`reading the suite ${suite}`);
    await suites.get(suite)!.update();
    return suites.get(suite)!.resolve(names);
  };
  return [
    ...(await of(
      SUITE,
      wanted.filter((name) => !older.includes(name)),
    )),
    ...(await of(OLDER_SUITE.suite, older)).filter(({ name }) => older.includes(name)),
  ];
}

/** The address of the permanent archive at a point in time, in the archive's notation: `20261124T193000Z`. */
function archiveOf(time: Date): string {
  return `${PERMANENT_ARCHIVE}/${time.toISOString().replace(/[-:]|\.\d+/g, '')}`;
}

function postgresTool(major: number, program: string, name: string): Tool {
  return { name, package: `postgresql-client-${major}`, file: `usr/lib/postgresql/${major}/bin/${program}` };
}

/** Unpacks each package into a tree of its own, so that every file can be traced to its package. */
async function unpack(packages: readonly LockedPackage[], into: string): Promise<Map<string, string>> {
  const trees = new Map(packages.map(({ name }) => [name, path.join(into, name)]));
  for (const each of packages) {
    await mkdir(trees.get(each.name)!, { recursive: true });
    await run('dpkg-deb', ['-x', CACHED_PACKAGES.fileOf(each), trees.get(each.name)!]);
  }
  return trees;
}

/**
 * Copies the files of the layer into place and returns the names of the packages that they come from.
 *
 * The layer has no top-level `lib`: Lambda puts `/opt/lib` on the library path of the function's own processes, which
 * would then start with this layer's libc and crash.
 */
async function assemble(trees: ReadonlyMap<string, string>, layer: string): Promise<Set<string>> {
  const [bin, lib, libexec, licenses] = ['bin', 'clients/lib', 'clients/libexec', 'share/licenses'].map((each) =>
    path.join(layer, each),
  );
  await Promise.all([bin, lib, libexec, licenses].map(async (each) => mkdir(each, { recursive: true })));
  await chmod(layer, 0o755);
  const tree = (name: string) => {
    const found = trees.get(name);
    if (!found) {
      throw new Error(
        `The client layer needs the package ${name}, which the lock does not name. Run npm run layer:update.`,
      );
    }
    return found;
  };
  const loader = path.join(tree(LIBC), LIBRARIES, LOADER);
  const directories = [...trees.values()].map((each) => path.join(each, LIBRARIES));
  const wrapper = readFileSync(path.join(PACKAGING, 'client-wrapper.sh'), 'utf8');
  const used = new Set([LIBC, LICENCE_TEXTS.package]);
  for (const tool of TOOLS) {
    const program = path.join(tree(tool.package), tool.file);
    used.add(tool.package);
    await place(program, path.join(libexec, tool.name), 0o755);
    await writeFile(path.join(bin, tool.name), wrapper, { mode: 0o755 });
    for (const [name, file] of await sharedLibraries(program, { loader, directories })) {
      used.add([...trees].find(([, directory]) => file.startsWith(`${directory}/`))![0]);
      await place(file, path.join(lib, name), name === LOADER ? 0o755 : 0o644);
    }
  }
  // Check that the files of the layer are enough, without the rest of the packages.
  for (const tool of TOOLS) {
    const program = path.join(libexec, tool.name);
    await sharedLibraries(program, { loader: path.join(lib, LOADER), directories: [lib] });
    await run(path.join(bin, tool.name), ['--version'], { env: {} });
  }
  for (const name of [...used]) used.add(await placeCopyright(name, tree, licenses));
  await cp(path.join(tree(LICENCE_TEXTS.package), LICENCE_TEXTS.directory), path.join(licenses, 'common-licenses'), {
    recursive: true,
    dereference: true,
  });
  return used;
}

/** Copies a package's copyright file. Returns the name of the package that has it, which may be a sibling. */
async function placeCopyright(name: string, tree: (name: string) => string, licenses: string): Promise<string> {
  const documentation = path.join(tree(name), 'usr/share/doc', name);
  const carrier = existsSync(path.join(documentation, 'copyright'))
    ? name
    : path.basename(await readlink(documentation));
  await mkdir(path.join(licenses, name));
  await place(path.join(tree(carrier), 'usr/share/doc', carrier, 'copyright'), path.join(licenses, name, 'copyright'));
  return carrier;
}

async function place(from: string, to: string, mode = 0o644): Promise<void> {
  await cp(await realpath(from), to);
  await chmod(to, mode);
}

async function putInPlace(work: string, assets: string, description: ClientLayerDescription): Promise<void> {
  const { zip, directory } = placesIn(assets);
  // The description is deleted first and written last: without it, a build that was interrupted here counts as none.
  await rm(descriptionIn(assets), { force: true });
  if (existsSync(directory)) await rename(directory, path.join(work, 'former'));
  await rename(path.join(work, 'layer'), directory);
  await rename(path.join(work, `${NAME}.zip`), zip);
  await writeFile(path.join(work, 'description'), json(description));
  await rename(path.join(work, 'description'), descriptionIn(assets));
}

/** The build in the assets, if it is complete and was made from the present lock and sources. */
async function presentBuild(assets: string): Promise<ClientLayer | undefined> {
  if (!existsSync(descriptionIn(assets))) return undefined;
  const description = JSON.parse(readFileSync(descriptionIn(assets), 'utf8')) as ClientLayerDescription;
  const places = placesIn(assets);
  const isPresent =
    description.inputs === (await digestOfInputs()) &&
    existsSync(places.zip) &&
    description.zipSha256 === (await sha256OfFile(places.zip)) &&
    description.files.every((file) => existsSync(path.join(places.directory, file)));
  return isPresent ? { ...description, ...places } : undefined;
}

async function digestOfInputs(): Promise<string> {
  const names = [
    'client-layer.lock.json',
    'client-layer.ts',
    'client-wrapper.sh',
    'deterministic-zip.ts',
    'shared-libraries.ts',
  ];
  const digests = await Promise.all(names.map(async (name) => sha256OfFile(path.join(PACKAGING, name))));
  return sha256(digests.join());
}

function refuseTooLarge(description: ClientLayerDescription): void {
  if (description.zipBytes > MAX_ZIP_BYTES || description.unpackedBytes > MAX_UNPACKED_BYTES) {
    throw new Error(
      `Lambda takes a layer of at most ${megabytes(MAX_ZIP_BYTES)} zipped and ${megabytes(MAX_UNPACKED_BYTES)} unpacked; ` +
        `this one has ${megabytes(description.zipBytes)} and ${megabytes(description.unpackedBytes)}. Compare the list of files in ${NAME}.json with that of the last build to see what has grown.`,
    );
  }
}

function warn(log: Log, differences: readonly LockDifference[]): void {
  if (differences.length === 0) return;
  log('!!! DIFFERS FROM THE LOCK: the suite no longer has these packages in their locked versions');
  differences.forEach((difference) => log(`!!!   ${describeDifference(difference)}`));
  log('!!! Their successors are signed by the distribution, but a release is not built from them.');
  log('!!! Renew the lock with `npm run layer:update`.');
}

function readLock(): ClientLayerLock {
  return JSON.parse(readFileSync(LOCK_FILE, 'utf8')) as ClientLayerLock;
}

function placesIn(assets: string): Pick<ClientLayer, 'zip' | 'directory' | 'bin'> {
  const directory = path.join(assets, NAME);
  return { zip: `${directory}.zip`, directory, bin: path.join(directory, 'bin') };
}

function descriptionIn(assets: string): string {
  return path.join(assets, `${NAME}.json`);
}

async function totalSize(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

if (require.main === module) {
  const { values } = parseArgs({
    options: {
      release: { type: 'boolean' },
      'update-lock': { type: 'boolean' },
      mirror: { type: 'string' },
    },
  });
  buildClientLayer({ release: values.release, updateLock: values['update-lock'], mirror: values.mirror }).catch(
    (error: Error) => {
      console.error(`client layer: ${error.message}`);
      process.exitCode = 1;
    },
  );
}
