import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../packaging/places';
import { run } from '../../packaging/run';

/** Languages that packages are generated for and run. */
export type Language = 'python' | 'java' | 'go';

/** Directories of the generated source packages. */
export interface GeneratedPackages {
  readonly library: string;
  /** The AWS provider, cut to the resources that the library and the example use. */
  readonly provider: string;
  /** cdktf itself. */
  readonly cdktf: string;
}

/** Quiets jsii's banner about Node.js 20, which the library supports. */
export const JSII_ENVIRONMENT = { ...process.env, JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '20' };

/**
 * Generates the source packages of the library and, for Java and Go, of what their registries lack: cdktf for Java
 * (Maven Central has it up to 0.19.2 only) and the AWS provider for both. Needs a compiled library (`npx projen compile`).
 */
export async function generatePackages(languages: readonly Language[], directory: string): Promise<GeneratedPackages> {
  const output = (name: string) => join(directory, 'packages', name);
  await generate(ROOT, languages, output('library'));
  const compiled = languages.filter((language) => language !== 'python');
  if (compiled.length > 0) {
    await generate(await cutProvider(join(directory, 'provider')), compiled, output('provider'));
  }
  if (languages.includes('java')) {
    await generate(await copyOfCdktf(join(directory, 'cdktf')), ['java'], output('cdktf'));
  }
  return { library: output('library'), provider: output('provider'), cdktf: output('cdktf') };
}

async function generate(project: string, languages: readonly Language[], output: string): Promise<void> {
  await run(
    join(ROOT, 'node_modules/.bin/jsii-pacmak'),
    ['--code-only', '--no-npmignore', '--fingerprint=false', '--outdir', output, '--targets', ...languages, '--', '.'],
    { cwd: project, env: JSII_ENVIRONMENT },
  );
}

/**
 * A copy of the AWS provider's package with only the modules that are used: the whole provider takes minutes to generate
 * and gigabytes to compile. No type of one module refers to another module, so the cut is clean.
 */
async function cutProvider(target: string): Promise<string> {
  const source = join(ROOT, 'node_modules/@cdktf/provider-aws');
  const used = new Set([...(await importedModules(join(ROOT, 'lib'))), 'provider']);
  const assembly = JSON.parse(await readFile(join(source, '.jsii'), 'utf8'));
  const modules = Object.entries<{ symbolId: string }>(assembly.submodules)
    .map(([name, { symbolId }]) => ({ name, folder: symbolId.split('/')[1] }))
    .filter(({ folder }) => used.has(folder));
  const kept = new Set(modules.map(({ name }) => name));
  const keep = (entries: object, moduleOf: (name: string) => string) =>
    Object.fromEntries(Object.entries(entries).filter(([name]) => kept.has(moduleOf(name))));

  await mkdir(join(target, 'lib'), { recursive: true });
  await writeFile(
    join(target, '.jsii'),
    JSON.stringify({
      ...assembly,
      readme: undefined,
      submodules: keep(assembly.submodules, (name) => name),
      // @cdktf/provider-aws.dbInstance.DbInstance
      types: keep(assembly.types, (name) => name.split('.').slice(0, 2).join('.')),
    }),
  );
  await cp(join(source, 'package.json'), join(target, 'package.json'));
  await writeFile(join(target, 'README.md'), 'The AWS provider, cut to what one program uses.\n');
  for (const { folder } of modules) {
    await cp(join(source, 'lib', folder), join(target, 'lib', folder), { recursive: true });
  }
  const exported = modules.map(
    ({ name, folder }) =>
      `Object.defineProperty(exports, '${name.split('.')[1]}', { enumerable: true, get: () => require('./${folder}') });`,
  );
  await writeFile(join(target, 'lib/index.js'), `${exported.join('\n')}\n`);
  await symlink(join(ROOT, 'node_modules'), join(target, 'node_modules'));
  return target;
}

/** Modules of the provider that compiled files import. */
async function importedModules(directory: string): Promise<string[]> {
  const files = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.js'));
  const texts = await Promise.all(files.map(async (file) => readFile(join(directory, file), 'utf8')));
  return texts.flatMap((text) =>
    [...text.matchAll(/@cdktf\/provider-aws\/lib\/([a-z0-9-]+)/g)].map((match) => match[1]),
  );
}

async function copyOfCdktf(parent: string): Promise<string> {
  const target = join(parent, 'cdktf');
  await cp(join(ROOT, 'node_modules/cdktf'), target, { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(parent, 'node_modules'));
  return target;
}
