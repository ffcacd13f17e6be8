import { parseArgs } from 'node:util';
import { programFigures } from './aws/programs-drawn';
import { sandboxFigures } from './aws/sandbox-figures';
import { Figure, render } from './figures';

/** How a part is run; what it has no use for, it passes over. */
export interface PartOptions {
  /** By which the same values are drawn again. */
  readonly seed?: number;
  /** After which nothing further is begun. */
  readonly minutes?: number;
}

type Part = (progress: (line: string) => void, options: PartOptions) => Promise<Figure[]>;

/** The suites by the name that `npm run figures` is given, and the parts of each by the name for `--only`. */
const SUITES: Record<string, Record<string, Part>> = {
  aws: { sandbox: sandboxFigures, 'programs-drawn': programFigures },
};

/**
 * `npm run figures -- aws [--only PART] [--seed N] [--minutes N] [--json]`: progress goes to standard error, the figures
 * of all parts come last, in one table, to standard output.
 */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      only: { type: 'string' },
      seed: { type: 'string' },
      minutes: { type: 'string' },
    },
  });
  const parts = SUITES[positionals[0]];
  if (parts === undefined) {
    throw new Error(
      `npm run figures takes one of ${Object.keys(SUITES).join(', ')}; got ${positionals[0] ?? 'nothing'}.`,
    );
  }
  const names = Object.keys(parts).filter((name) => values.only === undefined || name === values.only);
  if (names.length === 0) {
    throw new Error(`--only takes one of ${Object.keys(parts).join(', ')}; got ${values.only}.`);
  }
  const options = { seed: number('seed', values.seed), minutes: number('minutes', values.minutes) };
  const figures: Figure[] = [];
  for (const name of names) {
    figures.push(...(await parts[name]((line) => process.stderr.write(`${line}\n`), options)));
  }
  process.stdout.write(`${render(figures, values.json)}\n`);
  process.exitCode = figures.every(({ holds }) => holds) ? 0 : 1;
}

function number(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${option} takes a whole number from 1; got ${text}.`);
  return value;
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
