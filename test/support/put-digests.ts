import { createHash } from 'node:crypto';
import { IncomingHttpHeaders } from 'node:http';

/** Nobody compares it. */
const ANY_CRC64 = 'BeXKuz/B+us=';

/** What a store looks at and answers. */
interface PutDigests {
  readonly headers: IncomingHttpHeaders;
  /** Knows `x-amz-checksum-sha256` and answers a checksum to every PUT, as Amazon S3 does and older stores do not. */
  readonly checksums: boolean;
}

/** The code with which a store refuses a PUT whose digests are not those of its body, as strict as a bucket with object lock. */
export function refusalOfDigests({ headers, checksums }: PutDigests, body: Buffer): string | undefined {
  const given = [
    { algorithm: 'md5', digest: headers['content-md5'] },
    { algorithm: 'sha256', digest: checksums ? headers['x-amz-checksum-sha256'] : undefined },
  ].filter(({ digest }) => digest !== undefined);
  if (given.length === 0) return 'InvalidRequest';
  if (given.some(({ algorithm, digest }) => digestOf(algorithm, body) !== digest)) return 'BadDigest';
  const signed = digestOf('sha256', body, 'hex');
  return headers['x-amz-content-sha256'] === signed ? undefined : 'XAmzContentSHA256Mismatch';
}

/** What a store answers to a PUT of which it keeps these bytes. */
export function answeredDigests({ headers, checksums }: PutDigests, kept: Buffer): Record<string, string> {
  const etag = `"${digestOf('md5', kept, 'hex')}"`;
  if (!checksums) return { etag };
  return headers['x-amz-checksum-sha256'] === undefined
    ? { etag, 'x-amz-checksum-crc64nvme': ANY_CRC64 }
    : { etag, 'x-amz-checksum-sha256': digestOf('sha256', kept) };
}

export function digestOf(algorithm: string, body: Buffer, encoding: 'base64' | 'hex' = 'base64'): string {
  return createHash(algorithm).update(body).digest(encoding);
}
