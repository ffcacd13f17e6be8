import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { Manifest } from '../../../src/contract/manifest';
import { ObjectKeys } from '../../../src/contract/object-keys';
import { BufferPool } from '../../../src/runtime/archive/buffer-pool';
import { parseArchiveListing } from '../../../src/runtime/archive/listing';
import { PartsReader } from '../../../src/runtime/archive/parts-reader';
import { StoredBackup } from '../../../src/runtime/folder/stored-backup';
import { LoadUnit } from '../../../src/runtime/restore/load-plan';
import { DatabaseFiles } from '../../../src/runtime/restore/unit-files';
import { MemoryTarget, writeFiles } from '../archive/memory-target';
import { MemoryStore } from '../memory-store';

const KEYS = new ObjectKeys('backups', 'shop');
const BACKUP = '20261122T030000Z';
const PART = 64 * 1024;
const LARGE = randomBytes(5 * PART);
const CONTENTS: Record<string, Buffer> = {
  'toc.dat': Buffer.from('the table of contents'),
  'blobs_30.toc': Buffer.from('16410 blob_16410.dat\n16411 blob_16411.dat\n'),
  '10.dat.zst': LARGE,
  '11.dat.zst': Buffer.from('small'),
  'blob_16410.dat.zst': Buffer.from('an object'),
  'blob_16411.dat.zst': Buffer.from('another'),
};

let directory: string;
let store: MemoryStore;
let files: DatabaseFiles;
let manifest: Manifest;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'unit-files-'));
  const dumped = Object.entries(CONTENTS).map(([name, content]) => ({
    name: `shop/${name}`,
    path: path.join(directory, `in-${name}`),
    size: content.length,
  }));
  await Promise.all(dumped.map(async ({ path: file }, index) => writeFile(file, Object.values(CONTENTS)[index])));
  const target = new MemoryTarget(new BufferPool(2, PART));
  const written = await writeFiles(dumped, target);
  store = new MemoryStore();
  target.parts.forEach((body, part) => store.objects.set(KEYS.part(BACKUP, part), body));
  manifest = { backup: BACKUP, ...written } as unknown as Manifest;
  const reader = new PartsReader(new StoredBackup(store, KEYS, manifest, ''), 2, new AbortController().signal);
  files = await DatabaseFiles.open(reader, manifest, 'shop', path.join(directory, 'out'));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

function unitOf(...names: string[]): LoadUnit {
  return { lines: [], bytes: 0, files: manifest.files.filter(({ name }) => names.includes(path.basename(name))) };
}

const signal = new AbortController().signal;
const read = async (file: string) =>
  (await promisify(execFile)('cat', [file], { encoding: 'buffer', maxBuffer: 2 * LARGE.length })).stdout;

test('a large file passes through a pipe, and is not on the disk', async () => {
  const unit = await files.prepare(unitOf('10.dat.zst'), signal);
  const [content] = await Promise.all([read(path.join(unit.path, '10.dat.zst')), unit.feed(signal)]);
  expect(content.equals(LARGE)).toBe(true);
  expect(await readFile(path.join(unit.path, 'toc.dat'), 'utf8')).toBe('the table of contents');
  await unit.remove();
});

test('a damaged part ends the pipe before the file is whole', async () => {
  const key = KEYS.part(BACKUP, manifest.files.find(({ name }) => name === 'shop/10.dat.zst')!.segments.at(-1)!.part);
  const whole = store.objects.get(key)!;
  store.objects.set(key, Buffer.alloc(whole.length));
  const unit = await files.prepare(unitOf('10.dat.zst'), signal);
  const ended = new AbortController();
  const feeding = unit.feed(ended.signal);
  const reading = read(path.join(unit.path, '10.dat.zst'));
  await expect(feeding).rejects.toThrow(`The part ${key} has SHA-256`);
  expect((await reading).length).toBeLessThan(LARGE.length);
});

test('a reader that goes away ends the feed', async () => {
  const unit = await files.prepare(unitOf('10.dat.zst'), signal);
  const reading = promisify(execFile)('head', ['-c', '10', path.join(unit.path, '10.dat.zst')]);
  await expect(unit.feed(signal)).rejects.toThrow('pg_restore did not read 10.dat.zst to its end');
  await reading;
});

test('a pipe that nobody opens is given up with the signal', async () => {
  const unit = await files.prepare(unitOf('10.dat.zst'), signal);
  const ended = new AbortController();
  const feeding = unit.feed(ended.signal);
  ended.abort(new Error('pg_restore has ended'));
  await expect(feeding).rejects.toThrow();
});

test('small files are on the disk while their unit is loaded, with the large objects that the list then names', async () => {
  const entries = parseArchiveListing('30; 0 0 BLOBS - 16410..16411 shop');
  expect([...(await files.readLargeObjects(entries))]).toEqual([
    ['blob_16410.dat', 30],
    ['blob_16411.dat', 30],
  ]);
  const unit = await files.prepare(unitOf('11.dat.zst', 'blob_16411.dat.zst'), signal);
  expect((await readdir(unit.path)).sort()).toEqual(['11.dat.zst', 'blob_16411.dat.zst', 'blobs_30.toc', 'toc.dat']);
  expect(await readFile(path.join(unit.path, 'blobs_30.toc'), 'utf8')).toBe('16411 blob_16411.dat\n');
  expect(await readFile(path.join(unit.path, '11.dat.zst'), 'utf8')).toBe('small');
  await unit.remove();
  await files.remove();
  expect(await readdir(path.join(directory, 'out'))).toEqual([]);
});
