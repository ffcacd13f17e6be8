import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** SHA-256 in hexadecimal. */
export function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** SHA-256 of a file's content in hexadecimal. */
export async function sha256OfFile(file: string): Promise<string> {
  return sha256(await readFile(file));
}
