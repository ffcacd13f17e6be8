/** A tar archive consists of blocks. Each member has a header of one block; two empty blocks end the archive. */
export const TAR_BLOCK = 512;
export const TAR_END = 2 * TAR_BLOCK;

/** Bytes that the members of a part can take. */
export function capacityOf(partBytes: number): number {
  return partBytes - TAR_END;
}

/** Bytes of a member with its header. */
export function memberBytes(size: number): number {
  return TAR_BLOCK + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
}

/** The most bytes of one file that a part holds. A file of more is large: it has parts of its own. */
export function segmentBytes(partBytes: number): number {
  return Math.floor((capacityOf(partBytes) - TAR_BLOCK) / TAR_BLOCK) * TAR_BLOCK;
}

/** The name of a segment of a large file; the first has number 1. */
export function segmentName(file: string, number: number): string {
  return `${file}.${String(number).padStart(6, '0')}`;
}
