import { pack } from 'tar-stream';
import { memberBytes, TAR_BLOCK } from './parts-plan';

/** Longest name of a member that fits into a plain header, in bytes. */
export const MAXIMUM_MEMBER_NAME_BYTES = 100;

export interface Member {
  readonly name: string;
  readonly content: Buffer;
}

/**
 * Packs members into a tar archive that fills the given buffer. A content may be the very bytes of the buffer where
 * the archive will have it. Mode, owner and time are always the same, so that equal files make equal parts.
 */
export async function packMembers(members: readonly Member[], into: Buffer): Promise<void> {
  const archive = pack();
  for (const { name, content } of members) {
    if (Buffer.byteLength(name) > MAXIMUM_MEMBER_NAME_BYTES) {
      throw new Error(`A member of a part has a name of at most ${MAXIMUM_MEMBER_NAME_BYTES} bytes; got ${name}.`);
    }
    archive.entry({ name, size: content.length, mode: 0o644, mtime: new Date(0) }, content);
  }
  archive.finalize();
  let filled = 0;
  for await (const chunk of archive as AsyncIterable<Buffer>) {
    chunk.copy(into, filled);
    filled += chunk.length;
  }
  if (filled !== into.length) {
    throw new Error(`A part was planned with ${into.length} bytes and packed with ${filled}.`);
  }
}

/** Places in a header. https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html, "ustar Interchange Format" */
const NAME = [0, MAXIMUM_MEMBER_NAME_BYTES] as const;
const SIZE = [124, 136] as const;
const TYPE = 156;
const TYPE_FILE = '0';

/** The members of an archive that `packMembers` made. Their contents are the bytes of the archive, not copies. */
export function readMembers(archive: Buffer): Member[] {
  const members: Member[] = [];
  const text = (start: number, [from, to]: readonly [number, number]) =>
    archive.toString('latin1', start + from, start + to).replace(/\0.*$/s, '');
  let position = 0;
  while (position + TAR_BLOCK <= archive.length && archive[position] !== 0) {
    const name = text(position, NAME);
    const size = Number.parseInt(text(position, SIZE), 8);
    const isFile = String.fromCharCode(archive[position + TYPE]) === TYPE_FILE;
    const start = position + TAR_BLOCK;
    if (!isFile || !(start + size <= archive.length)) {
      throw new Error(`it is no archive of plain files: see the member ${JSON.stringify(name)} at byte ${position}`);
    }
    members.push({ name, content: archive.subarray(start, start + size) });
    position += memberBytes(size);
  }
  return members;
}
