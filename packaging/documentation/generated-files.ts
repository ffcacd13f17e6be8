import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { drawingOf } from './drawing';
import { errorTables } from './error-table';
import { ROOT } from '../places';

const DRAWINGS = path.join(ROOT, 'docs', 'drawings');
const ERROR_PAGE = path.join(ROOT, 'docs', 'connection-test.md');
const MARKS = { start: '<!-- every error, written by npm run docs -->', end: '<!-- end -->' };

/** What of the documentation is made from a source: the name of each file, and its text. */
export function generatedFiles(): Map<string, string> {
  const drawings = readdirSync(DRAWINGS)
    .filter((name) => name.endsWith('.txt'))
    .map((name) => path.join(DRAWINGS, name));
  const page = readFileSync(ERROR_PAGE, 'utf8');
  const [before, after] = [page.split(MARKS.start)[0], page.split(MARKS.end)[1]];
  return new Map([
    ...drawings.map((file) => [file.replace(/\.txt$/, '.svg'), drawingOf(readFileSync(file, 'utf8'))] as const),
    [ERROR_PAGE, `${before}${MARKS.start}\n\n${errorTables()}\n\n${MARKS.end}${after}`],
  ]);
}

if (require.main === module) {
  for (const [file, text] of generatedFiles()) writeFileSync(file, text);
}
