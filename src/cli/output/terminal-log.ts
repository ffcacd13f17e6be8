import { durationText, printable, sizeText } from './format';
import { progressBar, progressText } from './progress-text';
import { Log } from '../../runtime/log';
import { Progress } from '../../runtime/runtime';

/** Events whose text the result or the error repeats: shown once. */
const REPEATED_BY_RESULT = new Set([
  'already-restored',
  'backup-already-completed',
  'backup-completed',
  'backup-failed',
  'backup-disproved',
  'backup-locked',
  'backup-proved',
  'drill-failed',
  'backup-remark',
  'failed',
  'list-missing-or-denied',
  'list-repaired',
  'no-completed-backup',
  'not-enforced',
  'pruned',
  'restore-remark',
  'restored',
  'restore-check-passed',
  // For CloudWatch alone.
  'metric',
]);

const ERASE_LINE = '\r\u001b[2K';

/** The events of a running action as lines for a person. */
export class TerminalLog implements Log {
  /** A bar is drawn often, a line is written once a minute. */
  readonly progressIntervalMs: number;
  private barIsDrawn = false;

  constructor(
    private readonly write: (text: string) => void,
    /** Whether a line can be erased and drawn again. */
    private readonly isTerminal = false,
    private readonly now: () => Date = () => new Date(),
  ) {
    this.progressIntervalMs = isTerminal ? 200 : 60_000;
  }

  info(event: string, fields: Record<string, unknown> = {}): void {
    this.line('info', event, fields);
  }

  warn(event: string, fields: Record<string, unknown> = {}): void {
    this.line('warn', event, fields);
  }

  private line(level: 'info' | 'warn', event: string, fields: Record<string, unknown>): void {
    if (event === 'progress' && this.isTerminal) {
      this.write(`${ERASE_LINE}${progressBar(fields as unknown as Progress)}`);
      this.barIsDrawn = true;
    } else if (!REPEATED_BY_RESULT.has(event)) {
      this.eraseBar();
      this.write(`${logLine(this.now(), level, event, fields)}\n`);
    }
  }

  /** Erases the bar, so that other text can follow. */
  eraseBar(): void {
    if (this.barIsDrawn) this.write(ERASE_LINE);
    this.barIsDrawn = false;
  }
}

/** An event as one line. */
export function logLine(time: Date, level: 'info' | 'warn', event: string, fields: Record<string, unknown>): string {
  const title = level === 'warn' ? `warning: ${event}` : event;
  const text =
    event === 'connection-test'
      ? connectionTestText(fields)
      : event === 'progress'
        ? progressText(fields as unknown as Progress)
        : eventText(title, fields);
  return `${time.toISOString().slice(11, 19)}  ${printable(text)}`;
}

/** The result of the test follows this line in full. */
function connectionTestText({ state, endpoint, bucket, path, durationMs }: Record<string, unknown>): string {
  return durationMs === undefined
    ? `${state} ${endpoint}, bucket ${bucket}, path ${path} …`
    : `${state} after ${durationText(Number(durationMs))}`;
}

/** `database stored: backup 20261122T030000Z, parts 3, bytes 1.2 MB`. */
function eventText(title: string, fields: Record<string, unknown>): string {
  const texts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${wordsOf(name.replace(/Ms$/, ''))} ${valueText(name, value)}`);
  return wordsOf(title) + (texts.length > 0 ? `: ${texts.join(', ')}` : '');
}

function wordsOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(/-/g, ' ');
}

function valueText(name: string, value: unknown): string {
  if (typeof value === 'number' && /bytes$/i.test(name)) {
    return sizeText(value);
  }
  if (typeof value === 'number' && /Ms$/.test(name)) {
    return durationText(value);
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
