import { compareToLock, describeDifference, LockedPackage } from '../../packaging/layer-lock';
import * as fc from '../support/properties';

const [A, B] = [1, 2].map((digit) => String(digit).repeat(64));
const WHERE = { suite: 'forky', file: 'pool/main/some.deb' };
const libpq: LockedPackage = { ...WHERE, name: 'libpq5', version: '18.6-3', sha256: A };
const zlib: LockedPackage = { ...WHERE, name: 'zlib1g', version: '1:1.3-1', sha256: B };
const ARCHIVE = 'https://archive.example/20261124T000000Z';
const lock = { archive: ARCHIVE, packages: [libpq, zlib] };

describe('compareToLock', () => {
  const somePackage = fc.record({
    suite: fc.constant('forky'),
    file: fc.constant('pool/main/some.deb'),
    name: fc.stringMatching(/^[a-z]{1,3}$/),
    version: fc.constantFrom('1', '2', '3'),
    sha256: fc.constant(A),
  });
  const packages = fc.uniqueArray(somePackage, { selector: ({ name }) => name });

  test('finds exactly the locked packages that the suite has not in that version', () => {
    fc.assert(
      fc.property(packages, packages, (locked, present) => {
        const differences = compareToLock({ archive: ARCHIVE, packages: locked }, present, { release: false });
        const unchanged = locked.filter(({ name, version }) =>
          present.some((each) => each.name === name && each.version === version),
        );
        expect(differences.length + unchanged.length).toBe(locked.length);
        for (const { name, present: now } of differences) {
          expect(present.find((each) => each.name === name)?.version).toBe(now);
          expect(unchanged.map((each) => each.name)).not.toContain(name);
        }
      }),
    );
  });

  test('a release holds when nothing differs, whatever else the suite has', () => {
    const other = { ...WHERE, name: 'other', version: '1', sha256: B };
    expect(compareToLock(lock, [other, zlib, libpq], { release: true })).toEqual([]);
  });

  test('fails for a release when a version differs or a package is gone, and names each', () => {
    const present = [{ ...libpq, version: '18.7-1', sha256: B }];
    expect(compareToLock(lock, present, { release: false }).map(describeDifference)).toEqual([
      'libpq5 18.6-3 -> 18.7-1',
      'zlib1g 1:1.3-1 -> gone',
    ]);
    expect(() => compareToLock(lock, present, { release: true })).toThrow(
      /libpq5 18\.6-3 -> 18\.7-1, zlib1g 1:1\.3-1 -> gone.*layer:update/,
    );
  });

  test('a package of the same name in another suite is another package', () => {
    const elsewhere = { ...libpq, suite: 'trixie', version: '17.12-1', sha256: B };
    expect(compareToLock(lock, [libpq, zlib, elsewhere], { release: true })).toEqual([]);
    expect(compareToLock(lock, [elsewhere, zlib], { release: false }).map(describeDifference)).toEqual([
      'libpq5 18.6-3 -> gone',
    ]);
  });

  test.each([true, false])('fails when a locked version has another SHA-256 (release: %p)', (release) => {
    expect(() => compareToLock(lock, [libpq, { ...zlib, sha256: A }], { release })).toThrow(
      new RegExp(`zlib1g 1:1\\.3-1 has SHA-256 ${A}, the lock says ${B}`),
    );
  });
});
