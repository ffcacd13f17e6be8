import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { MemoryTarget, writeFiles } from './memory-target';
import { BufferPool } from '../../../src/runtime/archive/buffer-pool';
import { capacityOf, memberBytes, segmentBytes } from '../../../src/runtime/archive/parts-plan';
import { DumpedFile, PartsWriter } from '../../../src/runtime/archive/parts-writer';
import * as fc from '../../support/properties';

const BOUND = 64 * 1024;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'parts-writer-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function dumpedFile(name: string, size: number): Promise<DumpedFile> {
  const file = path.join(directory, name);
  await writeFile(file, randomBytes(size));
  return { name: `shop/${name}`, path: file, size };
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

test('tar and cat, by hand, give every file back', async () => {
  // GIVEN
  const files = await Promise.all([
    dumpedFile('empty.dat', 0),
    dumpedFile('small.dat', 430),
    dumpedFile('large.dat', 3 * BOUND + 17),
    dumpedFile('block.dat', 512),
    dumpedFile('toc.dat', 1000),
  ]);
  const target = new MemoryTarget(new BufferPool(2, BOUND));

  // WHEN
  await writeFiles(files, target);

  // THEN
  const unpacked = await mkdtemp(path.join(directory, 'unpacked-'));
  for (const [number, body] of target.parts) {
    await writeFile(path.join(unpacked, `${number}`), body);
    execFileSync('tar', ['-xf', `${number}`], { cwd: unpacked });
  }
  execFileSync('sh', ['-c', 'cat shop/large.dat.0* > shop/large.dat'], { cwd: unpacked });
  for (const file of files) {
    expect((await readFile(path.join(unpacked, file.name))).equals(await readFile(file.path))).toBe(true);
  }
});

test('gives the digests of the parts that it handed to the store, and where every file is', async () => {
  // GIVEN
  const files = [await dumpedFile('1.dat', 100), await dumpedFile('2.dat', 2 * BOUND), await dumpedFile('3.dat', 9)];
  const target = new MemoryTarget(new BufferPool(2, BOUND), 7);

  // WHEN
  const written = await writeFiles(files, target);

  // THEN
  expect(written.parts).toEqual(
    [...target.parts]
      .map(([number, body]) => ({ number, size: body.length, sha256: sha256(body) }))
      .sort((one, other) => one.number - other.number),
  );
  for (const [number, digest] of target.digests) expect(digest).toBe(sha256(target.parts.get(number)!));
  expect(written.parts.map(({ number }) => number)).toEqual([7, 8, 9, 10]);
  for (const file of files) {
    const facts = written.files.find(({ name }) => name === file.name)!;
    expect(facts.size).toBe(file.size);
    for (const { part, member } of facts.segments) {
      expect(target.parts.get(part)!.includes(`${member}\0`)).toBe(true);
    }
  }
});

test('a large file shares no part, and small files share one', async () => {
  const files = [await dumpedFile('1.dat', 100), await dumpedFile('2.dat', 2 * BOUND), await dumpedFile('3.dat', 9)];
  const { files: written } = await writeFiles(files, new MemoryTarget(new BufferPool(2, BOUND)));
  const partsOf = (name: string) => written.find((file) => file.name === name)!.segments.map(({ part }) => part);
  expect(partsOf('shop/1.dat')).toEqual(partsOf('shop/3.dat'));
  expect(partsOf('shop/2.dat')).toHaveLength(3);
  expect(partsOf('shop/2.dat')).not.toContain(partsOf('shop/1.dat')[0]);
});

test('no part is larger than its buffer, and a file begins a part only where it does not fit into the one before', async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: segmentBytes(BOUND) }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(sizes, async (drawn) => {
      const target = new MemoryTarget(new BufferPool(2, BOUND));
      const files = await Promise.all(drawn.map(async (size, index) => dumpedFile(`${index}.dat`, size)));
      const { files: written } = await writeFiles(files, target);
      expect(written.map(({ name }) => name)).toEqual(files.map(({ name }) => name));
      let part = 0;
      let room = 0;
      for (const { size, segments } of written) {
        if (memberBytes(size) > room) {
          part += 1;
          room = capacityOf(BOUND);
        }
        room -= memberBytes(size);
        expect(segments).toMatchObject([{ part, size }]);
      }
      expect(Math.max(0, ...[...target.parts.values()].map(({ length }) => length))).toBeLessThanOrEqual(BOUND);
    }),
    { numRuns: 30 },
  );
});

test('as many parts are on their way as the pool has buffers', async () => {
  // GIVEN a store that answers when all buffers are with it
  const target = new MemoryTarget(new BufferPool(3, BOUND));
  let underWay = 0;
  let most = 0;
  const waiting: (() => void)[] = [];
  target.put = async () => {
    most = Math.max(most, ++underWay);
    if (underWay < 3) await new Promise<void>((resolve) => waiting.push(resolve));
    else waiting.splice(0).forEach((resolve) => resolve());
    underWay -= 1;
  };

  // WHEN
  await writeFiles([await dumpedFile('1.dat', 8 * BOUND)], target);

  // THEN
  expect(most).toBe(3);
});

test('fails when the store refuses a part, and sends no more than were on their way', async () => {
  const target = new MemoryTarget(new BufferPool(2, BOUND));
  let calls = 0;
  target.put = async () => {
    calls += 1;
    throw new Error('refused');
  };
  await expect(writeFiles([await dumpedFile('1.dat', 20 * BOUND)], target)).rejects.toThrow('refused');
  expect(calls).toBeLessThanOrEqual(2);
});

test('what was stored is deleted when it is discarded, and its numbers are not used again', async () => {
  // GIVEN
  const target = new MemoryTarget(new BufferPool(2, BOUND));
  const writer = new PartsWriter(target);
  await writer.addSmallFile(await dumpedFile('1.dat', 100));
  await writer.sendSmallFiles();
  await writer.addSmallFile(await dumpedFile('2.dat', 100));

  // WHEN
  await writer.discard();
  const { parts } = await writeFiles([await dumpedFile('1.dat', 100)], target);

  // THEN
  expect(parts.map(({ number }) => number)).toEqual([2]);
  expect([...target.parts.keys()]).toEqual([2]);
});

test.each([
  ['small', 100],
  ['large', 2 * BOUND],
])('fails for a %s file that is there again after it was stored', async (_, size) => {
  const file = await dumpedFile('1.dat', size);
  await expect(writeFiles([file, file], new MemoryTarget(new BufferPool(2, BOUND)))).rejects.toThrow(
    'The file shop/1.dat of the dump was written again after it had been stored.',
  );
});

test('fails when a file became shorter than it was when the dump ended', async () => {
  const file = await dumpedFile('1.dat', 1000);
  await truncate(file.path, 999);
  await expect(writeFiles([file], new MemoryTarget(new BufferPool(1, BOUND)))).rejects.toThrow(
    'The file shop/1.dat of the dump became shorter while it was stored.',
  );
});
