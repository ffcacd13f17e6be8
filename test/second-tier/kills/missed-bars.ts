import { Figure } from '../../../bench/figures';

/** The bars that kills and faults missed, and then what was found; nothing where no bar was missed. */
export async function missedBars<Options>(
  storm: (options: Options, progress: (line: string) => void) => Promise<Figure[]>,
  options: Options,
  ignored: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  const figures = await storm(options, (line) => found.push(line));
  const missed = figures.filter(({ name, holds }) => !holds && !ignored.includes(name));
  return missed.length === 0 ? [] : [...missed.map(({ name, value, bar }) => `${name} ${value}, not ${bar}`), ...found];
}
