import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './places';

/** The languages that packages are built for, and the programs that each needs beside Node.js. */
export const LANGUAGES: Record<string, { readonly target: string; readonly programs: readonly string[] }> = {
  'TypeScript and JavaScript': { target: 'js', programs: [] },
  Java: { target: 'java', programs: ['javac', 'mvn'] },
  Python: { target: 'python', programs: ['python3'] },
  'C#': { target: 'dotnet', programs: ['dotnet'] },
  Go: { target: 'go', programs: ['go'] },
};

/** The programs of each language that a search path lacks; languages that lack none are left out. */
export function missingPrograms(searchPath: string): Map<string, readonly string[]> {
  const folders = searchPath.split(path.delimiter).filter((folder) => folder !== '');
  const isThere = (program: string) => folders.some((folder) => isExecutable(path.join(folder, program)));
  return new Map(
    Object.entries(LANGUAGES)
      .map(([language, { programs }]) => [language, programs.filter((program) => !isThere(program))] as const)
      .filter(([, missing]) => missing.length > 0),
  );
}

/** One sentence for each language that cannot be built. */
export function describeMissing(missing: ReadonlyMap<string, readonly string[]>): string[] {
  return [...missing].map(([language, programs]) => `${language}: ${programs.join(' and ')} not found on PATH.`);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Builds the packages below `dist/`: with --all of every language, or of none where a toolchain is missing; else of the
 * languages whose toolchain is there.
 */
function main(): number {
  const { values } = parseArgs({ options: { all: { type: 'boolean', default: false } } });
  const missing = missingPrograms(process.env.PATH ?? '');
  if (values.all && missing.size > 0) {
    console.error(`A package of every language needs every toolchain.\n${describeMissing(missing).join('\n')}`);
    console.error('Install them, or build the languages that can be built here with "npx projen package".');
    return 1;
  }
  for (const [language, { target }] of Object.entries(LANGUAGES)) {
    if (missing.has(language)) continue;
    const { status } = spawnSync(path.join(ROOT, 'node_modules/.bin/jsii-pacmak'), ['-v', '--target', target], {
      cwd: ROOT,
      stdio: 'inherit',
    });
    if (status !== 0) {
      console.error(`The package for ${language} could not be built; see above.`);
      return 1;
    }
  }
  if (missing.size > 0) console.log(`Left out for want of a toolchain:\n${describeMissing(missing).join('\n')}`);
  return 0;
}

if (require.main === module) process.exitCode = main();
