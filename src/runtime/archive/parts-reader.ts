import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { writeAll } from './write-all';
import { ActionError } from '../../contract/action-error';
import { DumpFile, Manifest, Part, Segment } from '../../contract/manifest';
import { partError, StoredBackup } from '../folder/stored-backup';

/** The file and the offset to which a segment is written. */
interface Destination {
  readonly file: string;
  readonly offset: number;
  readonly size: number;
}

/**
 * Downloads the parts of a backup and writes its files into a directory. Size and digest of a part are checked before it
 * is used, those of each file before this returns. The next part is downloaded while one is unpacked, so at most two are
 * in memory.
 *
 * @throws VerificationFailed with the name of the part or file that is missing, damaged or from another backup.
 */
export async function readParts(backup: StoredBackup, directory: string, signal: AbortSignal): Promise<void> {
  const { manifest } = backup;
  for (const file of manifest.files) await createEmptyFile(file, directory);
  const members = destinations(manifest);
  let nextPart = readAhead(backup, manifest.parts[0]);
  for (const [index, part] of manifest.parts.entries()) {
    signal.throwIfAborted();
    const body = await nextPart;
    nextPart = readAhead(backup, manifest.parts[index + 1]);
    await unpack(body!, members.get(part.number) ?? new Map(), directory, backup.partKey(part));
  }
  for (const file of manifest.files) {
    signal.throwIfAborted();
    await verifyFile(file, directory);
  }
}

/** The destination of each member of each part, by part number and member name. */
function destinations(manifest: Manifest): Map<number, Map<string, Destination>> {
  const found = new Map<number, Map<string, Destination>>(manifest.parts.map(({ number }) => [number, new Map()]));
  for (const file of manifest.files) {
    let offset = 0;
    for (const { part, member, size } of file.segments) {
      found.get(part)?.set(member, { file: file.name, offset, size });
      offset += size;
    }
  }
  return found;
}

/** Starts to read a part. A failure is thrown where the result is awaited. */
function readAhead(backup: StoredBackup, part: Part | undefined): Promise<Buffer> | undefined {
  const nextPart = part && backup.readPart(part);
  nextPart?.catch(() => undefined);
  return nextPart;
}

async function createEmptyFile(file: DumpFile, directory: string): Promise<void> {
  const path = pathOf(file.name, directory);
  if (total(file.segments) !== file.size) {
    throw new ActionError(
      'VerificationFailed',
      `The manifest is damaged: the segments of ${file.name} have ${total(file.segments)} bytes, the file ${file.size}.`,
    );
  }
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { force: true });
  await (await open(path, 'wx', 0o600)).close();
}

async function unpack(body: Buffer, members: Map<string, Destination>, directory: string, key: string): Promise<void> {
  const archive = extract();
  const unpacking = pipeline(Readable.from([body]), archive);
  unpacking.catch(() => undefined);
  let current: { readonly name: string; readonly handle: FileHandle } | undefined;
  try {
    for await (const entry of archive) {
      const { name, size, type } = entry.header;
      const destination = members.get(name);
      // Only members that the manifest names are written, each to its place in the manifest.
      if (!destination || destination.size !== size || type !== 'file') {
        throw partError(key, `holds ${name} (${type}, ${size} bytes), which the manifest does not have there`);
      }
      members.delete(name);
      if (current?.name !== destination.file) {
        await current?.handle.close();
        current = { name: destination.file, handle: await open(pathOf(destination.file, directory), 'r+') };
      }
      let position = destination.offset;
      for await (const chunk of entry as AsyncIterable<Buffer>) {
        await writeAll(current.handle, chunk, position, destination.file);
        position += chunk.length;
      }
    }
    await unpacking;
  } finally {
    await current?.handle.close();
  }
  if (members.size > 0) throw partError(key, `lacks ${[...members.keys()].slice(0, 5).join(', ')}`);
}

async function verifyFile(file: DumpFile, directory: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(pathOf(file.name, directory)), hash);
  const digest = hash.digest('hex');
  if (digest !== file.sha256) {
    throw new ActionError(
      'VerificationFailed',
      `The file ${file.name} of the backup has SHA-256 ${digest} when assembled from its parts, not the ${file.sha256} of the ` +
        `manifest (parts ${[...new Set(file.segments.map(({ part }) => part))].join(', ')}). Choose another backup.`,
    );
  }
}

/** @throws VerificationFailed for a name that is not `<database>/<file>` or that leads out of the directory. */
function pathOf(name: string, directory: string): string {
  const segments = name.split('/');
  // eslint-disable-next-line no-control-regex
  const plain = segments.every((segment) => segment !== '' && !/^\.\.?$|[\u0000-\u001f\\]/.test(segment));
  if (segments.length !== 2 || !plain) {
    throw new ActionError(
      'VerificationFailed',
      `The manifest is damaged: a file of a backup is named <database>/<file>; got ${JSON.stringify(name)}.`,
    );
  }
  return join(directory, ...segments);
}

function total(segments: readonly Segment[]): number {
  return segments.reduce((sum, { size }) => sum + size, 0);
}
