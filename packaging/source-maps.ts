import { readdirSync, readFileSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { ROOT } from './places';

/** Removes the source maps of the dependencies that the package carries: they are larger than the code. */
for (const name of withDependencies(readPackage(ROOT).bundledDependencies ?? [])) {
  const directory = path.join(ROOT, 'node_modules', name);
  for (const file of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.map')) rmSync(path.join(directory, file));
  }
}

function withDependencies(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const { dependencies = {} } = readPackage(path.join(ROOT, 'node_modules', name));
    return [name, ...withDependencies(Object.keys(dependencies))];
  });
}

interface PackageFile {
  readonly bundledDependencies?: readonly string[];
  readonly dependencies?: Record<string, string>;
}

function readPackage(directory: string): PackageFile {
  return JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8'));
}
