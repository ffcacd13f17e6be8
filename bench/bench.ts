import { writeFile } from 'node:fs/promises';
import { parseArgs, ParseArgsConfig } from 'node:util';
import { Figure, render } from './figures';

/** What every measurement takes on its command line. */
export interface BenchOptions {
  /** The words that are no options, such as `aws` in `npm run figures -- aws`. */
  readonly words: readonly string[];
  /** The part that is measured. @default - all parts */
  readonly only?: string;
  /** The same seed draws the same values again. @default - the time in seconds, so that each run draws others */
  readonly seed: number;
  /** No further work is begun after so many minutes. @default - no limit */
  readonly minutes?: number;
  /** Print the figures as one JSON object. */
  readonly json: boolean;
  /** A file that gets the same JSON object. */
  readonly file?: string;
  /** Further numbers that a measurement takes, by their names; those that were given. */
  readonly numbers: Readonly<Record<string, number | undefined>>;
}

/** A measurement was called in a way that it does not know. */
export class UsageError extends Error {
  readonly name = 'UsageError';
}

/** Takes one line of progress. */
export type Progress = (line: string) => void;

/**
 * Runs a measurement of `npm run`: `[--only PART] [--seed N] [--minutes N] [--json] [--file FILE]`. Progress goes to standard error, the
 * figures last to standard output. The exit code is 1 where a figure does not hold.
 */
export function runBench(
  run: (options: BenchOptions, progress: Progress) => Promise<Figure[]>,
  numbers: readonly string[] = [],
): void {
  const progress = (line: string) => void process.stderr.write(`${line}\n`);
  const work = async () => {
    if (process.argv.includes('--help')) return void process.stdout.write(`${usageOf(numbers)}\n`);
    const options = parseBenchOptions(process.argv.slice(2), numbers);
    progress(`seed ${options.seed}`);
    const figures = await run(options, progress);
    if (options.file !== undefined) await writeFile(options.file, render(figures, true));
    process.stdout.write(`${render(figures, options.json)}\n`);
    process.exitCode = figures.every(({ holds }) => holds) ? 0 : 1;
  };
  work().catch((error: Error) => {
    progress(error instanceof UsageError ? `${error.message}\n${usageOf(numbers)}` : failureText(error));
    process.exitCode = 1;
  });
}

/** Why a measurement failed, and where. An error of the product has its kind for a stack: its message says more. */
export function failureText({ name, message, stack }: Error): string {
  return stack?.includes(message) ? stack : `${name}: ${message}`;
}

function usageOf(numbers: readonly string[]): string {
  return [
    'Options: [--only PART] [--seed N] [--minutes N] [--json] [--file FILE]',
    ...numbers.map((name) => `[--${name} N]`),
  ].join(' ');
}

/** @throws UsageError for an option that no measurement takes, and for a number that is none */
export function parseBenchOptions(args: readonly string[], numbers: readonly string[] = []): BenchOptions {
  const { positionals, values } = parsed(args, {
    json: { type: 'boolean' },
    ...Object.fromEntries(
      ['only', 'seed', 'minutes', 'file', ...numbers].map((name) => [name, { type: 'string' } as const]),
    ),
  });
  const given = values as Readonly<Record<string, string | boolean | undefined>>;
  const number = (name: string) => {
    if (given[name] === undefined) return undefined;
    const value = Number(given[name]);
    if (Number.isInteger(value) && value >= 1) return value;
    throw new UsageError(`--${name} takes a whole number from 1; got ${given[name]}.`);
  };
  const further = numbers.map((name) => [name, number(name)] as const);
  return {
    words: positionals,
    only: given.only as string | undefined,
    seed: number('seed') ?? Math.floor(Date.now() / 1000),
    minutes: number('minutes'),
    json: given.json === true,
    file: given.file as string | undefined,
    numbers: Object.fromEntries(further.filter(([, value]) => value !== undefined)),
  };
}

function parsed(args: readonly string[], options: ParseArgsConfig['options']) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Whether the time that `--minutes` gives, counted from now, is over. */
export function timeLimit({ minutes }: Pick<BenchOptions, 'minutes'>): () => boolean {
  const end = minutes === undefined ? Infinity : Date.now() + minutes * 60_000;
  return () => Date.now() > end;
}

/** The parts that are measured. @throws UsageError where `--only` names none of them */
export function chooseParts<P extends string>(parts: readonly P[], only: string | undefined): P[] {
  const chosen = parts.filter((part) => only === undefined || part === only);
  if (chosen.length === 0) throw new UsageError(`--only takes one of ${parts.join(', ')}; got ${only}.`);
  return chosen;
}
