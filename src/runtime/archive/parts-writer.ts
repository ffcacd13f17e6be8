import { createHash, Hash } from 'node:crypto';
import { FileHandle, open } from 'node:fs/promises';
import { MAXIMUM_PART_BYTES, memberBytes, PlannedPart, planParts, TAR_BLOCK } from './parts-plan';
import { packMembers } from './tar';
import { ActionError } from '../../contract/action-error';
import { DumpFile, Part, Segment } from '../../contract/manifest';

/** A file of a dump on the disk, and its name in the manifest. */
export interface DumpedFile {
  readonly name: string;
  readonly path: string;
  readonly size: number;
}

export interface PartsTarget {
  /** Number of the first part. */
  readonly firstPart: number;
  /** Called before any part is written, with the highest number that will be. */
  reserve(highestPart: number): Promise<void>;
  put(part: number, body: Buffer): Promise<void>;
  readonly signal: AbortSignal;
  /** @default - 32 MiB */
  readonly maximumPartBytes?: number;
}

export interface WrittenParts {
  readonly files: readonly DumpFile[];
  readonly parts: readonly Part[];
}

/**
 * Packs files into parts and stores them. While one part is on its way the next one is read, so that two are in memory
 * at most. Digests are of the bytes that were handed to the store.
 */
export async function writeParts(files: readonly DumpedFile[], target: PartsTarget): Promise<WrittenParts> {
  const plan = planParts(files, target.maximumPartBytes ?? MAXIMUM_PART_BYTES);
  await target.reserve(target.firstPart + plan.length - 1);

  const reader = new FileReader(files);
  const parts: Part[] = [];
  let sending = Promise.resolve();
  try {
    for (const [index, planned] of plan.entries()) {
      target.signal.throwIfAborted();
      const number = target.firstPart + index;
      const body = await packPart(planned, number, reader);
      parts.push({ number, size: body.length, sha256: createHash('sha256').update(body).digest('hex') });
      await sending;
      sending = target.put(number, body);
      // Awaited in the next round or below; until then it is nobody's unhandled rejection.
      sending.catch(() => undefined);
    }
    await sending;
  } finally {
    await reader.close();
    await sending.catch(() => undefined);
  }
  return { files: reader.facts(), parts };
}

async function packPart(planned: PlannedPart, number: number, reader: FileReader): Promise<Buffer> {
  const body = Buffer.alloc(planned.size);
  const members = [];
  let position = 0;
  for (const { file, member, offset, size } of planned.segments) {
    // Read to where it belongs in the archive, so that it is in memory once.
    const content = body.subarray(position + TAR_BLOCK, position + TAR_BLOCK + size);
    await reader.read(file, offset, content, { part: number, member, size });
    members.push({ name: member, content });
    position += memberBytes(size);
  }
  await packMembers(members, body);
  return body;
}

/** Reads files from front to back, one after the other, and keeps their digests. */
class FileReader {
  private readonly states = new Map<string, { file: DumpedFile; hash: Hash; segments: Segment[] }>();
  private current?: { readonly name: string; readonly handle: FileHandle };

  constructor(files: readonly DumpedFile[]) {
    for (const file of files) {
      this.states.set(file.name, { file, hash: createHash('sha256'), segments: [] });
    }
  }

  async read(name: string, offset: number, into: Buffer, segment: Segment): Promise<void> {
    const state = this.states.get(name)!;
    if (this.current?.name !== name) {
      await this.close();
      this.current = { name, handle: await open(state.file.path) };
    }
    for (let filled = 0; filled < into.length;) {
      const { bytesRead } = await this.current.handle.read(into, filled, into.length - filled, offset + filled);
      if (bytesRead === 0) {
        throw new ActionError('BackupFailed', `The file ${name} of the dump became shorter while it was stored.`);
      }
      filled += bytesRead;
    }
    state.hash.update(into);
    state.segments.push(segment);
  }

  async close(): Promise<void> {
    await this.current?.handle.close();
    this.current = undefined;
  }

  facts(): DumpFile[] {
    return [...this.states.values()].map(({ file, hash, segments }) => ({
      name: file.name,
      size: file.size,
      sha256: hash.digest('hex'),
      segments,
    }));
  }
}
