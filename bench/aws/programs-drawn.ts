import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Accepted, drawShare, drawShares, Share } from './draw-programs';
import { Sandbox } from '../../sandbox/sandbox';
import { Terraform } from '../../sandbox/terraform';
import { atLeast, exactly, Figure } from '../figures';

const ROOT = path.resolve(__dirname, '..', '..');

/** Programs that the figures are about. */
const PROGRAMS = 3000;

/** Programs that Terraform reads at once, each as a module of its own. */
const BATCH = 50;

/** Programs that one process draws. */
const SHARE = 100;

/** Processes that draw programs while Terraform reads others. */
const PROCESSES = 2;

/** Where the accepted programs are planned. */
export interface PlanTarget {
  readonly environment: Record<string, string>;
  /** ARN of a secret that is there. */
  readonly secretArn: string;
}

export interface DrawnProgramsOptions {
  readonly programs: number;
  /** By which the same programs are drawn again. */
  readonly seed: number;
  /** After which no further program is counted. @default - none */
  readonly minutes?: number;
  /** Plans the programs, which validates them first. @default - they are validated only */
  readonly target?: PlanTarget;
  /** Processes that draw. @default - this one draws */
  readonly processes?: number;
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
export async function drawPrograms(options: DrawnProgramsOptions): Promise<DrawnPrograms> {
  const { programs, seed, target, processes = 0, progress } = options;
  progress(`seed ${seed}`);
  const directory = await mkdtemp(path.join(os.tmpdir(), 'drawn-programs-'));
  try {
    const provider = createRequire(__filename)('@cdktf/provider-aws/package.json').cdktf.provider;
    const terraform = await Terraform.locate({ directory, cacheDirectory: path.join(ROOT, '.cache'), provider });
    const end = Date.now() + (options.minutes ?? Infinity) * 60_000;
    const refusedWithoutPath: string[] = [];
    const acceptedThenInvalid: string[] = [];
    let [drawn, accepted] = [0, 0];
    let waiting: Accepted[] = [];
    const shares = sharesOf(programs, seed, target?.secretArn);
    for await (const share of processes > 0 ? drawShares(shares, processes) : shares.map(drawShare)) {
      drawn += share.drawn;
      accepted += share.accepted.length;
      waiting.push(...share.accepted);
      refusedWithoutPath.push(...share.refusedWithoutPath);
      const isLast = drawn === programs || Date.now() > end;
      if (waiting.length >= BATCH || isLast) {
        acceptedThenInvalid.push(...(await refusedByTerraform(terraform, directory, waiting, target?.environment)));
        waiting = [];
        progress(`${drawn} of ${programs} drawn, ${accepted} accepted, ${acceptedThenInvalid.length} of them invalid`);
      }
      if (isLast) break;
    }
    return { drawn, accepted, acceptedThenInvalid, refusedWithoutPath };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The figures of thousands of drawn programs, planned in a sandbox. */
export async function programFigures(
  progress: (line: string) => void,
  { seed, minutes }: { seed?: number; minutes?: number } = {},
): Promise<Figure[]> {
  const sandbox = await Sandbox.start();
  try {
    const result = await drawPrograms({
      programs: PROGRAMS,
      seed: seed ?? Date.now() % 2 ** 31,
      minutes,
      processes: PROCESSES,
      target: await planTarget(sandbox),
      progress,
    });
    for (const line of [...result.acceptedThenInvalid, ...result.refusedWithoutPath]) progress(`  ${line}`);
    return [
      atLeast('programs-drawn', result.drawn, PROGRAMS),
      atLeast('programs-accepted-and-planned', result.accepted, result.drawn / 4),
      exactly('accepted-then-invalid', result.acceptedThenInvalid.length, 0),
      exactly('refused-without-path', result.refusedWithoutPath.length, 0),
    ];
  } finally {
    await sandbox.stop();
  }
}

/** A sandbox with a secret, which a plan of programs that name it reads. */
export async function planTarget(sandbox: Sandbox): Promise<PlanTarget> {
  const environment = sandbox.environment();
  const secrets = new SecretsManagerClient({
    endpoint: sandbox.endpoint,
    region: sandbox.region,
    credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' },
  });
  const { ARN } = await secrets.send(new CreateSecretCommand({ Name: 'storage', SecretString: '{}' }));
  return { environment, secretArn: ARN! };
}

function sharesOf(programs: number, seed: number, secretArn?: string): Share[] {
  return Array.from({ length: Math.ceil(programs / SHARE) }, (_, index) => ({
    seed,
    secretArn,
    first: index * SHARE + 1,
    last: Math.min((index + 1) * SHARE, programs),
  }));
}

/**
 * What Terraform says against programs, each with its number and what was drawn from the edges.
 *
 * @param environment of the provider, where the programs are planned and not only validated
 */
export async function refusedByTerraform(
  terraform: Terraform,
  directory: string,
  programs: readonly Accepted[],
  environment?: Record<string, string>,
): Promise<string[]> {
  if (programs.length === 0) return [];
  const root = await mkdtemp(path.join(directory, 'batch-'));
  await writeModules(root, programs);
  const init = await terraform.run(root, ['init', '-input=false', '-backend=false'], { environment: {} });
  if (init.exitCode !== 0) throw new Error(`terraform init failed:\n${init.output}`);
  const command = environment ? ['plan', '-input=false', '-json'] : ['validate', '-json'];
  const { exitCode, output } = await terraform.run(root, command, { environment: environment ?? {} });
  await rm(root, { recursive: true, force: true });
  const errors = diagnosticsIn(output).filter(({ severity }) => severity === 'error');
  if (exitCode !== 0 && errors.length === 0) throw new Error(`terraform ${command[0]} failed:\n${output}`);
  return errors.map(({ summary, detail, range, address }) => {
    const place = `${range?.filename ?? ''} ${address ?? ''}`;
    const program = programs.find(({ name }) => new RegExp(`\\b${name}\\b`).test(place));
    return `${program?.name} (${program?.edges}): ${summary}: ${detail} ${address ?? ''} ${range?.start?.line ?? ''}`;
  });
}

/** One module a program. All of them share the provider of the root: one process, not one for each. */
async function writeModules(root: string, programs: readonly Accepted[]): Promise<void> {
  const modules: Record<string, object> = {};
  const providers = { aws: 'aws', 'aws.elsewhere': 'aws.elsewhere' };
  for (const { name, text } of programs) {
    const { terraform, provider, variable = {}, ...configuration } = JSON.parse(text);
    const used = Object.keys(variable).filter((id) => text.includes(`var.${id}`));
    const aws = { ...terraform.required_providers.aws, configuration_aliases: ['aws.elsewhere'] };
    const content = {
      ...configuration,
      terraform: { required_providers: { aws } },
      variable: used.length > 0 ? Object.fromEntries(used.map((id) => [id, variable[id]])) : undefined,
    };
    await mkdir(path.join(root, name));
    await writeFile(path.join(root, name, 'main.tf.json'), JSON.stringify(content));
    // A value that nobody knows yet, whatever its type is.
    const unknown = 'terraform_data.unknown.output';
    const values = Object.fromEntries(
      used.map((id) => [id, variable[id].type === 'list(string)' ? `\${split(",", ${unknown})}` : `\${${unknown}}`]),
    );
    modules[name] = { source: `./${name}`, providers, ...values };
  }
  const { required_providers } = JSON.parse(programs[0].text).terraform;
  const content = {
    terraform: { required_providers },
    provider: { aws: [{}, { alias: 'elsewhere' }] },
    resource: { terraform_data: { unknown: { input: '${timestamp()}' } } },
    module: modules,
  };
  await writeFile(path.join(root, 'main.tf.json'), JSON.stringify(content));
}

interface Diagnostic {
  readonly severity: string;
  readonly summary: string;
  readonly detail?: string;
  readonly address?: string;
  readonly range?: { readonly filename: string; readonly start?: { readonly line: number } };
}

/** `validate` writes one object, `plan` one a line. */
function diagnosticsIn(output: string): Diagnostic[] {
  const whole = parsed(output.slice(output.indexOf('{')));
  if (whole?.diagnostics) return whole.diagnostics;
  return output.split('\n').flatMap((line) => parsed(line)?.diagnostic ?? []);
}

function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
