import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { buildLayer, Layer, LayerContent, LayerOptions } from './layer';
import { LayerPackages, LOADER, place, placeAll } from './layer-packages';
import { placeLocales } from './locales';
import { PACKAGING } from './places';
import { run } from './run';
import { sharedLibraries } from './shared-libraries';

const MAJOR = 18;
const SERVER = `postgresql-${MAJOR}`;
const PROGRAMS = ['postgres', 'initdb'];

/** An extension of the distribution's SELinux, which has libraries of its own and no use here. */
const WITHOUT = 'sepgsql';

/** Where the distribution's server reads time zones, and where that of the layer does: from a descriptor of its wrapper. */
const TIME_ZONES = { distribution: '/usr/share/zoneinfo', layer: '/proc/self/fd/9' };

/**
 * PostgreSQL's server with its contributed extensions, locales and time zones, for restore drills. It has no just-in-time
 * compiler and no documentation.
 */
export const SERVER_LAYER: LayerContent = {
  name: 'server-layer-x86_64',
  licences: 'server/licenses',
  sources: ['server-layer.ts', 'server-wrapper.sh', 'list-locales.sh', 'locales.ts'],
  assemble,
};

/** Builds the layer of the database server, as {@link buildLayer} does. */
export async function buildServerLayer(options: LayerOptions = {}): Promise<Layer> {
  return buildLayer(SERVER_LAYER, options);
}

/** The server finds its files by its own path, so the folders below `server` are as the distribution has them in `/usr`. */
async function assemble(packages: LayerPackages, layer: string): Promise<void> {
  const server = path.join(layer, 'server');
  const [libexec, lib] = ['libexec', 'lib'].map((each) => path.join(server, each));
  const [programs, modules] = ['bin', 'lib'].map((each) => `lib/postgresql/${MAJOR}/${each}`);
  for (const each of [path.join(layer, 'bin'), libexec, path.join(server, programs)]) {
    await mkdir(each, { recursive: true });
  }
  const script = (name: string) => readFileSync(path.join(PACKAGING, name), 'utf8');
  await writeFile(path.join(libexec, 'locale'), script('list-locales.sh'), { mode: 0o755 });
  for (const name of PROGRAMS) {
    await place(packages.pathIn(SERVER, `usr/${programs}/${name}`), path.join(libexec, name), 0o755);
    await writeFile(path.join(server, programs, name), script('server-wrapper.sh'), { mode: 0o755 });
    await symlink(path.join('..', 'server', programs, name), path.join(layer, 'bin', name));
  }
  await redirectTimeZones(path.join(libexec, 'postgres'));
  const isWanted = (name: string) => !name.startsWith(WITHOUT);
  await placeAll(packages.pathIn(SERVER, `usr/${modules}`), path.join(server, modules), isWanted);
  const share = `share/postgresql/${MAJOR}`;
  for (const entry of await readdir(packages.pathIn(SERVER, `usr/${share}`), { withFileTypes: true })) {
    if (['man', 'contrib'].includes(entry.name)) continue;
    const [from, to] = [packages.pathIn(SERVER, `usr/${share}/${entry.name}`), path.join(server, share, entry.name)];
    await (entry.isDirectory() ? placeAll(from, to, isWanted) : place(from, to));
  }
  for (const name of ['tzdata', 'tzdata-legacy']) {
    // The folder `right` counts leap seconds, which PostgreSQL does not.
    const isZone = (each: string) => each !== 'right';
    await placeAll(packages.pathIn(name, 'usr/share/zoneinfo'), path.join(server, 'share/zoneinfo'), isZone);
  }
  await placeLocales(packages, path.join(server, 'locale'));
  const binaries = [
    ...PROGRAMS.map((name) => path.join(libexec, name)),
    ...(await readdir(path.join(server, modules))).map((name) => path.join(server, modules, name)),
  ];
  for (const binary of binaries) await packages.placeLibraries(binary, lib);
  // Check that the files of the layer are enough, without the rest of the packages.
  for (const binary of binaries) {
    await sharedLibraries(binary, { loader: path.join(lib, LOADER), directories: [lib] });
  }
  for (const name of PROGRAMS) {
    await run(path.join(layer, 'bin', name), ['--version'], { env: { PATH: '/usr/bin:/bin' } });
  }
}

/**
 * The distribution's server reads time zones from a fixed folder, which Lambda's images need not have. The name of the
 * folder is overwritten, in its place and with its length.
 *
 * @throws if the program does not have the name exactly once
 */
async function redirectTimeZones(program: string): Promise<void> {
  const bytes = await readFile(program);
  const name = Buffer.from(`${TIME_ZONES.distribution}\0`);
  const at = bytes.indexOf(name);
  if (at < 0 || bytes.indexOf(name, at + 1) >= 0) {
    throw new Error(`${path.basename(program)} must name ${TIME_ZONES.distribution} exactly once.`);
  }
  Buffer.alloc(name.length).copy(bytes, at);
  bytes.write(TIME_ZONES.layer, at);
  await writeFile(program, bytes);
}
