import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { sha256 } from '../../packaging/digest';
import { LockedPackage } from '../../packaging/layer-lock';
import { PackageCache } from '../../packaging/package-cache';
import { PrivateApt } from '../../packaging/private-apt';

const CONTENT = 'bytes of a package';
const locked: LockedPackage = {
  ...{ suite: 'forky', name: 'zlib1g', version: '1:1.3-1' },
  ...{ file: 'pool/main/z/zlib/zlib1g_1.3-1_amd64.deb', sha256: sha256(CONTENT) },
};

let work: string;
let apt: PrivateApt;
let lines: string[];
beforeEach(async () => {
  work = mkdtempSync(path.join(tmpdir(), 'package-cache-'));
  apt = await PrivateApt.create({ directory: path.join(work, 'apt'), mirror: `file:${work}/mirror`, suite: 'forky' });
  lines = [];
});
afterEach(() => rmSync(work, { recursive: true }));

/** An archive that has the package with these bytes, or nothing. */
function archive(name: string, content?: string): string {
  const file = path.join(work, name, locked.file);
  mkdirSync(path.dirname(file), { recursive: true });
  if (content !== undefined) writeFileSync(file, content);
  return `file:${path.join(work, name)}`;
}

async function fetch(...archives: string[]): Promise<{ fetched: boolean; cache: PackageCache }> {
  const cache = new PackageCache(path.join(work, 'cache'));
  return { fetched: await cache.fetch([locked], archives, apt, (line) => lines.push(line)), cache };
}

test.each([
  ['has dropped the package', undefined],
  ['gives other bytes', 'bytes of another package'],
])('what a mirror %s comes from the permanent archive, and the log says so', async (_, content) => {
  const [mirror, permanent] = [archive('mirror', content), archive('permanent', CONTENT)];
  const { fetched, cache } = await fetch(mirror, permanent);
  expect(fetched).toBe(true);
  expect(readFileSync(cache.fileOf(locked), 'utf8')).toBe(CONTENT);
  expect(lines).toEqual([
    `fetching 1 packages from ${mirror}`,
    expect.stringContaining(`no zlib1g 1:1.3-1 from ${mirror}: `),
    `fetching 1 packages from ${permanent}`,
  ]);
});

test('says of each archive what it could not give, where none has the package', async () => {
  const [mirror, permanent] = [archive('mirror'), archive('permanent')];
  expect((await fetch(mirror, permanent)).fetched).toBe(false);
  expect(lines.filter((line) => line.startsWith('no zlib1g'))).toHaveLength(2);
});

test('asks nobody for what it has', async () => {
  await fetch(archive('mirror', CONTENT));
  lines = [];
  expect((await fetch('file:/nowhere')).fetched).toBe(true);
  expect(lines).toEqual([]);
});
