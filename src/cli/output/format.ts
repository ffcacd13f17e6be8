/** Sizes, times and text as a person reads them in a terminal. */

const SIZE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const;

/** `0 B`, `1.23 kB`, `45.6 MB`, `789 GB`: three digits, in units of 1000. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // What three digits would round up to 1000 is 1 of the next unit.
  while (value >= 999.5 && unit < SIZE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : threeDigits(value)} ${SIZE_UNITS[unit]}`;
}

function threeDigits(value: number): string {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `250 ms`, `1.2 s`, `2 min 05 s`, `3 h 07 min`, `4 d 02 h`; cut off, never rounded up. */
export function durationText(milliseconds: number): string {
  if (milliseconds < SECOND) {
    return `${Math.floor(milliseconds)} ms`;
  }
  if (milliseconds < MINUTE) {
    return `${(Math.floor(milliseconds / 100) / 10).toFixed(1)} s`;
  }
  const pair = (large: number, largeName: string, small: number, smallName: string): string => {
    const rest = Math.floor((milliseconds % large) / small);
    return `${Math.floor(milliseconds / large)} ${largeName} ${String(rest).padStart(2, '0')} ${smallName}`;
  };
  if (milliseconds < HOUR) {
    return pair(MINUTE, 'min', SECOND, 's');
  }
  return milliseconds < DAY ? pair(HOUR, 'h', MINUTE, 'min') : pair(DAY, 'd', HOUR, 'h');
}

/** `2026-11-22 03:00:05` of an ISO 8601 moment, in UTC. */
export function timeText(iso: string): string {
  return new Date(iso).toISOString().slice(0, 19).replace('T', ' ');
}

/** Without characters that steer a terminal or break the line: names and messages come from outside. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, '?');
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const WITHOUT_WIDTH = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;

/** Columns that printable text takes in a terminal. */
export function widthOf(text: string): number {
  return [...text].reduce(
    (width, character) =>
      width + (character !== '\u00ad' && WITHOUT_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1),
    0,
  );
}

/** One line as several, broken at blanks, the later ones indented; a word that is too long keeps its line. */
export function wrapped(line: string, width: number, indent: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(/(?<=\S)(?= )/)) {
    if (current.trim() !== '' && widthOf(current) + widthOf(word) > width) {
      lines.push(current);
      current = ' '.repeat(indent) + word.trimStart();
    } else {
      current += word;
    }
  }
  return [...lines, current];
}
