import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { transform } from 'esbuild';
import { ROOT } from '../../packaging/places';
import { run } from '../../packaging/run';
import { Progress } from '../bench';
import { atMost, exactly, Figure } from '../figures';

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
    return [atMost('tarball-mb', Math.round(size / 1e5) / 10, 60)];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Props and attributes of the public API that API.md has no description of. */
export async function documentationFigures(): Promise<Figure[]> {
  const text = await readFile(path.join(ROOT, 'API.md'), 'utf8');
  return [exactly('props-undocumented', text.split('*No description.*').length - 1, 0)];
}

async function compile(progress: Progress): Promise<void> {
  progress('  compiling');
  await run('npx', ['projen', 'compile'], { cwd: ROOT });
}
