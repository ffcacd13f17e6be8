import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { transform } from 'esbuild';
import { ASSETS, megabytes, ROOT } from '../../packaging/places';
import { run } from '../../packaging/run';
import { Progress } from '../bench';
import { atLeast, atMost, exactly, Figure } from '../figures';

/** Seconds of a program with 100 databases and backups, from its start to its end; the best of three. */
export async function synthFigures(progress: Progress): Promise<Figure[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'synth-'));
  try {
    await compile(progress);
    const program = path.join(directory, 'program.js');
    const text = await readFile(path.join(__dirname, 'synth-program.ts'), 'utf8');
    // Compiled as a user's program is: the library, in its compiled form, and CDKTF stay outside.
    const { code } = await transform(text.replace("'../../src'", JSON.stringify(path.join(ROOT, 'lib'))), {
      loader: 'ts',
      format: 'cjs',
    });
    await writeFile(program, code);
    const seconds: number[] = [];
    for (let round = 0; round < 3; round++) {
      const start = performance.now();
      await run(process.execPath, [program], {
        cwd: directory,
        env: { ...process.env, NODE_PATH: path.join(ROOT, 'node_modules'), CDKTF_OUTDIR: path.join(directory, 'out') },
      });
      seconds.push((performance.now() - start) / 1000);
      progress(`  ${seconds[round].toFixed(2)} s`);
    }
    return [atMost('synth-100-s', Math.round(Math.min(...seconds) * 100) / 100, 4)];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Milliseconds that a program needs to load the library beyond what it needs for CDKTF; the least of seven. */
export async function requireFigures(progress: Progress): Promise<Figure[]> {
  await compile(progress);
  const script = `
    require('cdktf'); require('constructs');
    const start = performance.now();
    require(${JSON.stringify(path.join(ROOT, 'lib'))});
    console.log(performance.now() - start);`;
  const times: number[] = [];
  for (let round = 0; round < 7; round++) {
    times.push(Number(await run(process.execPath, ['-e', script], { cwd: ROOT })));
  }
  progress(`  ${times.map((time) => Math.round(time)).join(', ')} ms`);
  return [atMost('require-over-cdktf-ms', Math.round(Math.min(...times)), 300)];
}

/** The size of the package as npm packs it. */
export async function tarballFigures(progress: Progress): Promise<Figure[]> {
  await compile(progress);
  const directory = await mkdtemp(path.join(tmpdir(), 'tarball-'));
  try {
    const name = (await run('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: ROOT })).trim();
    const { size } = await stat(path.join(directory, name));
    const server = await stat(path.join(ASSETS, 'server-layer-x86_64.zip'));
    progress(`  ${megabytes(size)}; without the server of drills ${megabytes(size - server.size)}`);
    return [atMost('tarball-mb', Math.round(size / 1e5) / 10, 60)];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Props and attributes of the public API that API.md has no description of. */
export async function apiFigures(): Promise<Figure[]> {
  const text = await readFile(path.join(ROOT, 'API.md'), 'utf8');
  return [exactly('props-undocumented', text.split('*No description.*').length - 1, 0)];
}

interface TestedFile {
  readonly assertionResults: readonly { readonly ancestorTitles: string[]; readonly status: string }[];
}

/** The commands and links of all pages, as the tests of both tiers check or run them; a page that is run whole counts once. */
export async function documentationFigures(progress: Progress): Promise<Figure[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'documentation-'));
  const file = path.join(directory, 'results.json');
  try {
    const tests = ['--testPathIgnorePatterns', '/node_modules/', '--testPathPatterns', 'test/(second-tier/)?docs/'];
    // It ends with 1 where a test fails; which, stands in the file.
    await run('npx', ['jest', '--maxWorkers=1', '--json', '--outputFile', file, ...tests], { cwd: ROOT }).catch(
      (error: Error) => progress(`  ${error.message}`),
    );
    const files: TestedFile[] = JSON.parse(await readFile(file, 'utf8')).testResults;
    const tested = files.flatMap(({ assertionResults }) => assertionResults);
    const about = (title: string) => tested.filter(({ ancestorTitles }) => ancestorTitles.includes(title));
    const failed = (results: typeof tested) => results.filter(({ status }) => status !== 'passed').length;
    const commands = about('commands of the documentation');
    return [
      atLeast('doc-commands', commands.length, 1),
      exactly('doc-commands-failed', failed([...commands, ...about('blocks of the documentation')]), 0),
      exactly('links-broken', failed(about('links of the documentation')), 0),
    ];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function compile(progress: Progress): Promise<void> {
  progress('  compiling');
  await run('npx', ['projen', 'compile'], { cwd: ROOT });
}
