import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { Testing } from 'cdktf';
import { DrawnProgram, Random } from './drawn-program';
import { Terraform } from '../../sandbox/terraform';
import { atLeast, exactly, Figure } from '../figures';

const ROOT = path.resolve(__dirname, '..', '..');

/** Programs that the figures are about. */
const PROGRAMS = 3000;

/** Programs that Terraform validates at once, each as a module of its own. */
const BATCH = 60;

export interface DrawnProgramsOptions {
  readonly programs: number;
  /** By which the same programs are drawn again. */
  readonly seed: number;
  /** After which no further program is drawn. @default - none */
  readonly minutes?: number;
  readonly progress: (line: string) => void;
}

export interface DrawnPrograms {
  readonly drawn: number;
  readonly accepted: number;
  /** Accepted by synth, refused by Terraform: what was drawn from the edges, and Terraform's words. */
  readonly acceptedThenInvalid: readonly string[];
  /** Refused by synth with anything else than an InvalidInput that names the construct. */
  readonly refusedWithoutPath: readonly string[];
}

/** Synth accepts, then Terraform accepts; what synth refuses, it refuses with the path of the construct. */
export async function drawPrograms({
  programs,
  seed,
  minutes,
  progress,
}: DrawnProgramsOptions): Promise<DrawnPrograms> {
  progress(`seed ${seed}`);
  const directory = await mkdtemp(path.join(os.tmpdir(), 'drawn-programs-'));
  try {
    const provider = createRequire(__filename)('@cdktf/provider-aws/package.json').cdktf.provider;
    const terraform = await Terraform.locate({ directory, cacheDirectory: path.join(ROOT, '.cache'), provider });
    const random = new Random(seed);
    const refusedWithoutPath: string[] = [];
    const acceptedThenInvalid: string[] = [];
    let accepted = 0;
    let batch: Accepted[] = [];
    let drawn = 0;
    const end = Date.now() + (minutes ?? Infinity) * 60_000;
    while (drawn < programs) {
      drawn++;
      const result = synthesize(random, drawn);
      if ('text' in result) {
        accepted++;
        batch.push(result);
      } else if (result.refusal !== undefined) {
        refusedWithoutPath.push(result.refusal);
      }
      const isLast = drawn === programs || Date.now() > end;
      if (batch.length === BATCH || isLast) {
        acceptedThenInvalid.push(...(await validate(terraform, directory, batch)));
        batch = [];
        progress(`${drawn} of ${programs} drawn, ${accepted} accepted, ${acceptedThenInvalid.length} of them invalid`);
      }
      if (isLast) break;
    }
    return { drawn, accepted, acceptedThenInvalid, refusedWithoutPath };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The figures of thousands of drawn programs. */
export async function programFigures(
  progress: (line: string) => void,
  { seed, minutes }: { seed?: number; minutes?: number } = {},
): Promise<Figure[]> {
  const result = await drawPrograms({ programs: PROGRAMS, seed: seed ?? Date.now() % 2 ** 31, minutes, progress });
  for (const line of [...result.acceptedThenInvalid, ...result.refusedWithoutPath]) progress(`  ${line}`);
  return [
    atLeast('programs-drawn', result.drawn, PROGRAMS),
    atLeast('programs-accepted', result.accepted, result.drawn / 4),
    exactly('accepted-then-invalid', result.acceptedThenInvalid.length, 0),
    exactly('refused-without-path', result.refusedWithoutPath.length, 0),
  ];
}

/** A program that synth accepts, and its configuration. */
export interface Accepted {
  readonly name: string;
  readonly edges: readonly string[];
  readonly text: string;
}

/** The configuration of a program, or what is wrong with its refusal, if anything is. */
function synthesize(random: Random, number: number): Accepted | { readonly refusal?: string } {
  const program = new DrawnProgram(random);
  try {
    program.declare();
    return { name: `program${number}`, edges: program.edges, text: Testing.synth(program.stack) };
  } catch (error) {
    const { name, message } = error as Error;
    return name === 'InvalidInput' && / \(at [^()]+\)$/.test(message)
      ? {}
      : { refusal: `program ${number} (${program.edges}): ${name}: ${message.slice(0, 300)}` };
  }
}

export async function validate(terraform: Terraform, directory: string, batch: readonly Accepted[]): Promise<string[]> {
  if (batch.length === 0) return [];
  const root = await mkdtemp(path.join(directory, 'batch-'));
  const modules: Record<string, object> = {};
  for (const { name, text } of batch) {
    const configuration = JSON.parse(text);
    delete configuration.terraform.backend;
    await mkdir(path.join(root, name));
    await writeFile(path.join(root, name, 'main.tf.json'), JSON.stringify(configuration));
    // A variable without a value is one that nobody knows yet, whatever its type is.
    const variables = Object.keys(configuration.variable ?? {}).map((variable) => [variable, '${var.unknown}']);
    modules[name] = { source: `./${name}`, ...Object.fromEntries(variables) };
  }
  await writeFile(path.join(root, 'main.tf.json'), JSON.stringify({ variable: { unknown: {} }, module: modules }));
  const init = await terraform.run(root, ['init', '-input=false', '-backend=false'], { environment: {} });
  if (init.exitCode !== 0) throw new Error(`terraform init failed:\n${init.output}`);
  const { output } = await terraform.run(root, ['validate', '-json'], { environment: {} });
  const { diagnostics } = JSON.parse(output.slice(output.indexOf('{')));
  await rm(root, { recursive: true, force: true });
  return diagnostics
    .filter(({ severity }: any) => severity === 'error')
    .map(({ summary, detail, range, address }: any) => {
      const file: string = range?.filename ?? '';
      const program = batch.find(({ name }) => file.startsWith(`${name}/`));
      return `${program?.name} (${program?.edges}): ${summary}: ${detail} ${address ?? ''} ${range?.start?.line ?? ''}`;
    });
}
