import { parseArchiveListing, parseLargeObjectList, plainName } from '../../../src/runtime/archive/listing';

test('tells tables with rows and large objects from definitions', () => {
  const listing = [
    ';',
    '; Archive created at 2026-11-22 03:00:00 UTC',
    ';     TOC Entries: 5',
    ';',
    '220; 1259 16386 TABLE public orders shop',
    '3456; 0 16386 TABLE DATA public orders shop',
    ';\tdepends on: 220',
    '3457; 0 16390 TABLE DATA Odd schema TABLE DATA in a name shop',
    '3470; 2613 16410 BLOB METADATA - 16410..16412 shop',
    '3471; 0 0 BLOBS - 16410..16412 shop',
    ';\tdepends on: 3470 3469',
    '3480; 0 0 SEQUENCE SET public orders_id_seq shop',
    '3490; 0 16500 MATERIALIZED VIEW DATA public totals shop',
  ].join('\n');

  expect(
    parseArchiveListing(listing).map(({ dumpId, oid, kind, dependsOn }) => [dumpId, oid, kind, dependsOn]),
  ).toEqual([
    [220, 16386, 'definition', []],
    [3456, 16386, 'table data', [220]],
    [3457, 16390, 'table data', []],
    [3470, 16410, 'definition', []],
    [3471, 0, 'large objects', [3470, 3469]],
    [3480, 0, 'definition', []],
    [3490, 16500, 'definition', []],
  ]);
  expect(parseArchiveListing(listing)[1].description).toBe('TABLE DATA public orders shop');
});

test('a list of large objects names their files', () => {
  expect(parseLargeObjectList('16410 blob_16410.dat\n16411 blob_16411.dat\n')).toEqual([
    'blob_16410.dat',
    'blob_16411.dat',
  ]);
});

test('the suffix of a compression is not part of a name', () => {
  expect(['3456.dat.zst', '3456.dat.gz', '3456.dat', 'toc.dat'].map(plainName)).toEqual([
    '3456.dat',
    '3456.dat',
    '3456.dat',
    'toc.dat',
  ]);
});
