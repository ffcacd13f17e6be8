import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The package's own PostgreSQL clients, seen from the bundled command line and from its source. */
const PLACES = ['..', join('..', '..', 'assets')];

/** The folder of the clients that came with the package; undefined where there are none for this machine. */
export function ownClients(
  from = __dirname,
  machine: { readonly platform: string; readonly arch: string } = process,
): string | undefined {
  if (machine.platform !== 'linux' || machine.arch !== 'x64') {
    return undefined;
  }
  return PLACES.map((place) => join(from, place, 'client-layer-x86_64', 'bin')).find((directory) =>
    existsSync(join(directory, 'pg_dump')),
  );
}

/** Lets this process and its children find the package's own clients before those of the machine. */
export function preferOwnClients(): void {
  const directory = ownClients();
  if (directory !== undefined) {
    process.env.PATH = [directory, process.env.PATH].filter(Boolean).join(delimiter);
  }
}
