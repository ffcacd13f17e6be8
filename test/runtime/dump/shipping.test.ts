import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { BufferPool } from '../../../src/runtime/archive/buffer-pool';
import { PartsWriter } from '../../../src/runtime/archive/parts-writer';
import { Shipping } from '../../../src/runtime/dump/shipping';
import { MemoryTarget } from '../archive/memory-target';

const PART = 8 * 1024;
const LOG = { info: () => undefined, warn: () => undefined };

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'shipping-'));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

test('a file that waits for others, and is stored while a later round goes on, is not missed', async () => {
  const target = new MemoryTarget(new BufferPool(2, PART));
  const writer = new PartsWriter(target);
  const shipping = new Shipping(directory, 'shop', writer, 2, LOG);
  // What happens at intervals is done step by step here.
  const { round } = shipping as unknown as { round(): Promise<void> };
  const dump = async (name: string) => writeFile(path.join(directory, name), Buffer.alloc(2 * 1024, name));
  // This process has none of the files open, so they are complete.
  shipping.started(process.pid);
  for (const name of ['toc.dat', 'y.dat', 'z.dat']) await dump(name);
  await round.call(shipping);
  await dump('a.dat');

  await round.call(shipping);
  await shipping.storeRest();

  expect(await readdir(directory)).toEqual(['toc.dat']);
  expect(writer.fileNames().sort()).toEqual(['shop/a.dat', 'shop/y.dat', 'shop/z.dat']);
});
