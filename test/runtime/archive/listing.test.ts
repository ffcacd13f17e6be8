import { parseArchiveListing, parseLargeObjectList, plainName } from '../../../src/runtime/archive/listing';

test('tells tables with rows and large objects from definitions', () => {
  const listing = [
    ';',
    '; Archive created at 2026-11-22 03:00:00 UTC',
    ';     TOC Entries: 5',
    ';',
    '220; 1259 16386 TABLE public orders shop',
    '3456; 0 16386 TABLE DATA public orders shop',
    '3457; 0 16390 TABLE DATA Odd schema TABLE DATA in a name shop',
    '3470; 2613 16410 BLOB METADATA - 16410..16412 shop',
    '3471; 0 0 BLOBS - 16410..16412 shop',
    '3480; 0 0 SEQUENCE SET public orders_id_seq shop',
    '3490; 0 16500 MATERIALIZED VIEW DATA public totals shop',
  ].join('\n');

  expect(parseArchiveListing(listing)).toEqual([
    { dumpId: 220, oid: 16386, kind: 'definition' },
    { dumpId: 3456, oid: 16386, kind: 'table data' },
    { dumpId: 3457, oid: 16390, kind: 'table data' },
    { dumpId: 3470, oid: 16410, kind: 'definition' },
    { dumpId: 3471, oid: 0, kind: 'large objects' },
    { dumpId: 3480, oid: 0, kind: 'definition' },
    { dumpId: 3490, oid: 16500, kind: 'definition' },
  ]);
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
