import { createWriteStream } from 'node:fs';
import { lstat, readdir, readFile, readlink, rename } from 'node:fs/promises';
import * as path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';

const SYMLINK = 0o120777;
const EXECUTABLE = 0o100755;
const PLAIN = 0o100644;

/**
 * Zips the files and symbolic links under a directory so that the same tree gives the same bytes, whatever its times,
 * owners, umask and order on disk. Files are 0755 when their owner may execute them, else 0644. Empty directories are
 * left out. The zip is written under a temporary name and renamed when it is complete.
 *
 * @throws if the tree holds something that is neither a file, a directory nor a symbolic link
 */
export async function zipDirectory(directory: string, zipFile: string): Promise<void> {
  const zip = new ZipFile();
  // The DOS time of a zip has no time zone: the same local time gives the same bytes in every zone.
  const options = { mtime: new Date(1980, 0, 1), forceDosTimestamp: true };
  for (const name of (await namesUnder(directory)).sort()) {
    const file = path.join(directory, name);
    const stats = await lstat(file);
    if (stats.isSymbolicLink()) {
      zip.addBuffer(Buffer.from(await readlink(file)), name, { ...options, mode: SYMLINK });
    } else if (stats.isFile()) {
      const mode = hasOwnerExecute(stats.mode) ? EXECUTABLE : PLAIN;
      zip.addBuffer(await readFile(file), name, { ...options, mode });
    } else {
      throw new Error(`A zip holds files and symbolic links only. ${file} is neither. Remove it.`);
    }
  }
  zip.end();
  const unfinished = `${zipFile}.${process.pid}.tmp`;
  await pipeline(zip.outputStream, createWriteStream(unfinished));
  await rename(unfinished, zipFile);
}

/** The paths of everything under a directory that is not itself a directory, with `/` between the segments. */
export async function namesUnder(directory: string, prefix = ''): Promise<string[]> {
  const entries = await readdir(path.join(directory, prefix), { withFileTypes: true });
  const names = entries.map((entry) =>
    entry.isDirectory() ? namesUnder(directory, `${prefix}${entry.name}/`) : [`${prefix}${entry.name}`],
  );
  return (await Promise.all(names)).flat();
}

function hasOwnerExecute(mode: number): boolean {
  return Math.floor(mode / 0o100) % 2 === 1;
}
