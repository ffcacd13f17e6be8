/** One line an event: JSON for the function, text for a terminal. */
export interface Log {
  info(event: string, facts?: Record<string, unknown>): void;
  warn(event: string, facts?: Record<string, unknown>): void;
  /** Between two reports of the progress of a run, in milliseconds. @default - a minute */
  readonly progressIntervalMs?: number;
}

/** Structured lines on standard output, as CloudWatch Logs wants them. */
export class JsonLog implements Log {
  constructor(private readonly write: (line: string) => void = (line) => process.stdout.write(`${line}\n`)) {}

  info(event: string, facts: Record<string, unknown> = {}): void {
    this.write(JSON.stringify({ level: 'info', event, ...facts }));
  }

  warn(event: string, facts: Record<string, unknown> = {}): void {
    this.write(JSON.stringify({ level: 'warn', event, ...facts }));
  }
}
