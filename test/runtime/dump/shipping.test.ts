import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { BufferPool } from '../../../src/runtime/archive/buffer-pool';
import { PartsWriter } from '../../../src/runtime/archive/parts-writer';
import { readMembers } from '../../../src/runtime/archive/tar';
import { Shipping } from '../../../src/runtime/dump/shipping';
import { MemoryTarget } from '../archive/memory-target';

const PART = 8 * 1024;
const LARGE_PART = 256 * 1024;
const LOG = { info: () => undefined, warn: () => undefined };

let parent: string;
let directory: string;

beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'shipping-'));
  directory = path.join(parent, 'dump');
  await mkdir(directory);
});
afterEach(async () => rm(parent, { recursive: true }));

/** Every file that is left, in whichever directory, with the bytes that it takes. */
async function filesLeft(): Promise<Record<string, number>> {
  const entries = await readdir(parent, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ path: folder, name }) => path.join(folder, name));
  return Object.fromEntries(files.map((file) => [path.relative(parent, file), statSync(file).blocks * 512]));
}

/** What happens at intervals is done step by step here. */
function newShipping(partBytes: number) {
  const target = new MemoryTarget(new BufferPool(2, partBytes));
  const writer = new PartsWriter(target);
  const shipping = new Shipping(directory, 'shop', writer, 2, LOG, () => undefined);
  const round = async () => (shipping as unknown as { round(): Promise<void> }).round();
  return { target, writer, shipping, round };
}

test('what is stored of a file that grows takes no space on the disk, however large it becomes', async () => {
  const { target, writer, shipping, round } = newShipping(LARGE_PART);
  shipping.started(process.pid);
  await writeFile(path.join(directory, 'toc.dat'), 'contents');
  const file = path.join(directory, 'dominant.dat');
  const handle = await open(file, 'w');
  const written: Buffer[] = [];
  const onDisk: number[] = [];
  for (let step = 0; step < 20; step++) {
    written.push(randomBytes(LARGE_PART));
    await handle.write(written.at(-1)!);
    await round();
    onDisk.push((await stat(file)).blocks * 512);
  }
  await handle.close();
  await shipping.storeRest();

  // Fewer parts than a punch takes, and what was too little for a part.
  expect(Math.max(...onDisk)).toBeLessThanOrEqual(4 * LARGE_PART);
  const { files, parts } = await writer.finish();
  expect(parts.length).toBeGreaterThan(20);
  expect(files.map(({ name }) => name)).toEqual(['shop/dominant.dat', 'shop/toc.dat']);
  const stored = files[0].segments.map(({ part, member }) => {
    return readMembers(target.parts.get(part)!).find(({ name }) => name === member)!.content;
  });
  expect(Buffer.concat(stored).equals(Buffer.concat(written))).toBe(true);
});

test('a file that waits for others, and is stored while a later round goes on, is not missed', async () => {
  const { writer, shipping, round } = newShipping(PART);
  const dump = async (name: string) => writeFile(path.join(directory, name), Buffer.alloc(2 * 1024, name));
  // This process has none of the files open, so they are complete.
  shipping.started(process.pid);
  for (const name of ['toc.dat', 'y.dat', 'z.dat']) await dump(name);
  await round();
  await dump('a.dat');

  await round();

  expect(await readdir(directory)).toEqual(['toc.dat']);
  const { 'dump/toc.dat': contents, ...stored } = await filesLeft();
  expect(contents).toBeGreaterThan(0);
  expect(Object.values(stored)).toEqual([0, 0, 0]);

  await shipping.storeRest();

  expect(Object.keys(await filesLeft())).toEqual(['dump/toc.dat']);
  expect(writer.fileNames().sort()).toEqual(['shop/a.dat', 'shop/toc.dat', 'shop/y.dat', 'shop/z.dat']);
});
