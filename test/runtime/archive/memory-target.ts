import { BufferPool } from '../../../src/runtime/archive/buffer-pool';
import { DumpedFile, PartsTarget, PartsWriter, WrittenParts } from '../../../src/runtime/archive/parts-writer';

/** Keeps parts in memory. */
export class MemoryTarget implements PartsTarget {
  readonly signal: AbortSignal = new AbortController().signal;
  readonly parts = new Map<number, Buffer>();
  readonly digests = new Map<number, string>();

  constructor(
    readonly buffers: BufferPool,
    private next = 1,
  ) {}

  async nextNumber(): Promise<number> {
    return this.next++;
  }

  async put(part: number, body: Buffer, sha256: string): Promise<void> {
    this.parts.set(part, Buffer.from(body));
    this.digests.set(part, sha256);
  }

  async delete(part: number): Promise<void> {
    this.parts.delete(part);
  }
}

/** Stores whole files: large ones in segments, then the small ones. */
export async function writeFiles(files: readonly DumpedFile[], target: PartsTarget): Promise<WrittenParts> {
  const writer = new PartsWriter(target);
  const isLarge = ({ size }: DumpedFile) => size > writer.segmentBytes;
  for (const file of files.filter(isLarge)) {
    for (let offset = 0; offset < file.size; offset += writer.segmentBytes) {
      await writer.addSegment(file, offset, Math.min(writer.segmentBytes, file.size - offset));
    }
  }
  for (const file of files.filter((each) => !isLarge(each))) await writer.addSmallFile(file);
  return writer.finish();
}
