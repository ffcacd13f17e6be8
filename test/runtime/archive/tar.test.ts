import { TAR_BLOCK, TAR_END } from '../../../src/runtime/archive/parts-plan';
import { MAXIMUM_MEMBER_NAME_BYTES, packMembers } from '../../../src/runtime/archive/tar';

const archiveOf = () => Buffer.alloc(2 * TAR_BLOCK + TAR_END);

test('equal members make equal archives, whenever they are packed', async () => {
  // GIVEN a content that stands already where the archive will have it, and one that does not
  const inPlace = archiveOf();
  const content = inPlace.subarray(TAR_BLOCK, TAR_BLOCK + 5);
  content.write('12345');
  const other = archiveOf();

  // WHEN
  await packMembers([{ name: 'shop/1.dat', content }], inPlace);
  await packMembers([{ name: 'shop/1.dat', content: Buffer.from('12345') }], other);

  // THEN
  expect(inPlace.equals(other)).toBe(true);
  expect(inPlace.subarray(TAR_BLOCK, TAR_BLOCK + 5).toString()).toBe('12345');
});

test('a name as long as a plain header takes is packed', async () => {
  const archive = archiveOf();
  await packMembers([{ name: 'x'.repeat(MAXIMUM_MEMBER_NAME_BYTES), content: Buffer.from('1') }], archive);
  expect(archive.subarray(0, MAXIMUM_MEMBER_NAME_BYTES).toString()).toBe('x'.repeat(MAXIMUM_MEMBER_NAME_BYTES));
});

test('fails for a longer name', async () => {
  const member = { name: 'x'.repeat(MAXIMUM_MEMBER_NAME_BYTES + 1), content: Buffer.from('1') };
  await expect(packMembers([member], archiveOf())).rejects.toThrow('at most 100 bytes');
});

test('fails when the archive has another size than was planned', async () => {
  const member = { name: 'shop/1.dat', content: Buffer.from('1') };
  await expect(packMembers([member], Buffer.alloc(TAR_BLOCK))).rejects.toThrow('planned with 512 bytes');
});
