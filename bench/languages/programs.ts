import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GeneratedPackages, JSII_ENVIRONMENT, Language } from './packages';
import { ROOT } from '../../packaging/places';
import { run } from '../../packaging/run';
import { blocksOf } from '../../test/docs/pages';

export type { Language } from './packages';

const EXAMPLES = join(ROOT, 'examples');

/** Programs with an identifier that RDS refuses, one in each language. */
const WRONG = join(ROOT, 'bench/languages/wrong');

/** What the programs of one language do. */
export interface Outcome {
  /** The JSON that the quickstart synthesizes, in the directory of its stack. */
  readonly quickstart: string;
  readonly stack: string;
  /** The same of README.md's program, where it is in this language. */
  readonly readme?: string;
  /** What the program with a wrong value prints before it ends. */
  readonly error: string;
}

type Build = (packages: GeneratedPackages, directory: string) => Promise<Outcome>;

/** Builds and runs the programs of each language in a directory that is not there yet. */
export const PROGRAMS: Record<Language, Build> = {
  // With the published provider and cdktf, whole.
  python: async ({ library }, directory) => {
    await mkdir(directory);
    await run('python3', ['-m', 'venv', join(directory, 'venv')]);
    const published = ['constructs==10.4.2', 'cdktf==0.21.0', 'cdktf-cdktf-provider-aws==20.1.0'];
    await run(join(directory, 'venv/bin/pip'), ['install', '--quiet', ...published, join(library, 'python')]);
    const readme = join(directory, 'readme.py');
    await writeFile(readme, programOfReadme('python'));
    const python = async (file: string) => run(join(directory, 'venv/bin/python'), [file], at(directory));
    return outcome(directory, {
      quickstart: async () => python(join(EXAMPLES, 'python/quickstart/main.py')),
      readme: async () => python(readme),
      wrong: async () => python(join(WRONG, 'main.py')),
    });
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
    await cp(join(WRONG, 'Wrong.java'), join(directory, 'src/main/java/quickstart/Wrong.java'));
    const java = async (...options: string[]) =>
      maven(directory, 'org.codehaus.mojo:exec-maven-plugin:3.1.0:java', ...options);
    await maven(directory, 'compile');
    return outcome(directory, {
      quickstart: async () => java(),
      wrong: async () => java('-Dexec.mainClass=quickstart.Wrong'),
    });
  },
  go: async ({ library, provider }, directory) => {
    await cp(join(EXAMPLES, 'go/quickstart'), directory, { recursive: true });
    await cp(join(WRONG, 'main.go'), join(directory, 'wrong/main.go'));
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
    await go('build', '-o', 'wrong-program', './wrong');
    return outcome(directory, {
      quickstart: async () => run(join(directory, 'program'), [], at(directory)),
      wrong: async () => run(join(directory, 'wrong-program'), [], at(directory)),
    });
  },
};

/** The same programs in TypeScript. */
export async function runTypeScript(directory: string): Promise<Outcome> {
  await mkdir(directory);
  const readme = join(directory, 'readme.ts');
  await writeFile(readme, programOfReadme('ts'));
  const typescript = async (file: string) =>
    run(
      join(ROOT, 'node_modules/.bin/tsx'),
      ['--tsconfig', join(ROOT, 'tsconfig.dev.json'), file],
      // The library's packages are those of this repository, also for a program that is not in it.
      { cwd: directory, env: { ...JSII_ENVIRONMENT, NODE_PATH: join(ROOT, 'node_modules') } },
    );
  return outcome(directory, {
    quickstart: async () => typescript(join(EXAMPLES, 'typescript/quickstart/main.ts')),
    readme: async () => typescript(readme),
    wrong: async () => typescript(join(WRONG, 'main.ts')),
  });
}

/** The error of the library in what a program in TypeScript prints. @throws where it has none */
export function errorOf(printed: string): string {
  const message = /^InvalidInput: (.*)$/m.exec(printed)?.[1];
  if (message === undefined) throw new Error(`The wrong program ended without an error of the library: ${printed}`);
  return message;
}

/** Runs the programs, each of which takes its name as that of its stack. */
async function outcome(
  directory: string,
  programs: {
    readonly quickstart: () => Promise<string>;
    readonly readme?: () => Promise<string>;
    readonly wrong: () => Promise<string>;
  },
): Promise<Outcome> {
  await programs.quickstart();
  await programs.readme?.();
  return {
    quickstart: await synthesizedIn(stackIn(directory, 'quickstart')),
    stack: stackIn(directory, 'quickstart'),
    readme: programs.readme && (await synthesizedIn(stackIn(directory, 'production'))),
    error: await programs.wrong().then(
      () => '',
      ({ message }: Error) => message,
    ),
  };
}

/** The first program of README.md in a language: it is whole. */
function programOfReadme(language: string): string {
  return blocksOf('README.md', language)[0];
}

function at(cwd: string) {
  return { cwd, env: JSII_ENVIRONMENT };
}

function stackIn(directory: string, stack: string): string {
  return join(directory, 'cdktf.out/stacks', stack);
}

/** The synthesized JSON but for the path of the state, which holds the directory that the program ran in. */
async function synthesizedIn(directory: string): Promise<string> {
  const stack = JSON.parse(await readFile(join(directory, 'cdk.tf.json'), 'utf8'));
  delete stack.terraform.backend.local.path;
  return JSON.stringify(sorted(stack), undefined, 2);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, field]) => [name, sorted(field)]));
}
