/** One measured value and what it has to be. */
export interface Figure {
  readonly name: string;
  /** Null where it was not measured, which never holds. */
  readonly value: number | null;
  /** What the value has to be, in words. */
  readonly bar: string;
  readonly holds: boolean;
}

export function exactly(name: string, value: number, bar: number): Figure {
  return { name, value, bar: String(bar), holds: value === bar };
}

export function atLeast(name: string, value: number, bar: number): Figure {
  return { name, value, bar: `at least ${bar}`, holds: value >= bar };
}

export function atMost(name: string, value: number, bar: number): Figure {
  return { name, value, bar: `at most ${bar}`, holds: value <= bar };
}

export function notMeasured(name: string, bar: string): Figure {
  return { name, value: null, bar, holds: false };
}

/** As an aligned table for a person, or as one object for a machine. */
export function render(figures: readonly Figure[], json: boolean): string {
  if (json) {
    return JSON.stringify({ figures });
  }
  const rows = [
    ['figure', 'value', 'bar', 'holds'],
    ...figures.map(({ name, value, bar, holds }) => [
      name,
      value === null ? '-' : String(value),
      bar,
      holds ? 'yes' : 'no',
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
