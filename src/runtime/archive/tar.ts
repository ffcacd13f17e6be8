import { memberBytes, TAR_BLOCK, TAR_END } from './parts-plan';

/** Longest name of a member that fits into a plain header, in bytes. */
export const MAXIMUM_MEMBER_NAME_BYTES = 100;

export interface Member {
  readonly name: string;
  readonly content: Buffer;
}

/** Places in a header. https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html, "ustar Interchange Format" */
const NAME = [0, MAXIMUM_MEMBER_NAME_BYTES] as const;
const SIZE = [124, 136] as const;
const CHECKSUM = [148, 156] as const;
const TYPE = 156;
const TYPE_FILE = '0';

/** A header without name, size and checksum, in whose place are spaces while it is computed. */
const HEADER = headerOf([
  ['mode', 100, '000644 \0'],
  ['owner', 108, '000000 \0'],
  ['group', 116, '000000 \0'],
  ['time', 136, '00000000000 '],
  ['checksum', CHECKSUM[0], '        '],
  ['type', TYPE, TYPE_FILE],
  ['format and version', 257, 'ustar\x0000'],
  ['major number of a device', 329, '000000 \0'],
  ['minor number of a device', 337, '000000 \0'],
]);

/**
 * Packs members into a tar archive that fills the given buffer. A content may be the very bytes of the buffer where
 * the archive will have it. Mode, owner and time are always the same, so that equal files make equal parts.
 *
 * A part can have thousands of members of some hundred bytes, for each of which a stream would make a dozen objects.
 */
export function packMembers(members: readonly Member[], into: Buffer): void {
  const bytes = members.reduce((sum, { content }) => sum + memberBytes(content.length), TAR_END);
  if (bytes !== into.length) {
    throw new Error(`A part was planned with ${into.length} bytes and packed with ${bytes}.`);
  }
  let position = 0;
  for (const { name, content } of members) {
    const start = position + TAR_BLOCK;
    const next = position + memberBytes(content.length);
    writeHeader(into.subarray(position, start), name, content.length);
    const isThere = content.buffer === into.buffer && content.byteOffset === into.byteOffset + start;
    if (!isThere) content.copy(into, start);
    into.fill(0, start + content.length, next);
    position = next;
  }
  into.fill(0, position);
}

function headerOf(fields: readonly (readonly [what: string, place: number, text: string])[]): Buffer {
  const header = Buffer.alloc(TAR_BLOCK);
  for (const [, place, text] of fields) header.write(text, place, 'latin1');
  return header;
}

function writeHeader(into: Buffer, name: string, size: number): void {
  if (!/^[\x20-\x7e]+$/.test(name) || name.length > MAXIMUM_MEMBER_NAME_BYTES) {
    throw new Error(
      `A member of a part has a name of at most ${MAXIMUM_MEMBER_NAME_BYTES} bytes, in ASCII; got ${name}.`,
    );
  }
  HEADER.copy(into);
  into.write(name, NAME[0], 'latin1');
  into.write(`${octal(size, 11)} `, SIZE[0], 'latin1');
  into.write(`${octal(sumOf(into), 6)} \0`, CHECKSUM[0], 'latin1');
}

function sumOf(header: Buffer): number {
  let sum = 0;
  for (let index = 0; index < TAR_BLOCK; index++) sum += header[index];
  return sum;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

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
