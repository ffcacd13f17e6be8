import { pack } from 'tar-stream';

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
