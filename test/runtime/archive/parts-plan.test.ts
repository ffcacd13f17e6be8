import * as fc from 'fast-check';
import {
  capacityOf,
  memberBytes,
  packSmallFiles,
  segmentBytes,
  segmentName,
  TAR_BLOCK,
} from '../../../src/runtime/archive/parts-plan';

const PART = 8 * TAR_BLOCK;

test('small files share parts, in their order, and no part is over the bound', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: segmentBytes(PART) }));
  fc.assert(
    fc.property(sizes, (drawn) => {
      const files = drawn.map((size) => ({ size }));
      const parts = packSmallFiles(files, PART);
      expect(parts.flat()).toEqual(files);
      for (const part of parts) {
        expect(part.length).toBeGreaterThan(0);
        expect(part.reduce((sum, { size }) => sum + memberBytes(size), 0)).toBeLessThanOrEqual(capacityOf(PART));
      }
    }),
  );
});

test('a full segment fills a part, to the block', () => {
  expect(memberBytes(segmentBytes(PART))).toBe(capacityOf(PART));
});

test('ten thousand small tables go into one part', () => {
  const files = Array.from({ length: 10_000 }, () => ({ size: 430 }));
  expect(packSmallFiles(files, 12 * 1024 * 1024)).toHaveLength(1);
});

test('segments sort by their names', () => {
  expect(segmentName('shop/1.dat', 7)).toBe('shop/1.dat.000007');
});
