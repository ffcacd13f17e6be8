import { programFigures } from './aws/programs-drawn';
import { sandboxFigures } from './aws/sandbox-figures';
import { BenchOptions, chooseParts, Progress, runBench, UsageError } from './bench';
import { Figure } from './figures';
import {
  apiFigures,
  documentationFigures,
  requireFigures,
  synthFigures,
  tarballFigures,
} from './package/package-figures';

type Part = (progress: Progress, options: BenchOptions) => Promise<Figure[]>;

/** The suites by the name that `npm run figures` is given, and the parts of each by the name for `--only`. */
const SUITES: Record<string, Record<string, Part>> = {
  aws: { sandbox: sandboxFigures, 'programs-drawn': programFigures },
  package: {
    synth: synthFigures,
    require: requireFigures,
    tarball: tarballFigures,
    api: apiFigures,
    documentation: documentationFigures,
  },
};

/** `npm run figures -- SUITE [--only PART] [--seed N] [--minutes N] [--json]`: the figures of all parts, in one table. */
runBench(async (options, progress) => {
  const [suite] = options.words;
  const parts = SUITES[suite];
  if (parts === undefined) {
    throw new UsageError(`npm run figures takes one of ${Object.keys(SUITES).join(', ')}; got ${suite ?? 'nothing'}.`);
  }
  const figures: Figure[] = [];
  for (const name of chooseParts(Object.keys(parts), options.only)) {
    figures.push(...(await parts[name](progress, options)));
  }
  return figures;
});
