import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { durationText, printable, sizeText, timeText, widthOf, wrapped } from '../../../src/cli/output/format';
import { texts } from '../texts';

/** Where the cursor of a terminal stands after a text, by Node's own reckoning. */
function cursorAfter(text: string): number {
  const readline = createInterface({ input: new PassThrough(), output: new PassThrough(), terminal: true });
  Object.assign(readline, { line: text, cursor: text.length });
  readline.setPrompt('');
  const { rows, cols } = readline.getCursorPos();
  readline.close();
  expect(rows).toBe(0);
  return cols;
}

describe('sizes', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [999_499, '999 kB'],
    [999_500, '1.00 MB'],
    [9_995_000, '10.0 MB'],
    [45_600_000, '45.6 MB'],
    [3_200_000_000_000, '3.20 TB'],
  ])('%i bytes', (bytes, text) => expect(sizeText(bytes)).toBe(text));

  test('are true to half of the last digit, and below 1000 of their unit', () => {
    const factors: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15, EB: 1e18 };
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeNat(), fc.nat(2_000_000)), (bytes) => {
        const [, number, unit] = /^(\d+(?:\.\d+)?) (\w+)$/.exec(sizeText(bytes))!;
        expect(Number(number)).toBeLessThan(1000);
        const digits = number.split('.')[1]?.length ?? 0;
        const half = unit === 'B' ? 0 : 0.5000001 * 10 ** -digits * factors[unit];
        expect(Math.abs(Number(number) * factors[unit] - bytes)).toBeLessThanOrEqual(half);
      }),
    );
  });
});

describe('durations', () => {
  test.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [59_999, '59.9 s'],
    [60_000, '1 min 00 s'],
    [125_000, '2 min 05 s'],
    [3_599_999, '59 min 59 s'],
    [3 * 3_600_000 + 7 * 60_000, '3 h 07 min'],
    [86_400_000 * 4 + 2 * 3_600_000, '4 d 02 h'],
  ])('%i ms', (milliseconds, text) => expect(durationText(milliseconds)).toBe(text));
});

test('times are in UTC, to the second', () => {
  expect(timeText('2026-11-22T03:00:05.678Z')).toBe('2026-11-22 03:00:05');
  expect(timeText('2026-11-22T03:00:05+02:00')).toBe('2026-11-22 01:00:05');
});

test('printable text never steers a terminal', () => {
  expect(printable('red \u001b[31m\r\n\u0007\u2028\u202e end')).toBe('red ?[31m????? end');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      // eslint-disable-next-line no-control-regex
      expect(printable(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    }),
  );
});

test("the width of a text is the way of a terminal's cursor", () => {
  fc.assert(fc.property(texts, (text) => expect(widthOf(text)).toBe(cursorAfter(text))));
});

test('wrapping loses nothing but breaks, and keeps to the width unless a word is longer', () => {
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
      if (width >= 32) lines.forEach((each) => expect(widthOf(each)).toBeLessThanOrEqual(width));
    }),
  );
});
