/** A package of the distribution, identified by the SHA-256 of its file. */
export interface LockedPackage {
  /** The Debian suite that it comes from. */
  readonly suite: string;
  readonly name: string;
  readonly version: string;
  /** Its path in every Debian archive, relative to the archive's address: `pool/main/z/zlib/zlib1g_…_amd64.deb`. */
  readonly file: string;
  /** SHA-256 of the `.deb` file, in hexadecimal. */
  readonly sha256: string;
}

/** The packages that the layers are made of. */
export interface LayerLock {
  /**
   * The distribution's permanent archive, at the time when the lock was written. It keeps versions that mirrors drop
   * when a package gets a new one.
   */
  readonly archive: string;
  readonly packages: readonly LockedPackage[];
}

/** A package that its suite no longer has in the locked version. */
export interface LockDifference {
  readonly name: string;
  readonly locked: string;
  /** The version that the suite has now; undefined when the package is gone. */
  readonly present: string | undefined;
}

export interface CompareToLockOptions {
  /** Whether this is a release, which is built from the locked packages only. */
  readonly release: boolean;
}

/**
 * The locked packages that their suite no longer has. Packages that the lock does not name are ignored.
 *
 * @throws if a package has the locked version but other bytes; for a release, if anything differs
 */
export function compareToLock(
  lock: LayerLock,
  present: readonly LockedPackage[],
  options: CompareToLockOptions,
): LockDifference[] {
  const presentByName = new Map(present.map((each) => [nameInSuite(each), each]));
  const differences = lock.packages.flatMap((locked) => {
    const now = presentByName.get(nameInSuite(locked));
    if (now?.version !== locked.version) return [{ name: locked.name, locked: locked.version, present: now?.version }];
    if (now.sha256 !== locked.sha256) {
      throw new Error(
        `A version of a package never changes its bytes: ${locked.name} ${locked.version} has SHA-256 ${now.sha256}, ` +
          `the lock says ${locked.sha256}. Do not use this mirror before you know which of the two is wrong.`,
      );
    }
    return [];
  });
  if (options.release) refuseDifferences(lock, differences);
  return differences;
}

/** @throws if there is a difference: a release is built from the locked packages only */
export function refuseDifferences(lock: LayerLock, differences: readonly LockDifference[]): void {
  if (differences.length === 0) return;
  throw new Error(
    'A release is built from the locked packages only, and the distribution has others: ' +
      `${differences.map(describeDifference).join(', ')}. ` +
      `Build where ${lock.archive} can be reached, name a mirror that still has them in CLIENT_LAYER_MIRROR, or run ` +
      '`npm run layer:update`, test, and commit the lock.',
  );
}

/** One line of text for a difference. */
export function describeDifference(difference: LockDifference): string {
  return `${difference.name} ${difference.locked} -> ${difference.present ?? 'gone'}`;
}

function nameInSuite({ suite, name }: LockedPackage): string {
  return `${suite}/${name}`;
}
