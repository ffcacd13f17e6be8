import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { BufferPool } from './buffer-pool';
import { capacityOf, memberBytes, segmentBytes, segmentName, TAR_BLOCK, TAR_END } from './parts-plan';
import { Member, packMembers } from './tar';
import { ActionError } from '../../contract/action-error';
import { DumpFile, Part, Segment } from '../../contract/manifest';

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
  put(part: number, body: Buffer, sha256: string): Promise<void>;
  delete(part: number): Promise<void>;
  /** As many buffers as parts can be on their way. */
  readonly buffers: BufferPool;
  readonly signal: AbortSignal;
}

export interface WrittenParts {
  readonly files: readonly DumpFile[];
  readonly parts: readonly Part[];
}

/** A part that is being filled, in the buffer that is sent. */
interface OpenPart {
  readonly buffer: Buffer;
  readonly members: (Member & { readonly file: string })[];
  /** Where the next member begins. */
  position: number;
}

/**
 * Packs files into parts and stores several parts at a time. Each byte is read once, into the buffer that is sent, and
 * is in memory when a method returns: the caller can then delete it from the disk. The digest of a part is of the bytes that
 * were handed to the store.
 */
export class PartsWriter {
  /** The segments of each file; those of a part are added when it has a number. */
  private readonly files = new Map<string, Segment[]>();
  private readonly parts: Part[] = [];
  private readonly sending = new Set<Promise<void>>();
  private readonly failure = new AbortController();
  /** The part for small files. */
  private filling?: OpenPart;

  constructor(private readonly target: PartsTarget) {}

  /** The most bytes of one file that a part holds. */
  get segmentBytes(): number {
    return segmentBytes(this.target.buffers.size);
  }

  /** Stores the next bytes of a large file, at most `segmentBytes`, in a part of their own. */
  async addSegment(file: Pick<DumpedFile, 'name' | 'path'>, offset: number, size: number): Promise<void> {
    const number = (this.files.get(file.name)?.length ?? 0) + 1;
    const part = await this.openPart();
    this.fill(part, file, segmentName(file.name, number), offset, size);
    await this.send(part);
  }

  /** Adds a file of at most `segmentBytes` to a part that it shares with others, which is sent when it is full. */
  async addSmallFile(file: DumpedFile): Promise<void> {
    if (this.filling && this.filling.position + memberBytes(file.size) > capacityOf(this.filling.buffer.length)) {
      await this.sendSmallFiles();
    }
    this.filling ??= await this.openPart();
    this.fill(this.filling, file, file.name, 0, file.size);
  }

  /** Sends the small files that no full part has. */
  async sendSmallFiles(): Promise<void> {
    const part = this.filling;
    this.filling = undefined;
    if (part) await this.send(part);
  }

  /** The files of which anything was added. */
  fileNames(): string[] {
    return [...this.files.keys()];
  }

  /** Waits until the store has taken every part. */
  async finish(): Promise<WrittenParts> {
    await this.sendSmallFiles();
    await Promise.all(this.sending);
    this.failure.signal.throwIfAborted();
    return {
      files: [...this.files].map(([name, segments]) => ({
        name,
        size: segments.reduce((sum, { size }) => sum + size, 0),
        segments,
      })),
      parts: [...this.parts].sort((one, other) => one.number - other.number),
    };
  }

  /** Deletes what was stored, after a failure. */
  async discard(): Promise<void> {
    this.failure.abort(new Error('discarded'));
    if (this.filling) this.target.buffers.giveBack(this.filling.buffer);
    this.filling = undefined;
    await Promise.allSettled(this.sending);
    for (const { number } of this.parts) await this.target.delete(number);
  }

  private async openPart(): Promise<OpenPart> {
    const signal = AbortSignal.any([this.target.signal, this.failure.signal]);
    return { buffer: await this.target.buffers.take(signal), members: [], position: 0 };
  }

  /** Reads bytes to where they belong in the archive, so that they are in memory once. */
  private fill(
    part: OpenPart,
    file: Pick<DumpedFile, 'name' | 'path'>,
    name: string,
    offset: number,
    size: number,
  ): void {
    if (offset === 0) {
      if (this.files.has(file.name)) throw writtenAgain(file);
      this.files.set(file.name, []);
    }
    const start = part.position + TAR_BLOCK;
    const content = part.buffer.subarray(start, start + size);
    readInto(content, file, offset);
    part.members.push({ file: file.name, name, content });
    part.position += memberBytes(size);
  }

  private async send({ buffer, members, position }: OpenPart): Promise<void> {
    let sent = false;
    try {
      const number = await this.target.nextNumber();
      for (const { file, name, content } of members) {
        this.files.get(file)!.push({ part: number, member: name, size: content.length });
      }
      const body = buffer.subarray(0, position + TAR_END);
      packMembers(members, body);
      const sha256 = createHash('sha256').update(body).digest('hex');
      this.parts.push({ number, size: body.length, sha256 });
      this.put(number, body, sha256, buffer);
      sent = true;
    } finally {
      if (!sent) this.target.buffers.giveBack(buffer);
    }
  }

  /** In the background. The first failure ends the writer. */
  private put(number: number, body: Buffer, sha256: string, buffer: Buffer): void {
    const sending = this.target
      .put(number, body, sha256)
      .catch((error) => this.failure.abort(error))
      .finally(() => {
        this.target.buffers.giveBack(buffer);
        this.sending.delete(sending);
      });
    this.sending.add(sending);
  }
}

function writtenAgain({ name }: Pick<DumpedFile, 'name'>): ActionError {
  return new ActionError(
    'BackupFailed',
    `The file ${name} of the dump was written again after it had been stored. Let no other program write to the directory ` +
      'of the run.',
  );
}

/**
 * Synchronous: a dump can have 10,000 files of some hundred bytes, each of which a thread would cost more than the read.
 * The bytes were just written, so they are in the memory of the system.
 */
function readInto(into: Buffer, { name, path }: Pick<DumpedFile, 'name' | 'path'>, offset: number): void {
  const file = openDumped(path);
  try {
    for (let filled = 0; filled < into.length;) {
      const bytesRead = readSync(file, into, filled, into.length - filled, offset + filled);
      if (bytesRead === 0) {
        throw new ActionError('BackupFailed', `The file ${name} of the dump became shorter while it was stored.`);
      }
      filled += bytesRead;
    }
  } finally {
    closeSync(file);
  }
}

function openDumped(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    return throwIfGone(path)(error as NodeJS.ErrnoException);
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
