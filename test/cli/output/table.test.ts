import stringWidth from 'string-width';
import { fieldLines, tableLines } from '../../../src/cli/output/table';
import * as fc from '../../support/properties';
import { texts } from '../texts';

describe('tables', () => {
  test('columns are aligned, whatever their text', () => {
    const cell = texts.map((text) => text.replaceAll('|', '/'));
    const tables = fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 8 }))
      .chain(([columns, rows]) =>
        fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
      );
    fc.assert(
      fc.property(tables, (rows) => {
        // GIVEN a mark after each cell, as a column of its own
        const lines = tableLines(rows.map((row) => row.flatMap((text) => [text, '|'])));
        // THEN the marks are aligned
        const marks = lines.map((line) =>
          line.split('|').map((_, at, parts) => stringWidth(parts.slice(0, at).join('|'))),
        );
        marks.forEach((positions) => expect(positions.slice(0, -1)).toEqual(marks[0].slice(0, -1)));
        // AND nothing is lost
        expect(lines.map((line) => line.split('|').map((text) => text.trim()))).toEqual(
          rows.map((row) => [...row.map((text) => text.trim()), '']),
        );
      }),
    );
  });

  test('a style is applied to every row but the head, and keeps the columns aligned', () => {
    const rows = [
      ['state', 'size'],
      ['Completed', '1 B'],
      ['Failed', '22 B'],
    ];
    const styled = tableLines(rows, (text, column) => (column === 0 ? `<${text}>` : text));
    expect(styled).toEqual(['state      size', '<Completed>  1 B', '<Failed>     22 B']);
  });

  test('a cell cannot break its line', () => {
    expect(tableLines([['a\nb', 'c']])).toEqual(['a?b  c']);
  });

  test('fields that are not known are left out', () => {
    expect(
      fieldLines([
        ['took', '1 s'],
        ['stored', undefined],
        ['database', '5 B'],
      ]),
    ).toEqual(['  took      1 s', '  database  5 B']);
  });
});
