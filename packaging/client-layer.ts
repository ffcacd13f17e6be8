import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { buildLayer, Layer, LayerContent, LayerOptions } from './layer';
import { LayerPackages, LOADER, place } from './layer-packages';
import { PACKAGING } from './places';
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

/** The database clients, and the few programs that Node has nothing for. */
export const CLIENT_LAYER: LayerContent = {
  name: 'client-layer-x86_64',
  licences: 'share/licenses',
  sources: ['client-layer.ts', 'client-wrapper.sh'],
  assemble,
};

/** Builds the layer of database clients, as {@link buildLayer} does. */
export async function buildClientLayer(options: LayerOptions = {}): Promise<Layer> {
  return buildLayer(CLIENT_LAYER, options);
}

function postgresTool(major: number, program: string, name: string): Tool {
  return { name, package: `postgresql-client-${major}`, file: `usr/lib/postgresql/${major}/bin/${program}` };
}

/**
 * The layer has no top-level `lib`: Lambda puts `/opt/lib` on the library path of the function's own processes, which
 * would then start with this layer's libc and crash.
 */
async function assemble(packages: LayerPackages, layer: string): Promise<void> {
  const [bin, lib, libexec] = ['bin', 'clients/lib', 'clients/libexec'].map((each) => path.join(layer, each));
  await Promise.all([bin, lib, libexec].map(async (each) => mkdir(each, { recursive: true })));
  const wrapper = readFileSync(path.join(PACKAGING, 'client-wrapper.sh'), 'utf8');
  for (const tool of TOOLS) {
    const program = packages.pathIn(tool.package, tool.file);
    await place(program, path.join(libexec, tool.name), 0o755);
    await writeFile(path.join(bin, tool.name), wrapper, { mode: 0o755 });
    await packages.placeLibraries(program, lib);
  }
  // Check that the files of the layer are enough, without the rest of the packages.
  for (const tool of TOOLS) {
    const program = path.join(libexec, tool.name);
    await sharedLibraries(program, { loader: path.join(lib, LOADER), directories: [lib] });
    await run(path.join(bin, tool.name), ['--version'], { env: {} });
  }
}
