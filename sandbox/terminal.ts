/** How the command line looks: colours only on a terminal, columns that stand below one another. */
export class Terminal {
  constructor(private readonly stream: NodeJS.WriteStream) {}

  get colours(): boolean {
    return this.stream.isTTY === true && !process.env.NO_COLOR;
  }

  bold(text: string): string {
    return this.coloured('1', text);
  }

  dim(text: string): string {
    return this.coloured('2', text);
  }

  green(text: string): string {
    return this.coloured('32', text);
  }

  red(text: string): string {
    return this.coloured('31', text);
  }

  line(text = ''): void {
    this.stream.write(`${text}\n`);
  }

  private coloured(code: string, text: string): string {
    return this.colours ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

/** Rows as lines whose columns are as wide as the widest text in them. */
export function tableLines(rows: string[][]): string[] {
  const widths = rows.reduce<number[]>(
    (known, row) => row.map((text, column) => Math.max(known[column] ?? 0, text.length)),
    [],
  );
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}

/** `1.2 s`, `2 min 05 s`. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
}
