import { chmod, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { buildServerLayer } from '../../packaging/server-layer';

/** Puts the server of the layer at the end of PATH, where every user may run it. Returns how to remove it. */
export async function installDrillServer(): Promise<() => Promise<void>> {
  const layer = await buildServerLayer();
  const directory = await mkdtemp(join(tmpdir(), 'drill-server-'));
  // The server may run as another user.
  await chmod(directory, 0o755);
  await cp(layer.directory, directory, { recursive: true, verbatimSymlinks: true });
  const { PATH } = process.env;
  process.env.PATH = [PATH, join(directory, 'bin')].join(delimiter);
  return async () => {
    process.env.PATH = PATH;
    await rm(directory, { recursive: true, force: true });
  };
}
