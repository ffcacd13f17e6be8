import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exactly, Figure, notMeasured, render } from './figures';
import { generatePackages } from './languages/packages';
import { Language, PROGRAMS, synthesizeTypeScript } from './languages/programs';

/**
 * `npm run languages [-- --only python] [--json]`: generates the packages of the other languages, builds them, runs the
 * quickstart program in each and compares the synthesized JSON with that of TypeScript. Everything that is built or
 * fetched lives in a temporary directory. Needs Python with `venv`, a JDK with Maven, and Go; a toolchain that is
 * missing is a figure that does not hold. C# is generated and compiled by nobody here.
 */
async function main(): Promise<void> {
  const json = process.argv.includes('--json');
  const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
  const languages = (Object.keys(PROGRAMS) as Language[]).filter((each) => only === undefined || each === only);
  if (languages.length === 0) {
    throw new Error(`--only takes one of ${Object.keys(PROGRAMS).join(', ')}; got ${only}.`);
  }
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
    process.stdout.write(`${render(figures, json)}\n`);
    process.exitCode = figures.every(({ holds }) => holds) ? 0 : 1;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

main().catch((error: Error) => {
  progress(error.message);
  process.exitCode = 1;
});
