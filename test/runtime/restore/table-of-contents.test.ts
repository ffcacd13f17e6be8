import { renameRoles } from '../../../src/runtime/restore/table-of-contents';

interface Entry {
  readonly owner: string;
  readonly definition: string;
  readonly tag?: string;
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
}

function text(value?: string): Buffer {
  if (value === undefined) return integer(-1);
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([integer(bytes.length), bytes]);
}

/** As pg_dump writes it; each character stands for a byte. */
function contentsOf(format: number, entries: readonly Entry[]): Buffer {
  return Buffer.concat([
    Buffer.from('PGDMP'),
    Buffer.from([1, format, 0, 4, 8, 5]),
    format >= 15 ? Buffer.from([3]) : integer(6),
    ...Array.from({ length: 7 }, (_, index) => integer(index === 6 ? -1 : index)),
    ...['shop', '17.10', '17.12'].map(text),
    integer(entries.length),
    ...entries.flatMap(({ owner, definition, tag = 't' }, index) => [
      ...[integer(index + 1), integer(index % 2), text('1259'), text('16384'), text(tag), text('TABLE'), integer(2)],
      ...[text(definition), text(`DROP ${definition}`), text(undefined), text('public'), text(''), text('heap')],
      ...(format >= 16 ? [integer(114)] : []),
      ...[text(owner), text('false'), text('7'), text('8'), text(undefined), text('1.dat')],
    ]),
  ]);
}

const A_GRAVE = Buffer.from('à').toString('latin1');
const NAMES = new Map([
  ['à', 'stand_in'],
  ['x"é', 'other'],
]);

test.each([14, 15, 16])('format 1.%i: owners and quoted names are replaced, and nothing else', (format) => {
  const quoted = Buffer.from('"x""é"').toString('latin1');
  const before = contentsOf(format, [
    { owner: A_GRAVE, definition: `GRANT SELECT ON t TO "${A_GRAVE}", ${quoted};`, tag: A_GRAVE },
    { owner: 'shop', definition: `SELECT '${A_GRAVE}', "${A_GRAVE}x"` },
    { owner: Buffer.from('x"é').toString('latin1'), definition: '' },
  ]);
  const after = contentsOf(format, [
    { owner: 'stand_in', definition: `GRANT SELECT ON t TO "stand_in", "other";`, tag: A_GRAVE },
    { owner: 'shop', definition: `SELECT '${A_GRAVE}', "${A_GRAVE}x"` },
    { owner: 'other', definition: '' },
  ]);
  expect(renameRoles(before, NAMES).equals(after)).toBe(true);
  expect(renameRoles(before, new Map()).equals(before)).toBe(true);
});

test.each([
  ['an older format', contentsOf(16, []).fill(13, 6, 7), 'version 1.13'],
  ['a newer format', contentsOf(16, []).fill(17, 6, 7), 'version 1.17'],
  ['more bytes', Buffer.concat([contentsOf(16, []), Buffer.alloc(1)]), 'behind its last entry'],
  ['fewer bytes', contentsOf(16, [{ owner: 'a', definition: 'b' }]).subarray(0, -1), 'it'],
  ['other bytes', Buffer.from('no table of contents'), 'version'],
])('fails for %s', (_, contents, reason) => {
  expect(() => renameRoles(contents, NAMES)).toThrow(reason);
});
