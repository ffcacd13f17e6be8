/** The major versions of PostgreSQL that are tested here on real servers; others are refused. */
export const OLDEST_MAJOR = 13;
export const NEWEST_MAJOR = 18;

export function isSupportedMajor(major: number): boolean {
  return major >= OLDEST_MAJOR && major <= NEWEST_MAJOR;
}
