import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GeneratedPackages, JSII_ENVIRONMENT, Language } from './packages';
import { ROOT } from '../../packaging/places';
import { run } from '../../packaging/run';

export type { Language } from './packages';

const EXAMPLES = join(ROOT, 'examples');

/** Builds and runs the quickstart program of each language in a directory. @returns the JSON that it synthesizes */
export const PROGRAMS: Record<Language, (packages: GeneratedPackages, directory: string) => Promise<string>> = {
  // With the published provider and cdktf, whole.
  python: async ({ library }, directory) => {
    await mkdir(directory);
    await run('python3', ['-m', 'venv', join(directory, 'venv')]);
    const published = ['constructs==10.4.2', 'cdktf==0.21.0', 'cdktf-cdktf-provider-aws==20.1.0'];
    await run(join(directory, 'venv/bin/pip'), ['install', '--quiet', ...published, join(library, 'python')]);
    await run(join(directory, 'venv/bin/python'), [join(EXAMPLES, 'python/quickstart/main.py')], at(directory));
    return synthesizedIn(directory);
  },
  java: async (packages, directory) => {
    const maven = async (cwd: string, ...goals: string[]) =>
      run(
        'mvn',
        [
          '--quiet',
          '--batch-mode',
          `-Dmaven.repo.local=${join(directory, '..', 'maven-repository')}`,
          '-Dmaven.javadoc.skip',
          '-Dmaven.source.skip',
          ...goals,
        ],
        at(cwd),
      );
    for (const each of [packages.cdktf, packages.provider, packages.library]) {
      await maven(join(each, 'java'), 'install');
    }
    await cp(join(EXAMPLES, 'java/quickstart'), directory, { recursive: true });
    await maven(directory, 'compile', 'org.codehaus.mojo:exec-maven-plugin:3.1.0:java');
    return synthesizedIn(directory);
  },
  go: async ({ library, provider }, directory) => {
    await cp(join(EXAMPLES, 'go/quickstart'), directory, { recursive: true });
    const go = async (...args: string[]) =>
      run('go', args, {
        cwd: directory,
        env: { ...JSII_ENVIRONMENT, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=mod' },
      });
    const here = (modulePath: string, folder: string) => `-replace=${modulePath}=${folder}`;
    await go(
      'mod',
      'edit',
      here(
        'github.com/cdktf-managed-database/cdktf-managed-database-go/cdktfmanageddatabase',
        join(library, 'go/cdktfmanageddatabase'),
      ),
      here('github.com/cdktf/cdktf-provider-aws-go/aws/v20', join(provider, 'go/aws')),
    );
    await go('build', '-o', 'program', '.');
    await run(join(directory, 'program'), [], at(directory));
    return synthesizedIn(directory);
  },
};

/** What the same program in TypeScript synthesizes. */
export async function synthesizeTypeScript(directory: string): Promise<string> {
  await mkdir(directory);
  const program = join(EXAMPLES, 'typescript/quickstart/main.ts');
  await run(
    join(ROOT, 'node_modules/.bin/tsx'),
    ['--tsconfig', join(ROOT, 'tsconfig.dev.json'), program],
    at(directory),
  );
  return synthesizedIn(directory);
}

function at(cwd: string) {
  return { cwd, env: JSII_ENVIRONMENT };
}

/** The synthesized JSON but for the path of the state, which holds the directory that the program ran in. */
async function synthesizedIn(directory: string): Promise<string> {
  const stack = JSON.parse(await readFile(join(directory, 'cdktf.out/stacks/quickstart/cdk.tf.json'), 'utf8'));
  delete stack.terraform.backend.local.path;
  return JSON.stringify(sorted(stack), undefined, 2);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, field]) => [name, sorted(field)]));
}
