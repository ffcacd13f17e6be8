import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { EmptiedFiles } from '../../../src/runtime/dump/emptied-files';

let directory: string;
let put: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'emptied-files-'));
  put = path.join(directory, 'emptied');
});
afterEach(() => rmSync(directory, { recursive: true }));

test('a file is gone from its place, is not deleted, and takes no space', () => {
  const file = path.join(directory, '1.dat');
  writeFileSync(file, Buffer.alloc(100_000, 'rows'));
  const { ino } = statSync(file);

  new EmptiedFiles(put).add(file);

  expect(readdirSync(directory)).toEqual(['emptied']);
  const left = readdirSync(put).map((name) => statSync(path.join(put, name)));
  expect(left).toMatchObject([{ ino, size: 0, blocks: 0 }]);
});

test('of files of any number, also of the same name, a bounded number is left', () => {
  const emptied = new EmptiedFiles(put);
  const counts: number[] = [];
  for (let n = 1; n <= 12_000; n++) {
    const file = path.join(directory, '1.dat');
    writeFileSync(file, '');
    emptied.add(file);
    if (n % 1_000 === 0) counts.push(readdirSync(put).length);
  }

  expect(counts).toContain(10_000);
  expect(Math.max(...counts)).toBe(10_000);
});
