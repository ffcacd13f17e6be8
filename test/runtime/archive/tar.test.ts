import { pack } from 'tar-stream';
import { memberBytes, TAR_BLOCK, TAR_END } from '../../../src/runtime/archive/parts-plan';
import { MAXIMUM_MEMBER_NAME_BYTES, Member, packMembers, readMembers } from '../../../src/runtime/archive/tar';

const archiveOf = () => Buffer.alloc(2 * TAR_BLOCK + TAR_END);

test('equal members make equal archives, whenever they are packed', () => {
  // GIVEN a content that stands already where the archive will have it, and one that does not
  const inPlace = archiveOf();
  const content = inPlace.subarray(TAR_BLOCK, TAR_BLOCK + 5);
  content.write('12345');
  const other = archiveOf();

  // WHEN
  packMembers([{ name: 'shop/1.dat', content }], inPlace);
  packMembers([{ name: 'shop/1.dat', content: Buffer.from('12345') }], other);

  // THEN
  expect(inPlace.equals(other)).toBe(true);
  expect(inPlace.subarray(TAR_BLOCK, TAR_BLOCK + 5).toString()).toBe('12345');
});

test('a name as long as a plain header takes is packed', () => {
  const archive = archiveOf();
  packMembers([{ name: 'x'.repeat(MAXIMUM_MEMBER_NAME_BYTES), content: Buffer.from('1') }], archive);
  expect(archive.subarray(0, MAXIMUM_MEMBER_NAME_BYTES).toString()).toBe('x'.repeat(MAXIMUM_MEMBER_NAME_BYTES));
});

test('packs what a program for tar archives packs, into a buffer that held something else', async () => {
  // GIVEN
  const members = [0, 1, 511, 512, 513, 100_000].map((size) => ({
    name: `shop%20one/${size}.dat.zst`,
    content: Buffer.alloc(size, 'content'),
  }));
  const bytes = members.reduce((sum, { content }) => sum + memberBytes(content.length), TAR_END);
  const archive = Buffer.alloc(bytes, 'something else');

  // WHEN
  packMembers(members, archive);

  // THEN
  expect(archive.equals(await packedByOthers(members))).toBe(true);
  expect(readMembers(archive).map(({ name, content }) => [name, content.length])).toEqual(
    members.map(({ name, content }) => [name, content.length]),
  );
});

async function packedByOthers(members: readonly Member[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, content } of members) {
    archive.entry({ name, size: content.length, mode: 0o644, mtime: new Date(0) }, content);
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test.each([
  ['longer', 'x'.repeat(MAXIMUM_MEMBER_NAME_BYTES + 1)],
  ['not in ASCII', 'shop/\u00fc.dat'],
])('fails for a name that is %s', (_, name) => {
  const member = { name, content: Buffer.from('1') };
  expect(() => packMembers([member], archiveOf())).toThrow('at most 100 bytes, in ASCII');
});

test('fails when the archive has another size than was planned', () => {
  const member = { name: 'shop/1.dat', content: Buffer.from('1') };
  expect(() => packMembers([member], Buffer.alloc(TAR_BLOCK))).toThrow('planned with 512 bytes');
});
