import { createHash } from 'crypto';

/**
 * A name of at most `longest` characters: the name itself where it fits, else its beginning and a digest of all of it,
 * so that two long names never become one.
 */
export function shortName(name: string, longest: number): string {
  if (name.length <= longest) {
    return name;
  }
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, longest - digest.length - 1).replace(/-+$/, '')}-${digest}`;
}
