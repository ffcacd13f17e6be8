import { delimiter, dirname, join } from 'node:path';
import { findAsset, isSupported, unpackLayer } from './bundled-layer';

/**
 * Puts the package's PostgreSQL clients before those of the machine, for this process and its children. They are unpacked
 * into a directory where the package carries them zipped.
 */
export async function preferBundledClients(directory: string): Promise<void> {
  const clients = await bundledClients(directory);
  if (clients !== undefined) {
    process.env.PATH = [clients, process.env.PATH].filter(Boolean).join(delimiter);
  }
}

/** The folder of the clients; undefined where the package has none for this machine. */
export async function bundledClients(
  directory: string,
  from = __dirname,
  machine: { readonly platform: string; readonly arch: string } = process,
): Promise<string | undefined> {
  if (!isSupported(machine)) return undefined;
  // A built repository has the layer unpacked beside the zip.
  const client = findAsset(join('client-layer-x86_64', 'bin', 'pg_dump'), from);
  if (client !== undefined) return dirname(client);
  const zip = findAsset('client-layer-x86_64.zip', from);
  if (zip === undefined) return undefined;
  await unpackLayer(zip, directory);
  return join(directory, 'bin');
}
