import { createInterface } from 'node:readline';
import { ExitCode, exitCodeOf, FailureKind } from '../exit-codes';
import { printable, wrapped } from './format';
import { TerminalLog } from './terminal-log';
import { describeVerdict, VERDICT_INDENT } from './verdict';
import { ActionError } from '../../contract/action-error';
import { FailedVerdict } from '../../contract/diagnosis/verdict';
import { JsonLog, Log } from '../../runtime/log';

/** Where text goes. */
export interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** The result of a command. */
export interface Result {
  /** For machines. */
  readonly answer: object;
  /** The same for a person. */
  readonly lines: readonly string[];
}

/** Width of text where the width of the terminal is not known. */
const DEFAULT_COLUMNS = 100;

/** What a person or a script sees: results on standard output, everything else on standard error. */
export class Terminal {
  /** For the events of a running action. */
  readonly log: Log;

  constructor(
    /** One JSON object instead of text. */
    readonly json: boolean,
    private readonly output: Stream = process.stdout,
    private readonly errors: Stream = process.stderr,
    private readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean } = process.stdin,
  ) {
    const write = (text: string) => this.errors.write(text);
    this.log = json ? new JsonLog((line) => write(`${line}\n`)) : new TerminalLog(write, errors.isTTY);
  }

  show({ answer, lines }: Result): void {
    this.eraseBar();
    writeLines(this.output, this.json ? [JSON.stringify({ ok: true, ...answer })] : lines);
  }

  /** Prints why a command failed. */
  fail(error: unknown): ExitCode {
    this.eraseBar();
    const message = error instanceof Error ? error.message : String(error);
    const kind: FailureKind = error instanceof ActionError ? error.kind : 'Unexpected';
    const details = error instanceof ActionError ? error.details : undefined;
    if (this.json) {
      writeLines(this.output, [JSON.stringify({ ok: false, error: kind, message, ...fieldsOf(details) })]);
    } else {
      const [first, ...others] = isFailedVerdict(details)
        ? this.layOut(describeVerdict(details))
        : [printable(message)];
      writeLines(this.errors, [this.red(first), ...others]);
    }
    return exitCodeOf(kind);
  }

  /** Asks a person for a line of text; undefined without a terminal. */
  async ask(question: string): Promise<string | undefined> {
    if (!this.input.isTTY) return undefined;
    const lines = createInterface({ input: this.input });
    try {
      this.errors.write(question);
      const { value } = await lines[Symbol.asyncIterator]().next();
      return (value ?? '').trim();
    } finally {
      lines.close();
    }
  }

  private eraseBar(): void {
    if (this.log instanceof TerminalLog) this.log.eraseBar();
  }

  /** The lines of a verdict, none wider than the terminal. */
  layOut(lines: readonly string[]): string[] {
    const width = Math.max(this.errors.columns ?? DEFAULT_COLUMNS, 2 * VERDICT_INDENT);
    return lines.flatMap((line) => (line.length > width ? wrapped(line, width, VERDICT_INDENT) : [line]));
  }

  good(text: string): string {
    return coloured(this.output, 32, text);
  }

  /** A state of a backup or an alarm in its colour. */
  state(text: string): string {
    const colour = { Completed: 32, OK: 32, Running: 33, Failed: 31, ALARM: 31 }[text];
    return colour === undefined ? text : coloured(this.output, colour, text);
  }

  private red(text: string): string {
    return coloured(this.errors, 31, text);
  }
}

function writeLines(stream: Stream, lines: readonly string[]): void {
  stream.write(lines.map((line) => `${line}\n`).join(''));
}

/** Details of a failure as fields beside its message. */
function fieldsOf(details: unknown): object {
  const isRecord = typeof details === 'object' && !Array.isArray(details);
  return isRecord ? { ...details } : { details };
}

function coloured(stream: Stream, colour: number, text: string): string {
  return stream.isTTY && !process.env.NO_COLOR ? `\u001b[${colour}m${text}\u001b[0m` : text;
}

function isFailedVerdict(details: unknown): details is FailedVerdict {
  return (details as FailedVerdict | undefined)?.state === 'Failed';
}
