import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseParts, runBench } from './bench';
import { exactly, Figure, notMeasured } from './figures';
import { deployQuickstart } from './languages/deployment';
import { generatePackages } from './languages/packages';
import { errorOf, Language, PROGRAMS, runTypeScript } from './languages/programs';

/**
 * `npm run languages [-- --only python] [--json]`: generates the packages of the other languages, builds them, runs the
 * quickstart program in each, in Python that of README.md too, and compares the synthesized JSON with that of TypeScript.
 * A program with a wrong value has to end with TypeScript's error. What Python synthesizes is deployed in the sandbox.
 *
 * Everything that is built or fetched lives in a temporary directory. Needs Python with `venv`, a JDK with Maven, and Go; a
 * toolchain that is missing is a figure that does not hold. C# is generated and compiled by nobody here.
 */
runBench(async (options, progress) => {
  const languages = chooseParts(Object.keys(PROGRAMS) as Language[], options.only);
  const directory = await mkdtemp(join(tmpdir(), 'languages-'));
  const figures: Figure[] = [];
  /** A figure that is 0 where something holds, and what it is. */
  const holds = (name: string, is: boolean, otherwise: string) => {
    if (!is) progress(`  ${otherwise}`);
    figures.push(exactly(name, is ? 0 : 1, 0));
  };
  try {
    progress('TypeScript');
    const expected = await runTypeScript(join(directory, 'typescript'));
    const error = errorOf(expected.error);
    progress('generating packages');
    const packages = await generatePackages(languages, directory);
    const equal: Language[] = [];
    for (const language of languages) {
      progress(language);
      const start = performance.now();
      try {
        const outcome = await PROGRAMS[language](packages, join(directory, language));
        if (outcome.quickstart === expected.quickstart) equal.push(language);
        holds(`json-differs/${language}`, equal.includes(language), 'other JSON than that of TypeScript');
        holds(`error-lost/${language}`, outcome.error.includes(error), `not the error of TypeScript: ${outcome.error}`);
        if (language === 'python') {
          holds('readme-differs/python', outcome.readme === expected.readme, "README.md's programs differ");
          await deployQuickstart(outcome.stack).then(
            () => holds('not-deployed/python', true, ''),
            ({ message }: Error) => holds('not-deployed/python', false, message),
          );
        }
      } catch (reason) {
        progress(`  ${(reason as Error).message}`);
        figures.push(notMeasured(`json-differs/${language}`, '0'));
      }
      progress(`  ${Math.round((performance.now() - start) / 1000)} s`);
    }
    // TypeScript itself is one of them.
    figures.push(exactly('languages-equal', equal.length + 1, languages.length + 1));
    return figures;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
