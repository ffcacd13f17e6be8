import { createHash } from 'node:crypto';

/**
 * JSON whose first field is the SHA-256 of every byte behind it. So any changed byte of the object is noticed, and it is
 * still JSON to a person who reads it.
 */
export function seal(value: object): Buffer {
  const rest = JSON.stringify(value).slice(1);
  return Buffer.from(`{"digest":"${sha256(rest)}",${rest}`);
}

export interface Sealed<T> {
  readonly value: T;
  readonly digest: string;
}

const HEAD = /^\{"digest":"([0-9a-f]{64})",$/;
const HEAD_LENGTH = '{"digest":"'.length + 64 + '",'.length;

/** The digest that stands in sealed bytes; undefined where none does. */
export function digestOf(body: Buffer): string | undefined {
  return HEAD.exec(body.toString('latin1', 0, HEAD_LENGTH))?.[1];
}

/** The value that was sealed; undefined where the bytes are not as they were written. */
export function unseal<T extends object>(body: Buffer): Sealed<T> | undefined {
  const digest = digestOf(body);
  const rest = body.subarray(HEAD_LENGTH);
  return digest !== undefined && digest === sha256(rest)
    ? { value: JSON.parse(`{${rest.toString('utf8')}`), digest }
    : undefined;
}

/** The format number of an object that is not sealed, such as one of format 1; undefined where it has none. */
export function unsealedFormat(body: Buffer): number | undefined {
  try {
    const { format } = Object(JSON.parse(body.toString('utf8'))) as { format?: unknown };
    return typeof format === 'number' ? format : undefined;
  } catch {
    return undefined;
  }
}

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
