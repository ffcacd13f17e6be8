import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Folders that may hold the package's PostgreSQL clients, relative to the bundled command line or to its source. */
const FOLDERS = ['..', join('..', '..', 'assets')];

/** The folder of the PostgreSQL clients in the package; undefined where it has none for this machine. */
export function bundledClients(
  from = __dirname,
  machine: { readonly platform: string; readonly arch: string } = process,
): string | undefined {
  if (machine.platform !== 'linux' || machine.arch !== 'x64') {
    return undefined;
  }
  return FOLDERS.map((folder) => join(from, folder, 'client-layer-x86_64', 'bin')).find((directory) =>
    existsSync(join(directory, 'pg_dump')),
  );
}

/** Puts the package's clients before those of the machine, for this process and its children. */
export function preferBundledClients(): void {
  const directory = bundledClients();
  if (directory !== undefined) {
    process.env.PATH = [directory, process.env.PATH].filter(Boolean).join(delimiter);
  }
}
