import * as path from 'node:path';

export const PACKAGING = __dirname;
export const ROOT = path.dirname(PACKAGING);
/** What is built and packed into the package; not committed. */
export const ASSETS = path.join(ROOT, 'assets');
/** What builds download and keep. May be deleted at any time. */
export const CACHE = path.join(ROOT, '.cache');

/** A number of bytes as text in megabytes. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
