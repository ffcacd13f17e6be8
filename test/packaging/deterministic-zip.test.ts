import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import * as yauzl from 'yauzl';
import { zipDirectory } from '../../packaging/deterministic-zip';
import * as fc from '../support/properties';

const work = mkdtempSync(path.join(tmpdir(), 'deterministic-zip-'));
afterAll(() => rmSync(work, { recursive: true }));

interface Leaf {
  readonly content: string;
  readonly kind: 'plain' | 'executable' | 'link';
}

function plant(leaves: readonly [string, Leaf][], time: Date, looseMode: number): string {
  const root = mkdtempSync(path.join(work, 'tree-'));
  for (const [name, { content, kind }] of leaves) {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    if (kind === 'link') {
      symlinkSync(content || 'nowhere', file);
    } else {
      writeFileSync(file, content);
      chmodSync(file, kind === 'executable' ? 0o700 + looseMode : 0o600 + looseMode);
      utimesSync(file, time, time);
    }
  }
  return root;
}

let zips = 0;
async function zipOf(root: string): Promise<string> {
  const file = path.join(work, `${zips++}.zip`);
  await zipDirectory(root, file);
  return file;
}

describe('zipDirectory', () => {
  test('gives the same bytes for the same tree, whatever the order of creation, times and loose mode bits', async () => {
    const leaf = fc.record({
      content: fc.stringMatching(/^[a-z]{0,20}$/),
      kind: fc.constantFrom<Leaf['kind']>('plain', 'executable', 'link'),
    });
    const tree = fc.uniqueArray(fc.tuple(fc.stringMatching(/^([a-c]{1,2}\/){0,2}[A-Za-z0-9_.]{1,6}\.x$/), leaf), {
      selector: ([name]) => name.toLowerCase(),
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(tree, fc.integer({ min: 1, max: 2e9 }), async (leaves, seconds) => {
        // GIVEN
        const one = plant(leaves, new Date(1e12), 0);
        const other = plant([...leaves].reverse(), new Date(seconds * 1000), 0o44);
        // WHEN
        const [first, second] = [await zipOf(one), await zipOf(other)];
        // THEN
        expect(readFileSync(second).equals(readFileSync(first))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('gives other bytes for another content', async () => {
    const trees = ['a', 'b'].map((content) => plant([['x', { content, kind: 'plain' }]], new Date(1e12), 0));
    const [first, second] = [await zipOf(trees[0]), await zipOf(trees[1])];
    expect(readFileSync(second).equals(readFileSync(first))).toBe(false);
  });

  test('gives the same bytes in another time zone', async () => {
    // GIVEN
    const root = plant([['x', { content: 'x', kind: 'plain' }]], new Date(1e12), 0);
    const here = await zipOf(root);
    const there = path.join(work, 'there.zip');
    // WHEN
    const zone = new Date(1980, 0, 1).getTimezoneOffset() === 0 ? 'Asia/Tokyo' : 'UTC';
    const module = path.resolve(__dirname, '../../packaging/deterministic-zip.ts');
    execFileSync(
      process.execPath,
      [
        '--import',
        'tsx',
        '-e',
        `require(${JSON.stringify(module)}).zipDirectory(...process.argv.slice(1))`,
        root,
        there,
      ],
      { env: { ...process.env, TZ: zone }, cwd: path.resolve(__dirname, '../..') },
    );
    // THEN
    expect(readFileSync(there).equals(readFileSync(here))).toBe(true);
  });

  test('keeps executables executable, links links, in the order of the whole names', async () => {
    // GIVEN
    const root = plant(
      [
        ['deep/run', { content: '#!/bin/sh\n', kind: 'executable' }],
        ['deep/text', { content: 'text', kind: 'plain' }],
        ['deep.txt', { content: '', kind: 'plain' }],
        ['link', { content: 'deep/run', kind: 'link' }],
      ],
      new Date(1e12),
      0o11,
    );
    // WHEN
    const entries = await readZip(await zipOf(root));
    // THEN
    expect(entries).toEqual([
      { name: 'deep.txt', mode: '100644', content: '' },
      { name: 'deep/run', mode: '100755', content: '#!/bin/sh\n' },
      { name: 'deep/text', mode: '100644', content: 'text' },
      { name: 'link', mode: '120777', content: 'deep/run' },
    ]);
  });

  test('fails on a pipe', async () => {
    const root = mkdtempSync(path.join(work, 'tree-'));
    execFileSync('mkfifo', [path.join(root, 'pipe')]);
    await expect(zipOf(root)).rejects.toThrow(/files and symbolic links only.*pipe/);
  });
});

async function readZip(file: string): Promise<{ name: string; mode: string; content: string }[]> {
  const zip = await yauzl.openPromise(file, { lazyEntries: true });
  const entries = [];
  for await (const entry of zip.eachEntry()) {
    const stream = await zip.openReadStreamPromise(entry);
    const content = await text(stream);
    // The upper half of a zip entry's external attributes is the mode.
    const mode = Math.floor(entry.externalFileAttributes / 0x10000).toString(8);
    entries.push({ name: entry.fileName, mode, content });
  }
  return entries;
}
