import * as fc from 'fast-check';
import { planParts, TAR_BLOCK, TAR_END } from '../../../src/runtime/archive/parts-plan';

const BOUND = 8 * TAR_BLOCK;
/** The most that one part of that bound holds of one file. */
const FULL = BOUND - TAR_END - TAR_BLOCK;

const sizes = fc.oneof(
  fc.constantFrom(0, 1, TAR_BLOCK, TAR_BLOCK + 1, FULL - 1, FULL, FULL + 1, 2 * FULL, 3 * FULL, 3 * FULL + 1),
  fc.integer({ min: 0, max: 20 * TAR_BLOCK }),
);
const files = fc.array(sizes).map((drawn) => drawn.map((size, index) => ({ name: `shop/${index}.dat`, size })));

test('segments, in order, are the whole of every file', () => {
  fc.assert(
    fc.property(files, (given) => {
      const segments = planParts(given, BOUND).flatMap((part) => part.segments);
      for (const file of given) {
        const own = segments.filter((segment) => segment.file === file.name);
        expect(own.length).toBeGreaterThan(0);
        let end = 0;
        for (const segment of own) {
          expect(segment.offset).toBe(end);
          expect(segment.size > 0 || file.size === 0).toBe(true);
          end += segment.size;
        }
        expect(end).toBe(file.size);
      }
    }),
  );
});

test('no part is over the bound, and its size is that of its members', () => {
  fc.assert(
    fc.property(files, (given) => {
      for (const part of planParts(given, BOUND)) {
        const members = part.segments.map(({ size }) => TAR_BLOCK + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK);
        expect(part.size).toBe(members.reduce((sum, bytes) => sum + bytes, TAR_END));
        expect(part.size).toBeLessThanOrEqual(BOUND);
      }
    }),
  );
});

test('a file that a part can hold stays whole under its own name, and others have numbered segments', () => {
  fc.assert(
    fc.property(files, (given) => {
      const segments = planParts(given, BOUND).flatMap((part) => part.segments);
      for (const file of given) {
        const members = segments.filter((segment) => segment.file === file.name).map(({ member }) => member);
        expect(members).toEqual(
          file.size <= FULL
            ? [file.name]
            : members.map((_, index) => `${file.name}.${String(index + 1).padStart(6, '0')}`),
        );
      }
    }),
  );
});

test('many small files share a part', () => {
  // GIVEN 10,000 tables of 430 bytes
  const given = Array.from({ length: 10_000 }, (_, index) => ({ name: `shop/${index}.dat`, size: 430 }));

  // THEN 10 MB go into one part of 32 MiB
  expect(planParts(given).length).toBe(1);
});

test('nothing makes no part', () => {
  expect(planParts([])).toEqual([]);
});
