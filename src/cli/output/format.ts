import prettyBytes from 'pretty-bytes';
import prettyMilliseconds from 'pretty-ms';
import wrapAnsi from 'wrap-ansi';

/** Sizes, times and text as a person reads them in a terminal. */

/** `0 B`, `1.23 kB`, `45.6 MB`, `789 GB`: up to three digits, in units of 1000. */
export function sizeText(bytes: number): string {
  return prettyBytes(bytes);
}

/** `250ms`, `1.2s`, `2m 5s`, `3h 7m`, `4d 2h`; cut off, never rounded up. */
export function durationText(milliseconds: number): string {
  const secondsDecimalDigits = milliseconds < 60_000 ? 1 : 0;
  return prettyMilliseconds(Math.floor(milliseconds), { unitCount: 2, secondsDecimalDigits });
}

/** `2026-11-22 03:00:05` of an ISO 8601 moment, in UTC. */
export function timeText(iso: string): string {
  return new Date(iso).toISOString().slice(0, 19).replace('T', ' ');
}

/** Replaces characters that control a terminal or break the line: names and messages come from outside. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, '?');
}

/** A line as several, broken at blanks; the later ones are indented. A word that is too long keeps its line. */
export function wrapped(line: string, width: number, indent: number): string[] {
  const [first, ...others] = wrapAnsi(line.slice(indent), width - indent).split('\n');
  return [line.slice(0, indent) + first, ...others.map((other) => ' '.repeat(indent) + other)];
}
