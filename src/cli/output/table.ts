import stringWidth from 'string-width';
import { printable } from './format';

/** Changes how the text of a cell looks, not its width. */
export type CellStyle = (text: string, column: number) => string;

const GAP = '  ';

/** Rows as lines with aligned columns; the first row is the head, which has no style. */
export function tableLines(rows: readonly (readonly string[])[], style: CellStyle = (text) => text): string[] {
  const cells = rows.map((row) => row.map(printable));
  const widths = cells.reduce<number[]>(
    (widest, row) => row.map((text, column) => Math.max(widest[column] ?? 0, stringWidth(text))),
    [],
  );
  return cells.map((row, index) =>
    row
      .map((text, column) => {
        const padding = column === row.length - 1 ? '' : ' '.repeat(widths[column] - stringWidth(text));
        return (index === 0 ? text : style(text, column)) + padding;
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** Names and values, one pair a line; a value that is not known is left out. */
export function fieldLines(fields: readonly (readonly [string, string | undefined])[]): string[] {
  return tableLines(fields.filter(([, value]) => value !== undefined) as [string, string][]).map((line) => `  ${line}`);
}
