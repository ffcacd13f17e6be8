import * as path from 'node:path';

export const PACKAGING = __dirname;
export const ROOT = path.dirname(PACKAGING);
/** Built, packed into the package, not committed. */
export const ASSETS = path.join(ROOT, 'assets');
/** What builds fetch and keep; may be deleted at any time. */
export const CACHE = path.join(ROOT, '.cache');

/** A number of bytes in words, for a person. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
