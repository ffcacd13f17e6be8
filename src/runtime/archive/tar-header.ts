import { TAR_BLOCK } from './parts-plan';

/** Longest name that a header holds without extensions, in bytes. */
export const MAXIMUM_MEMBER_NAME_BYTES = 100;

/**
 * The header of a plain file in POSIX's ustar form. Owner, mode and time are always the same, so that equal files make
 * equal parts.
 */
export function tarHeader(name: string, size: number): Buffer {
  if (Buffer.byteLength(name) > MAXIMUM_MEMBER_NAME_BYTES) {
    throw new Error(`A member of a part has a name of at most ${MAXIMUM_MEMBER_NAME_BYTES} bytes; got ${name}.`);
  }
  const header = Buffer.alloc(TAR_BLOCK);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${octal(size, 11)}\0`, 124);
  header.write(`${octal(0, 11)}\0`, 136);
  // The checksum counts its own field as spaces.
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${octal(checksum, 6)}\0 `, 148);
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
