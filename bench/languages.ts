import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseParts, runBench } from './bench';
import { exactly, Figure, notMeasured } from './figures';
import { generatePackages } from './languages/packages';
import { Language, PROGRAMS, synthesizeTypeScript } from './languages/programs';

/**
 * `npm run languages [-- --only python] [--json]`: generates the packages of the other languages, builds them, runs the
 * quickstart program in each and compares the synthesized JSON with that of TypeScript. Everything that is built or
 * fetched lives in a temporary directory. Needs Python with `venv`, a JDK with Maven, and Go; a toolchain that is
 * missing is a figure that does not hold. C# is generated and compiled by nobody here.
 */
runBench(async (options, progress) => {
  const languages = chooseParts(Object.keys(PROGRAMS) as Language[], options.only);
  const directory = await mkdtemp(join(tmpdir(), 'languages-'));
  try {
    progress('TypeScript');
    const expected = await synthesizeTypeScript(join(directory, 'typescript'));
    progress('generating packages');
    const packages = await generatePackages(languages, directory);
    const equal: Language[] = [];
    const figures: Figure[] = [];
    for (const language of languages) {
      progress(language);
      const start = performance.now();
      try {
        const synthesized = await PROGRAMS[language](packages, join(directory, language));
        if (synthesized === expected) equal.push(language);
        else progress(`  ${language} synthesizes other JSON than TypeScript`);
        figures.push(exactly(`json-differs/${language}`, synthesized === expected ? 0 : 1, 0));
      } catch (error) {
        progress(`  ${(error as Error).message}`);
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
