import { sandboxFigures } from './aws/sandbox-figures';
import { Figure, render } from './figures';

type Suite = (progress: (line: string) => void) => Promise<Figure[]>;

/** By the name that `npm run figures` is given; the figures of all parts of a suite come in one table. */
const SUITES: Record<string, readonly Suite[]> = {
  aws: [sandboxFigures],
};

/** `npm run figures -- aws [--json]`: progress goes to standard error, the figures last to standard output. */
async function main(): Promise<void> {
  const [name, ...options] = process.argv.slice(2);
  const suites = SUITES[name];
  if (suites === undefined) {
    throw new Error(`npm run figures takes one of ${Object.keys(SUITES).join(', ')}; got ${name ?? 'nothing'}.`);
  }
  const figures: Figure[] = [];
  for (const suite of suites) figures.push(...(await suite((line) => process.stderr.write(`${line}\n`))));
  process.stdout.write(`${render(figures, options.includes('--json'))}\n`);
  process.exitCode = figures.every(({ holds }) => holds) ? 0 : 1;
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
