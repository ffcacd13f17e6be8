import { existsSync, readFileSync } from 'node:fs';
import { chmod, lstat, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { debianMirror, readAptSources } from './apt-sources';
import { namesUnder, zipDirectory } from './deterministic-zip';
import { sha256, sha256OfFile } from './digest';
import { exclusively } from './exclusively';
import {
  compareToLock,
  describeDifference,
  LayerLock,
  LockDifference,
  LockedPackage,
  refuseDifferences,
} from './layer-lock';
import { LayerPackages, SUITE, WANTED } from './layer-packages';
import { PackageCache } from './package-cache';
import { ASSETS, CACHE, megabytes, PACKAGING } from './places';
import { PrivateApt } from './private-apt';

/** Lambda's own limits: a zip that is uploaded directly, and function and layers together, unpacked. */
const MAX_ZIP_BYTES = 50e6;
const MAX_UNPACKED_BYTES = 250e6;

const LOCK_FILE = path.join(PACKAGING, 'layers.lock.json');
const LAYER_CACHE = path.join(CACHE, 'layers');
const CACHED_PACKAGES = new PackageCache(path.join(LAYER_CACHE, 'packages'));

/** The sources of this folder that every layer depends on. */
const SOURCES = [
  ...['layers.lock.json', 'layer.ts', 'layer-packages.ts', 'deterministic-zip.ts', 'shared-libraries.ts'],
];

/** The Debian project's archive of every package that it ever published. */
const PERMANENT_ARCHIVE = 'https://snapshot.debian.org/archive/debian';

/** Takes one line of progress. */
type Log = (line: string) => void;

/** What a layer is made of. */
export interface LayerContent {
  /** Name of its zip, without `.zip`, and of the same unpacked. */
  readonly name: string;
  /** The folder of the licences. Each layer has its own: Lambda lays several layers over each other. */
  readonly licences: string;
  /** The sources of this folder that the content depends on. */
  readonly sources: readonly string[];
  /** Fills the directory of the layer, without the licences. */
  readonly assemble: (packages: LayerPackages, directory: string) => Promise<void>;
}

export interface LayerOptions {
  /** @default - where the repository keeps its built assets */
  readonly assets?: string;
  /**
   * Address of a Debian mirror that carries the suite.
   * @default - `CLIENT_LAYER_MIRROR` of the environment, else the Debian archive in the machine's own apt sources
   */
  readonly mirror?: string;
  /** Refuse to build from anything but the locked packages. @default false */
  readonly release?: boolean;
  /** Where progress goes, line by line. @default - to standard error */
  readonly log?: Log;
}

/** What was built and from what. Written as JSON next to the zip. */
export interface LayerDescription {
  /** SHA-256 of everything that the content of the layer depends on: lock and sources. */
  readonly inputs: string;
  readonly zipSha256: string;
  readonly zipBytes: number;
  readonly unpackedBytes: number;
  /** The packages whose files are in the layer. */
  readonly packages: readonly LockedPackage[];
  /** The packages that the suites no longer had in their locked versions. */
  readonly differences: readonly LockDifference[];
  /** Every file of the layer, relative to its directory. */
  readonly files: readonly string[];
}

export interface Layer extends LayerDescription {
  readonly zip: string;
  /** The layer unpacked, as Lambda mounts it at `/opt`. */
  readonly directory: string;
  /** The directory of the programs, for PATH. */
  readonly bin: string;
}

/**
 * Builds a layer: `<name>.zip`, and the same unpacked next to it. Does nothing if the assets already hold a build from the
 * same lock and sources. Several processes may call it at the same time.
 *
 * @throws for a missing or damaged package, library or signature, or if a release would differ from the lock
 */
export async function buildLayer(content: LayerContent, options: LayerOptions = {}): Promise<Layer> {
  const log = options.log ?? ((line: string) => process.stderr.write(`${content.name}: ${line}\n`));
  const assets = path.resolve(options.assets ?? ASSETS);
  await mkdir(assets, { recursive: true });
  await mkdir(LAYER_CACHE, { recursive: true });
  return exclusively(path.join(LAYER_CACHE, 'build.lock'), log, async () => {
    const built = await presentBuild(content, assets);
    if (!built) return build(content, assets, options, log);
    if (options.release) refuseDifferences(readLock(), built.differences);
    warn(log, built.differences);
    log('up to date');
    return built;
  });
}

/** Writes into the lock what the suites have now, of the packages that the layers take files from. */
export async function updateLock(contents: readonly LayerContent[], log: Log): Promise<void> {
  const work = path.join(LAYER_CACHE, 'update');
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  try {
    const { mirror, suites } = await openSuites({});
    const present = await presentPackages(suites, log);
    await fetchPresent(present, mirror, suites, log);
    const packages = await LayerPackages.unpack(present, CACHED_PACKAGES, path.join(work, 'packages'));
    for (const content of contents) await assemble(content, packages, path.join(work, content.name));
    const lock: LayerLock = { archive: archiveOf(new Date()), packages: packages.used };
    await writeFile(LOCK_FILE, json(lock));
    log(`wrote ${packages.used.length} packages to ${path.relative(process.cwd(), LOCK_FILE)}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function build(content: LayerContent, assets: string, options: LayerOptions, log: Log): Promise<Layer> {
  const started = Date.now();
  const work = path.join(assets, `.${content.name}`);
  await rm(work, { recursive: true, force: true });
  await mkdir(work);
  try {
    const { candidates, differences } = await choosePackages(options, log);
    log(`unpacking ${candidates.length} packages`);
    const packages = await LayerPackages.unpack(candidates, CACHED_PACKAGES, path.join(work, 'packages'));
    const directory = path.join(work, 'layer');
    await assemble(content, packages, directory);
    const zip = path.join(work, `${content.name}.zip`);
    await zipDirectory(directory, zip);
    const files = (await namesUnder(directory)).sort();
    const description: LayerDescription = {
      inputs: await digestOfInputs(content),
      zipSha256: await sha256OfFile(zip),
      zipBytes: (await stat(zip)).size,
      unpackedBytes: await totalSize(files.map((file) => path.join(directory, file))),
      packages: packages.used,
      differences,
      files,
    };
    refuseTooLarge(content, description);
    await putInPlace(content, work, assets, description);
    log(
      `${files.length} files of ${packages.used.length} packages, ${megabytes(description.unpackedBytes)} unpacked, ` +
        `${megabytes(description.zipBytes)} zipped, in ${((Date.now() - started) / 1000).toFixed(1)} s`,
    );
    return { ...description, ...placesIn(content, assets) };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function assemble(content: LayerContent, packages: LayerPackages, directory: string): Promise<void> {
  await mkdir(directory);
  await chmod(directory, 0o755);
  await content.assemble(packages, directory);
  await packages.placeLicences(path.join(directory, content.licences));
  await writeFile(path.join(directory, content.licences, 'packages.json'), json(packages.used));
}

/**
 * The locked packages, all of them cached. If neither mirror nor archive has all of them, the present packages of the
 * suites, and what they differ in.
 */
async function choosePackages(
  options: LayerOptions,
  log: Log,
): Promise<{ readonly candidates: readonly LockedPackage[]; readonly differences: readonly LockDifference[] }> {
  const lock = readLock();
  const locked = { candidates: lock.packages, differences: [] };
  if (await CACHED_PACKAGES.hasAll(lock.packages)) return locked;
  const { mirror, suites } = await openSuites(options);
  // The mirror is near. The archive has what the mirror no longer has.
  if (await CACHED_PACKAGES.fetch(lock.packages, [mirror, lock.archive], suites.get(SUITE)!, log)) return locked;
  const present = await presentPackages(suites, log);
  const differences = compareToLock(lock, present, { release: options.release ?? false });
  warn(log, differences);
  await fetchPresent(present, mirror, suites, log);
  return { candidates: present, differences };
}

async function openSuites(
  options: LayerOptions,
): Promise<{ readonly mirror: string; readonly suites: ReadonlyMap<string, PrivateApt> }> {
  const mirror = options.mirror ?? process.env.CLIENT_LAYER_MIRROR ?? debianMirror(readAptSources());
  if (!mirror) {
    throw new Error(
      `The layers are made of packages of Debian's suite ${SUITE}, and apt's sources on this machine name no Debian ` +
        'archive. Set CLIENT_LAYER_MIRROR to the address of a Debian mirror.',
    );
  }
  const suites = new Map<string, PrivateApt>();
  for (const { suite } of WANTED) {
    suites.set(suite, await PrivateApt.create({ directory: path.join(LAYER_CACHE, `apt-${suite}`), mirror, suite }));
  }
  return { mirror, suites };
}

/** The present packages of the suites, read from their signed lists: of the first with all that they depend on. */
async function presentPackages(suites: ReadonlyMap<string, PrivateApt>, log: Log): Promise<LockedPackage[]> {
  const present: LockedPackage[] = [];
  for (const { suite, names } of WANTED) {
    log(`reading the suite ${suite}`);
    await suites.get(suite)!.update();
    const found = await suites.get(suite)!.resolve(names);
    present.push(...(suite === SUITE ? found : found.filter(({ name }) => names.includes(name))));
  }
  return present;
}

async function fetchPresent(
  present: readonly LockedPackage[],
  mirror: string,
  suites: ReadonlyMap<string, PrivateApt>,
  log: Log,
): Promise<void> {
  if (await CACHED_PACKAGES.fetch(present, [mirror], suites.get(SUITE)!, log)) return;
  throw new Error(
    `The mirror ${mirror} lists packages that cannot be downloaded from it. Set CLIENT_LAYER_MIRROR to another mirror.`,
  );
}

/** The address of the permanent archive at a point in time, in the archive's notation: `20261124T193000Z`. */
function archiveOf(time: Date): string {
  return `${PERMANENT_ARCHIVE}/${time.toISOString().replace(/[-:]|\.\d+/g, '')}`;
}

async function putInPlace(
  content: LayerContent,
  work: string,
  assets: string,
  description: LayerDescription,
): Promise<void> {
  const { zip, directory } = placesIn(content, assets);
  const file = descriptionIn(content, assets);
  // The description is deleted first and written last: without it, a build that was interrupted here counts as none.
  await rm(file, { force: true });
  if (existsSync(directory)) await rename(directory, path.join(work, 'former'));
  await rename(path.join(work, 'layer'), directory);
  await rename(path.join(work, `${content.name}.zip`), zip);
  await writeFile(path.join(work, 'description'), json(description));
  await rename(path.join(work, 'description'), file);
}

/** The build in the assets, if it is complete and was made from the present lock and sources. */
async function presentBuild(content: LayerContent, assets: string): Promise<Layer | undefined> {
  const file = descriptionIn(content, assets);
  if (!existsSync(file)) return undefined;
  const description = JSON.parse(readFileSync(file, 'utf8')) as LayerDescription;
  const places = placesIn(content, assets);
  const isPresent =
    description.inputs === (await digestOfInputs(content)) &&
    existsSync(places.zip) &&
    description.zipSha256 === (await sha256OfFile(places.zip)) &&
    description.files.every((each) => existsSync(path.join(places.directory, each)));
  return isPresent ? { ...description, ...places } : undefined;
}

async function digestOfInputs({ sources }: LayerContent): Promise<string> {
  const digests = await Promise.all(
    [...SOURCES, ...sources].map(async (name) => sha256OfFile(path.join(PACKAGING, name))),
  );
  return sha256(digests.join());
}

function refuseTooLarge({ name }: LayerContent, description: LayerDescription): void {
  if (description.zipBytes > MAX_ZIP_BYTES || description.unpackedBytes > MAX_UNPACKED_BYTES) {
    throw new Error(
      `Lambda takes a layer of at most ${megabytes(MAX_ZIP_BYTES)} zipped and ${megabytes(MAX_UNPACKED_BYTES)} unpacked; ` +
        `this one has ${megabytes(description.zipBytes)} and ${megabytes(description.unpackedBytes)}. Compare the list of files in ${name}.json with that of the last build to see what has grown.`,
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

function readLock(): LayerLock {
  return JSON.parse(readFileSync(LOCK_FILE, 'utf8')) as LayerLock;
}

function placesIn({ name }: LayerContent, assets: string): Pick<Layer, 'zip' | 'directory' | 'bin'> {
  const directory = path.join(assets, name);
  return { zip: `${directory}.zip`, directory, bin: path.join(directory, 'bin') };
}

function descriptionIn({ name }: LayerContent, assets: string): string {
  return path.join(assets, `${name}.json`);
}

async function totalSize(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await lstat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
