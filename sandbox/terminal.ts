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
