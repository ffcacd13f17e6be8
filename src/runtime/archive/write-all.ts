import { FileHandle } from 'node:fs/promises';

/** What to do where the disk is full. */
export const MORE_DISK =
  'Give the function more ephemeral storage (/tmp), or set TMPDIR to a directory on a larger disk.';

/**
 * Writes all bytes at a position. A disk that fills up may take a part of them without an error, and the file would
 * then look damaged: the rest is written again, until the system says that the disk is full.
 *
 * @throws with the remedy where the disk is full
 */
export async function writeAll(
  handle: Pick<FileHandle, 'write'>,
  bytes: Buffer,
  position: number,
  file: string,
): Promise<void> {
  let written = 0;
  try {
    while (written < bytes.length) {
      const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
      written += bytesWritten;
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOSPC' ? diskFull(file, position + written) : error;
  }
}

function diskFull(file: string, bytes: number): Error {
  return new Error(`The disk is full (ENOSPC): ${file} could not be written beyond ${bytes} bytes. ${MORE_DISK}`);
}
