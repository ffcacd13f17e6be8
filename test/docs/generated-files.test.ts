import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { drawingOf } from '../../packaging/documentation/drawing';
import { generatedFiles } from '../../packaging/documentation/generated-files';
import { ERROR_KINDS } from '../../src/contract/diagnosis/error-kinds';

const ROOT = path.resolve(__dirname, '../..');
const PAGE = path.join(ROOT, 'docs/connection-test.md');

test.each([...generatedFiles()].map(([file, text]) => [path.relative(ROOT, file), text]))(
  '%s is what npm run docs writes',
  (file, text) => {
    expect(existsSync(path.join(ROOT, file)) && readFileSync(path.join(ROOT, file), 'utf8')).toBe(text);
  },
);

test.each(Object.keys(ERROR_KINDS))('docs/connection-test.md has one row for %s', (kind) => {
  const rows = readFileSync(PAGE, 'utf8').split(`\n| ${kind} | `);
  expect(rows).toHaveLength(2);
});

describe('drawingOf', () => {
  const boxes = 'title A & B\nbox a 0,0 First | line\nbox b 1,0 Second\nbox c 0,1! Third\n';

  test('draws each line of a box, escaped, and the title', () => {
    const svg = drawingOf(boxes);
    expect(svg).toContain('<title>A &amp; B</title>');
    expect([...svg.matchAll(/<text[^>]*>([^<]*)/g)].map(([, text]) => text)).toEqual([
      'First',
      'line',
      'Second',
      'Third',
    ]);
  });

  test.each([
    ['a', 'b', /^M\d+ \d+ H\d+$/],
    ['b', 'a', /^M\d+ \d+ H\d+$/],
    ['a', 'c', /^M\d+ \d+ V\d+$/],
    ['b', 'c', /^M\d+ \d+ H\d+ V\d+$/],
  ])('an arrow from %s to %s has no segment without a length', (from, to, path_) => {
    const [, drawn] = /<path d="([^"]*)" fill="none"/.exec(drawingOf(`${boxes}arrow ${from} ${to}`))!;
    expect(drawn).toMatch(path_);
  });

  test('fails on an arrow to a box that is not there, and on a line that it does not know', () => {
    expect(() => drawingOf(`${boxes}arrow a d`)).toThrow('The drawing has no box d');
    expect(() => drawingOf('circle a')).toThrow('begins with title, box or arrow; got "circle a"');
  });
});
