import { durationText, printable, sizeText } from './format';
import { Log } from '../../runtime/log';

/** What the program says while it works, one line an event, for a person. */
export class TerminalLog implements Log {
  constructor(
    private readonly write: (line: string) => void,
    private readonly now: () => Date = () => new Date(),
  ) {}

  info(event: string, facts: Record<string, unknown> = {}): void {
    // Metrics are for CloudWatch.
    if (event !== 'metric') {
      this.line(event, facts);
    }
  }

  warn(event: string, facts: Record<string, unknown> = {}): void {
    this.line(`warning: ${event}`, facts);
  }

  private line(event: string, facts: Record<string, unknown>): void {
    const text = event.includes('connection-test') ? connectionTestText(facts) : eventText(event, facts);
    this.write(`${this.now().toISOString().slice(11, 19)}  ${printable(text)}`);
  }
}

/** The test's end is laid out whole behind this line. */
function connectionTestText({ state, endpoint, bucket, path, durationMs }: Record<string, unknown>): string {
  return durationMs === undefined
    ? `${state} ${endpoint}, bucket ${bucket}, path ${path} …`
    : `${state} after ${durationText(Number(durationMs))}`;
}

/** `database stored: backup 20261122T030000Z, parts 3, bytes 1.2 MB`. */
function eventText(event: string, facts: Record<string, unknown>): string {
  const told = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${wordsOf(name.replace(/Ms$/, ''))} ${factText(name, value)}`);
  return wordsOf(event) + (told.length > 0 ? `: ${told.join(', ')}` : '');
}

function wordsOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(/-/g, ' ');
}

function factText(name: string, value: unknown): string {
  if (typeof value === 'number' && /bytes$/i.test(name)) {
    return sizeText(value);
  }
  if (typeof value === 'number' && /Ms$/.test(name)) {
    return durationText(value);
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
