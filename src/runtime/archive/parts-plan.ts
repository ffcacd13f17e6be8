/** Most bytes that a part may have: what is held in memory at once. */
export const MAXIMUM_PART_BYTES = 32 * 1024 * 1024;

/** A tar archive is made of blocks; each member has one of its own before its bytes, and two empty ones end it. */
export const TAR_BLOCK = 512;
export const TAR_END = 2 * TAR_BLOCK;

export interface PlannedPart {
  /** Bytes of the whole archive. */
  readonly size: number;
  readonly segments: readonly PlannedSegment[];
}

/** A run of a file's bytes that becomes one member of a part. */
export interface PlannedSegment {
  readonly file: string;
  /** The file's name where it is whole, else the name and the number of the segment. */
  readonly member: string;
  readonly offset: number;
  readonly size: number;
}

/**
 * Distributes files over parts, in their order: small ones share a part, one that no part can hold goes on in the next.
 * Unpacking all parts with `tar` and concatenating the segments of a file in order gives the directory back.
 */
export function planParts(
  files: readonly { readonly name: string; readonly size: number }[],
  maximumBytes = MAXIMUM_PART_BYTES,
): PlannedPart[] {
  const capacity = maximumBytes - TAR_END;
  const parts: { used: number; segments: PlannedSegment[] }[] = [];
  const room = () => (parts.length === 0 ? 0 : capacity - parts.at(-1)!.used);
  const add = (file: string, member: string, offset: number, size: number) => {
    parts.at(-1)!.segments.push({ file, member, offset, size });
    parts.at(-1)!.used += memberBytes(size);
  };
  const open = () => parts.push({ used: 0, segments: [] });

  for (const { name, size } of files) {
    if (memberBytes(size) <= capacity) {
      if (memberBytes(size) > room()) {
        open();
      }
      add(name, name, 0, size);
      continue;
    }
    for (let offset = 0, segment = 1; offset < size; segment++) {
      if (room() < 2 * TAR_BLOCK) {
        open();
      }
      const bytes = Math.min(size - offset, wholeBlocks(room() - TAR_BLOCK));
      add(name, `${name}.${String(segment).padStart(6, '0')}`, offset, bytes);
      offset += bytes;
    }
  }
  return parts.map(({ used, segments }) => ({ size: used + TAR_END, segments }));
}

/** Bytes of a member with its header. */
export function memberBytes(size: number): number {
  return TAR_BLOCK + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
}

function wholeBlocks(bytes: number): number {
  return Math.floor(bytes / TAR_BLOCK) * TAR_BLOCK;
}
