import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import stringWidth from 'string-width';
import { durationText, printable, sizeText, timeText, wrapped } from '../../../src/cli/output/format';
import * as fc from '../../support/properties';
import { texts } from '../texts';

/** The column of a terminal's cursor after a text, as Node computes it. */
function cursorAfter(text: string): number {
  const readline = createInterface({ input: new PassThrough(), output: new PassThrough(), terminal: true });
  Object.assign(readline, { line: text, cursor: text.length });
  readline.setPrompt('');
  const { rows, cols } = readline.getCursorPos();
  readline.close();
  expect(rows).toBe(0);
  return cols;
}

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1 kB'],
  [1234, '1.23 kB'],
  [999_999, '1 MB'],
  [45_600_000, '45.6 MB'],
  [3_200_000_000_000, '3.2 TB'],
])('a size of %i bytes is shown as %s', (bytes, text) => expect(sizeText(bytes)).toBe(text));

test.each([
  [0, '0ms'],
  [999, '999ms'],
  [1_000, '1s'],
  [59_999, '59.9s'],
  [60_000, '1m'],
  [125_000, '2m 5s'],
  [3_599_999, '59m 59s'],
  [3 * 3_600_000 + 7 * 60_000, '3h 7m'],
  [86_400_000 * 4 + 2 * 3_600_000, '4d 2h'],
])('a duration of %i ms is shown as %s', (milliseconds, text) => expect(durationText(milliseconds)).toBe(text));

test('times are in UTC, to the second', () => {
  expect(timeText('2026-11-22T03:00:05.678Z')).toBe('2026-11-22 03:00:05');
  expect(timeText('2026-11-22T03:00:05+02:00')).toBe('2026-11-22 01:00:05');
});

test('printable text never controls a terminal', () => {
  expect(printable('red \u001b[31m\r\n\u0007\u2028\u202e end')).toBe('red ?[31m????? end');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      // eslint-disable-next-line no-control-regex
      expect(printable(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    }),
  );
});

test("the width of a text is the column of a terminal's cursor after it", () => {
  fc.assert(fc.property(texts, (text) => expect(stringWidth(text)).toBe(cursorAfter(text))));
});

test('wrapping loses no word, and keeps to the width unless a word is longer', () => {
  const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '-', '日'), minLength: 1, maxLength: 12 }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(words, fc.integer({ min: 24, max: 60 }), (parts, width) => {
      const line = `  name  ${parts.join(' ')}`;
      const lines = wrapped(line, width, 8);
      expect(lines[0].startsWith('  name')).toBe(true);
      expect(lines.join(' ').split(/ +/)).toEqual(line.split(/ +/));
      lines.slice(1).forEach((each) => expect(each).toMatch(/^ {8}\S/));
      // The longest word has 12 characters of width 2: with the indent it fits into no less than 32 columns.
      if (width >= 32) lines.forEach((each) => expect(stringWidth(each)).toBeLessThanOrEqual(width));
    }),
  );
});
