import { printable, widthOf } from './format';

/** Changes how the text of a cell looks, not its width. */
export type CellStyle = (text: string, column: number) => string;

const GAP = '  ';

/** Rows as lines whose columns stand below one another; the first row is the head. */
export function tableLines(rows: readonly (readonly string[])[], style: CellStyle = (text) => text): string[] {
  const cells = rows.map((row) => row.map(printable));
  const widths = cells.reduce<number[]>(
    (known, row) => row.map((text, column) => Math.max(known[column] ?? 0, widthOf(text))),
    [],
  );
  return cells.map((row, index) =>
    row
      .map((text, column) => {
        const padding = column === row.length - 1 ? '' : ' '.repeat(widths[column] - widthOf(text));
        return (index === 0 ? text : style(text, column)) + padding;
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** Names and values, one pair a line. */
export function factLines(facts: readonly (readonly [string, string | undefined])[]): string[] {
  return tableLines(facts.filter(([, value]) => value !== undefined) as [string, string][]).map((line) => `  ${line}`);
}
