import { FileHandle, open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BufferPool } from './buffer-pool';
import { readMembers } from './tar';
import { writeAll } from './write-all';
import { ActionError } from '../../contract/action-error';
import { DumpFile, Manifest, Part, Segment } from '../../contract/manifest';
import { partError, StoredBackup } from '../folder/stored-backup';

/**
 * Reads the files of a backup. No byte of a part is used before its size and its digest are right. No more parts are in
 * memory than the given number.
 */
export class PartsReader {
  private readonly buffers: BufferPool;
  private readonly parts: ReadonlyMap<number, Part>;
  /** The members of each part, by their names, with their sizes. */
  private readonly members: ReadonlyMap<number, ReadonlyMap<string, number>>;

  /** @throws VerificationFailed where the manifest contradicts itself */
  constructor(
    private readonly backup: StoredBackup,
    partsInMemory: number,
    private readonly signal: AbortSignal,
  ) {
    const { files, parts } = backup.manifest;
    files.forEach(requireSound);
    this.parts = new Map(parts.map((part) => [part.number, part]));
    this.members = membersOf(backup.manifest);
    this.buffers = new BufferPool(partsInMemory, Math.max(0, ...parts.map(({ size }) => size)));
  }

  /** Writes files into a directory, under their names without the folder. */
  async writeFiles(files: readonly DumpFile[], directory: string, signal = this.signal): Promise<void> {
    for (const [part, together] of byPart(files.filter((file) => !isLarge(file)))) {
      await this.withPart(part, signal, async (members) => {
        for (const file of together) await writeSmall(file, members, join(directory, basename(file.name)));
      });
    }
    for (const file of files.filter(isLarge)) {
      const handle = await open(join(directory, basename(file.name)), 'w', 0o600);
      try {
        await this.writeLarge(file, handle, signal);
      } finally {
        await handle.close();
      }
    }
  }

  /**
   * The bytes of a large file in their order, a segment at a time: it may be used until the next one is asked for, and
   * while it is used the next part is on its way.
   */
  async *segments(file: DumpFile, signal = this.signal): AsyncGenerator<Buffer, void> {
    let coming: Promise<FetchedPart> | undefined;
    try {
      coming = this.fetch(file.segments[0].part, signal);
      for (const [index, { member }] of file.segments.entries()) {
        const { body, members } = await coming!;
        try {
          const next = file.segments.at(index + 1);
          coming = next && this.fetch(next.part, signal);
          yield members.get(member)!;
        } finally {
          this.buffers.giveBack(body);
        }
      }
    } finally {
      await coming?.then(
        ({ body }) => this.buffers.giveBack(body),
        () => undefined,
      );
    }
  }

  private async writeLarge(file: DumpFile, handle: FileHandle, signal: AbortSignal): Promise<void> {
    let position = 0;
    for await (const segment of this.segments(file, signal)) {
      await writeAll(handle, segment, position, file.name);
      position += segment.length;
    }
  }

  private async withPart(
    number: number,
    signal: AbortSignal,
    use: (members: ReadonlyMap<string, Buffer>) => Promise<void>,
  ): Promise<void> {
    const { body, members } = await this.fetch(number, signal);
    try {
      await use(members);
    } finally {
      this.buffers.giveBack(body);
    }
  }

  /** A failure is kept for the caller that waits for the part. */
  private fetch(number: number, signal: AbortSignal): Promise<FetchedPart> {
    const fetching = this.fetchInto(number, signal);
    fetching.catch(() => undefined);
    return fetching;
  }

  private async fetchInto(number: number, signal: AbortSignal): Promise<FetchedPart> {
    const body = await this.buffers.take(signal);
    try {
      const part = this.parts.get(number)!;
      const key = this.backup.partKey(part);
      return { body, members: this.requireMembers(part, key, await this.backup.readPart(part, body)) };
    } catch (error) {
      this.buffers.giveBack(body);
      throw error;
    }
  }

  /** Only what the manifest names is used. */
  private requireMembers({ number }: Part, key: string, archive: Buffer): ReadonlyMap<string, Buffer> {
    const wanted = this.members.get(number)!;
    const found = new Map<string, Buffer>();
    for (const { name, content } of unpacked(key, archive)) {
      if (wanted.get(name) !== content.length || found.has(name)) {
        throw partError(key, `holds ${name} (${content.length} bytes), which the manifest does not have there`);
      }
      found.set(name, content);
    }
    const missing = [...wanted.keys()].filter((name) => !found.has(name));
    if (missing.length > 0) throw partError(key, `lacks ${missing.slice(0, 5).join(', ')}`);
    return found;
  }
}

/** A part in a buffer, and its members, which are bytes of the buffer. */
interface FetchedPart {
  readonly body: Buffer;
  readonly members: ReadonlyMap<string, Buffer>;
}

/** A large file has parts of its own; a small one is in one part, with others. */
export function isLarge({ segments }: Pick<DumpFile, 'segments'>): boolean {
  return segments.length > 1;
}

function membersOf({ backup, files, parts }: Manifest): Map<number, Map<string, number>> {
  const members = new Map<number, Map<string, number>>(parts.map(({ number }) => [number, new Map()]));
  for (const file of files) {
    for (const { part, member, size } of file.segments) {
      const found = members.get(part);
      if (found === undefined) throw damagedManifest(`${file.name} is in part ${part}, which backup ${backup} lacks`);
      found.set(member, size);
    }
  }
  return members;
}

function byPart(files: readonly DumpFile[]): Map<number, DumpFile[]> {
  const found = new Map<number, DumpFile[]>();
  for (const file of files) {
    const [{ part }] = file.segments;
    found.set(part, [...(found.get(part) ?? []), file]);
  }
  return found;
}

async function writeSmall(file: DumpFile, members: ReadonlyMap<string, Buffer>, path: string): Promise<void> {
  const content = members.get(file.segments[0].member)!;
  const handle = await open(path, 'w', 0o600);
  try {
    await writeAll(handle, content, 0, file.name);
  } finally {
    await handle.close();
  }
}

function unpacked(key: string, archive: Buffer) {
  try {
    return readMembers(archive);
  } catch (error) {
    throw partError(key, (error as Error).message);
  }
}

/** @throws VerificationFailed for a name that is not a folder and a file in it, or leads elsewhere, and a wrong size */
function requireSound({ name, size, segments }: DumpFile): void {
  const words = name.split('/');
  // eslint-disable-next-line no-control-regex
  const plain = words.every((word) => word !== '' && !/^\.\.?$|[\u0000-\u001f\\]/.test(word));
  if (words.length !== 2 || !plain) {
    throw damagedManifest(`a file of a backup is named <database>/<file>; got ${JSON.stringify(name)}`);
  }
  if (segments.length === 0 || total(segments) !== size) {
    throw damagedManifest(`the segments of ${name} have ${total(segments)} bytes, the file ${size}`);
  }
}

function damagedManifest(fault: string): ActionError {
  return new ActionError('VerificationFailed', `The manifest is damaged: ${fault}.`);
}

function total(segments: readonly Segment[]): number {
  return segments.reduce((sum, { size }) => sum + size, 0);
}
