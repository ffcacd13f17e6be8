import { delimiter, join } from 'node:path';
import { findAsset, isSupported, unpackLayer } from './bundled-layer';

/**
 * Unpacks the package's PostgreSQL server, with its locales and extensions, into a directory, and puts it behind the
 * machine's own on PATH: who has put a server there wants that one, with its extensions. Does nothing where the package
 * has none for this machine.
 */
export async function offerBundledServer(directory: string, from = __dirname): Promise<void> {
  const zip = findAsset('server-layer-x86_64.zip', from);
  if (zip === undefined || !isSupported()) return;
  await unpackLayer(zip, directory);
  process.env.PATH = [process.env.PATH, join(directory, 'bin')].filter(Boolean).join(delimiter);
}
