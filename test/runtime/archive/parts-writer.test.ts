import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { DumpedFile, PartsTarget, writeParts } from '../../../src/runtime/archive/parts-writer';

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

class Target implements PartsTarget {
  readonly firstPart = 7;
  readonly maximumPartBytes = BOUND;
  readonly signal: AbortSignal = new AbortController().signal;
  readonly parts = new Map<number, Buffer>();
  reserved = 0;

  async reserve(highest: number): Promise<void> {
    this.reserved = highest;
  }
  async put(part: number, body: Buffer): Promise<void> {
    expect(part).toBeLessThanOrEqual(this.reserved);
    this.parts.set(part, Buffer.from(body));
  }
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
  const target = new Target();

  // WHEN
  await writeParts(files, target);

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

test('tells the digests of what it handed to the store, and where every file is', async () => {
  // GIVEN
  const files = [await dumpedFile('1.dat', 100), await dumpedFile('2.dat', 2 * BOUND)];
  const target = new Target();

  // WHEN
  const written = await writeParts(files, target);

  // THEN
  expect(written.parts).toEqual(
    [...target.parts].map(([number, body]) => ({ number, size: body.length, sha256: sha256(body) })),
  );
  expect(written.parts.map(({ number }) => number)).toEqual([7, 8, 9]);
  expect(target.reserved).toBe(9);
  for (const [index, file] of files.entries()) {
    const facts = written.files[index];
    expect(facts).toMatchObject({ name: file.name, size: file.size, sha256: sha256(await readFile(file.path)) });
    for (const { part, member } of facts.segments) {
      expect(target.parts.get(part)!.includes(`${member}\0`)).toBe(true);
    }
  }
});

test('fails when the store refuses a part, and sends no more', async () => {
  // GIVEN
  const target = new Target();
  let calls = 0;
  target.put = async () => {
    calls += 1;
    throw new Error('refused');
  };

  // THEN
  await expect(writeParts([await dumpedFile('1.dat', 5 * BOUND)], target)).rejects.toThrow('refused');
  expect(calls).toBe(1);
});

test('fails when a file became shorter than it was when the dump ended', async () => {
  const file = await dumpedFile('1.dat', 1000);
  await truncate(file.path, 999);
  await expect(writeParts([file], new Target())).rejects.toThrow(
    'The file shop/1.dat of the dump became shorter while it was stored.',
  );
});
