import { createHash, Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { BufferPool } from './buffer-pool';
import { memberBytes, packSmallFiles, segmentBytes, segmentName, TAR_BLOCK, TAR_END } from './parts-plan';
import { packMembers } from './tar';
import { ActionError } from '../../contract/action-error';
import { DumpFile, Part, Segment } from '../../contract/manifest';
import { BodyDigests } from '../storage/object-store';

/** A file of a dump on the disk, and its name in the manifest. */
export interface DumpedFile {
  readonly name: string;
  readonly path: string;
  readonly size: number;
}

/** Where parts go. */
export interface PartsTarget {
  /** The number of the next part, which the catalog has reserved. */
  nextNumber(): Promise<number>;
  put(part: number, body: Buffer, digests: BodyDigests): Promise<void>;
  delete(part: number): Promise<void>;
  /** As many buffers as parts can be on their way. */
  readonly buffers: BufferPool;
  readonly signal: AbortSignal;
}

export interface WrittenParts {
  readonly files: readonly DumpFile[];
  readonly parts: readonly Part[];
}

/** A run of bytes of a file that becomes a member of a part. */
interface PlannedMember {
  readonly file: Pick<DumpedFile, 'name' | 'path'>;
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/**
 * Packs files into parts and stores several parts at a time. Each byte is read once, into the buffer that is sent, and
 * is in memory when a method returns: the caller can then delete it from the disk. Digests are of the bytes that were
 * handed to the store.
 */
export class PartsWriter {
  private readonly files = new Map<string, { hash: Hash; segments: Segment[] }>();
  private readonly parts: Part[] = [];
  private readonly sending = new Set<Promise<void>>();
  private readonly failure = new AbortController();

  constructor(private readonly target: PartsTarget) {}

  /** The most bytes of one file that a part holds. */
  get segmentBytes(): number {
    return segmentBytes(this.target.buffers.size);
  }

  /** Stores the next bytes of a large file, at most `segmentBytes`, in a part of their own. */
  async addSegment(file: Pick<DumpedFile, 'name' | 'path'>, offset: number, size: number): Promise<void> {
    const number = (this.files.get(file.name)?.segments.length ?? 0) + 1;
    await this.send([{ file, name: segmentName(file.name, number), offset, size }]);
  }

  /** Stores files of at most `segmentBytes` each, several in a part. */
  async addSmallFiles(files: readonly DumpedFile[]): Promise<void> {
    for (const part of packSmallFiles(files, this.target.buffers.size)) {
      await this.send(part.map((file) => ({ file, name: file.name, offset: 0, size: file.size })));
    }
  }

  /** The files of which anything was added. */
  fileNames(): string[] {
    return [...this.files.keys()];
  }

  /** Waits until the store has taken every part. */
  async finish(): Promise<WrittenParts> {
    await Promise.all(this.sending);
    this.failure.signal.throwIfAborted();
    return {
      files: [...this.files].map(([name, { hash, segments }]) => ({
        name,
        size: segments.reduce((sum, { size }) => sum + size, 0),
        sha256: hash.digest('hex'),
        segments,
      })),
      parts: [...this.parts].sort((one, other) => one.number - other.number),
    };
  }

  /** Deletes what was stored, after a failure. */
  async discard(): Promise<void> {
    this.failure.abort(new Error('discarded'));
    await Promise.allSettled(this.sending);
    for (const { number } of this.parts) await this.target.delete(number);
  }

  private async send(members: readonly PlannedMember[]): Promise<void> {
    const buffer = await this.target.buffers.take(AbortSignal.any([this.target.signal, this.failure.signal]));
    let sent = false;
    try {
      const number = await this.target.nextNumber();
      const body = await this.pack(members, number, buffer);
      const digests = {
        sha256: createHash('sha256').update(body).digest('hex'),
        md5: createHash('md5').update(body).digest('base64'),
      };
      this.parts.push({ number, size: body.length, sha256: digests.sha256 });
      this.put(number, body, digests, buffer);
      sent = true;
    } finally {
      if (!sent) this.target.buffers.giveBack(buffer);
    }
  }

  /** In the background. The first failure ends the writer. */
  private put(number: number, body: Buffer, digests: BodyDigests, buffer: Buffer): void {
    const sending = this.target
      .put(number, body, digests)
      .catch((error) => this.failure.abort(error))
      .finally(() => {
        this.target.buffers.giveBack(buffer);
        this.sending.delete(sending);
      });
    this.sending.add(sending);
  }

  private async pack(members: readonly PlannedMember[], part: number, buffer: Buffer): Promise<Buffer> {
    const packed = [];
    let position = 0;
    for (const { file, name, offset, size } of members) {
      // Read to where it belongs in the archive, so that it is in memory once.
      const content = buffer.subarray(position + TAR_BLOCK, position + TAR_BLOCK + size);
      await readInto(content, file, offset);
      this.note(file.name, content, { part, member: name, size });
      packed.push({ name, content });
      position += memberBytes(size);
    }
    const body = buffer.subarray(0, position + TAR_END);
    await packMembers(packed, body);
    return body;
  }

  private note(file: string, content: Buffer, segment: Segment): void {
    let state = this.files.get(file);
    if (state === undefined) this.files.set(file, (state = { hash: createHash('sha256'), segments: [] }));
    state.hash.update(content);
    state.segments.push(segment);
  }
}

async function readInto(
  into: Buffer,
  { name, path }: Pick<DumpedFile, 'name' | 'path'>,
  offset: number,
): Promise<void> {
  const handle = await open(path).catch(throwIfGone(path));
  try {
    for (let filled = 0; filled < into.length;) {
      const { bytesRead } = await handle.read(into, filled, into.length - filled, offset + filled);
      if (bytesRead === 0) {
        throw new ActionError('BackupFailed', `The file ${name} of the dump became shorter while it was stored.`);
      }
      filled += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

/** An error handler: a file that is gone is named as what the dump lacks, every other error is thrown as it is. */
export function throwIfGone(path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code !== 'ENOENT') throw error;
    throw new ActionError(
      'BackupFailed',
      `The dump lacks ${basename(path)}: the file was deleted before it was stored. Let no other program write to ` +
        'the directory of the run.',
    );
  };
}
