import { capacityOf, memberBytes, segmentBytes, segmentName, TAR_BLOCK } from '../../../src/runtime/archive/parts-plan';

const PART = 8 * TAR_BLOCK;

test('a full segment fills a part, to the block', () => {
  expect(memberBytes(segmentBytes(PART))).toBe(capacityOf(PART));
});

test('segments sort by their names', () => {
  expect(segmentName('shop/1.dat', 7)).toBe('shop/1.dat.000007');
});
