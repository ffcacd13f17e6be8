import { DumpFile } from '../../../src/contract/manifest';
import { parseArchiveListing } from '../../../src/runtime/archive/listing';
import { planLoad } from '../../../src/runtime/restore/load-plan';

const LISTING = `
217; 1259 17905 TABLE public a shop
218; 1259 17913 TABLE public b shop
219; 1259 17921 TABLE public parent shop
220; 1259 17926 TABLE public child shop
;\tdepends on: 219
225; 1259 17943 MATERIALIZED VIEW public mv shop
;\tdepends on: 217
3326; 0 17905 TABLE DATA public a shop
;\tdepends on: 217
3327; 0 17913 TABLE DATA public b shop
;\tdepends on: 218
3328; 0 17926 TABLE DATA public child shop
;\tdepends on: 220
3335; 2613 17955 BLOB METADATA - 17955..17956 shop
3336; 0 0 BLOBS - 17955..17956 shop
;\tdepends on: 3335 3337
3161; 2606 17911 CONSTRAINT public a a_pkey shop
;\tdepends on: 217
3165; 2606 17925 CONSTRAINT public parent parent_pkey shop
;\tdepends on: 219
3168; 2606 17930 CONSTRAINT public child child_pkey shop
;\tdepends on: 3165 220 220
3162; 1259 17912 INDEX public ai shop
;\tdepends on: 217
3347; 0 0 COMMENT public INDEX ai shop
;\tdepends on: 3162
3164; 1259 17999 INDEX public bi shop
;\tdepends on: 218
3175; 0 0 INDEX ATTACH public child_pkey shop
;\tdepends on: 220 3168 3165 3165 220 219
3324; 2618 17954 RULE public v _RETURN shop
;\tdepends on: 3161 217
3400; 1259 18000 MATERIALIZED VIEW public late shop
;\tdepends on: 3324
3401; 1259 18001 INDEX public late_i shop
;\tdepends on: 3400
3177; 2606 17916 FK CONSTRAINT public b b_a_fkey shop
;\tdepends on: 217 3161 218
`;
const LINES = LISTING.split('\n').filter((line) => /^\d/.test(line));
const ENTRIES = parseArchiveListing(LISTING);
const OBJECTS = new Map([
  ['blob_17955.dat', 3336],
  ['blob_17956.dat', 3336],
]);

function file(name: string, parts: readonly number[], size = 10): DumpFile {
  return { name: `shop/${name}`, size, segments: parts.map((part) => ({ part, member: name, size: 1 })) };
}

const FILES = [
  file('3326.dat.zst', [1, 2, 4], 1000),
  file('3327.dat.zst', [3]),
  file('3328.dat.zst', [3]),
  file('blob_17955.dat.zst', [3]),
  file('blob_17956.dat.zst', [5, 6], 500),
];

/** The numbers of entries. */
const numbers = (lines: readonly string[]) => lines.map((line) => Number.parseInt(line, 10));

const plan = planLoad(LINES, ENTRIES, FILES, OBJECTS, 2);
const units = plan.units.map(({ lines, files, waitsFor }) => ({
  entries: numbers(lines),
  files: files.map(({ name }) => name.slice(5)),
  waitsFor: waitsFor && numbers(waitsFor.lines),
}));

test('a large file is a unit, files that share a part are one, with the indexes of their tables', () => {
  expect(units).toEqual([
    { entries: [3326], files: ['3326.dat.zst'] },
    { entries: [3336], files: ['blob_17956.dat.zst'] },
    { entries: [3327, 3328, 3168, 3164], files: ['3327.dat.zst', '3328.dat.zst'] },
    { entries: [3336], files: ['blob_17955.dat.zst'] },
    { entries: [3161], files: [], waitsFor: [3326] },
    // An index of a large table waits for the table's keys, which lock it.
    { entries: [3162], files: [], waitsFor: [3161] },
  ]);
});

test('before the data comes what has no data to wait for, in the order of the listing', () => {
  expect(numbers(plan.before)).toEqual([217, 218, 219, 220, 225, 3335, 3165]);
});

test('behind data and indexes comes what depends on several of them, in the order of the listing', () => {
  expect(numbers(plan.after)).toEqual([3347, 3175, 3324, 3400, 3401, 3177]);
});

test('every entry is restored once, but for large objects that are in several parts', () => {
  const all = [...plan.before, ...plan.after, ...plan.units.flatMap(({ lines }) => lines)];
  expect(new Set(all)).toEqual(new Set(LINES));
  expect(all).toHaveLength(LINES.length + 1);
});

test('many small tables are distributed over the sessions', () => {
  const tables = Array.from({ length: 1000 }, (_, index) => 5000 + index);
  const listing = tables.map((id) => `${id}; 0 1 TABLE DATA public t${id} shop`);
  const files = tables.map((id) => file(`${id}.dat`, [1]));
  const many = planLoad(listing, parseArchiveListing(listing.join('\n')), files, new Map(), 2);
  expect(many.units.map(({ lines }) => lines.length)).toEqual([500, 500]);
});

test('a backup without the rows of a table fails', () => {
  expect(() => planLoad(LINES, ENTRIES, FILES.slice(1), OBJECTS, 2)).toThrow('TABLE DATA public a shop');
});

test('what has no data is restored in one session', () => {
  const lines = LINES.filter((line) => !/DATA|BLOBS/.test(line));
  expect(planLoad(lines, ENTRIES, [], new Map(), 2)).toEqual({ before: lines, units: [], after: [] });
});

test('a constraint that could reach the rows of other tables comes behind all data', () => {
  const listing = `
217; 1259 17905 TABLE public elder shop
218; 1259 17913 TABLE public heir shop
;\tdepends on: 217
219; 1259 17921 TABLE public parted shop
220; 1259 17926 TABLE public part shop
221; 0 0 TABLE ATTACH public part shop
;\tdepends on: 220 219
3326; 0 17905 TABLE DATA public elder shop
;\tdepends on: 217
3327; 0 17913 TABLE DATA public heir shop
;\tdepends on: 218
3328; 0 17926 TABLE DATA public part shop
;\tdepends on: 220
3401; 2606 17911 CONSTRAINT public elder elder_not_null shop
;\tdepends on: 217
3402; 2606 17912 CONSTRAINT public heir heir_pkey shop
;\tdepends on: 218
3403; 2606 17913 CONSTRAINT public parted parted_not_null shop
;\tdepends on: 219
3404; 2606 17914 CONSTRAINT public parted parted_pkey shop
;\tdepends on: 219
3405; 2606 17915 CONSTRAINT public part part_pkey shop
;\tdepends on: 3404 220
`;
  const lines = listing.split('\n').filter((line) => /^\d/.test(line));
  const files = ['3326.dat', '3327.dat', '3328.dat'].map((name) => file(name, [1]));
  const { before, units: loaded, after } = planLoad(lines, parseArchiveListing(listing), files, new Map(), 2);
  expect(numbers(before)).toEqual([217, 218, 219, 220, 221, 3404]);
  expect(loaded.map((unit) => numbers(unit.lines))).toEqual([[3326, 3327, 3328, 3402, 3405]]);
  expect(numbers(after)).toEqual([3401, 3403]);
});
