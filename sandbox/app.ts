import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { finish, Finished } from './process';
import { inEnvironment, ProgramVariables } from './program-variables';
import { RunOptions, Terraform } from './terraform';

/** What Terraform gets in addition to the configuration. */
export interface DeploymentOptions {
  /** Terraform variables. They travel in the environment, so that no secret is an argument. */
  readonly variables?: ProgramVariables;
  /** Which stack of a program that has several. @default - the only one */
  readonly stack?: string;
  /** For the program, over the caller's. */
  readonly environment?: Record<string, string>;
  readonly onLine?: (line: string) => void;
  readonly colour?: boolean;
}

export interface AppProps {
  /** Holds a CDKTF program `main.ts`, or a configuration that Terraform can run as it is. */
  readonly source: string;
  /** The app's own directory in the sandbox: its state survives there from one apply to the next. */
  readonly directory: string;
  readonly terraform: Terraform;
  /** Endpoint, credentials and region for Terraform. */
  readonly environment: Record<string, string>;
  /** By it a program finds this library. */
  readonly tsconfigFile: string;
  readonly signal: AbortSignal;
}

/** A program or configuration that is deployed into the sandbox. */
export class App {
  /** Working directories by the requested stacks. */
  private readonly prepared = new Map<string | undefined, string>();

  constructor(private readonly props: AppProps) {}

  async apply(options: DeploymentOptions = {}): Promise<Finished> {
    return this.terraform(['apply', '-auto-approve'], options);
  }

  async destroy(options: DeploymentOptions = {}): Promise<Finished> {
    return this.terraform(['destroy', '-auto-approve'], options);
  }

  /** Exit code 0 says that nothing would change, 2 that something would, 1 that planning failed. */
  async plan(options: DeploymentOptions = {}): Promise<Finished> {
    return this.terraform(['plan', '-detailed-exitcode'], options);
  }

  /** The outputs of what was applied, sensitive ones too. */
  async outputs(options: DeploymentOptions = {}): Promise<Record<string, unknown>> {
    const directory = this.prepared.get(options.stack) ?? (await this.prepare(options));
    const { exitCode, output } = await this.run(directory, ['output', '-json'], { ...options, onLine: undefined });
    if (exitCode !== 0) throw new Error(`terraform output failed in ${directory}:\n${output}`);
    const content: Record<string, { value: unknown }> = JSON.parse(output);
    return Object.fromEntries(Object.entries(content).map(([name, { value }]) => [name, value]));
  }

  private async terraform(args: string[], options: DeploymentOptions): Promise<Finished> {
    const directory = await this.prepare(options);
    if (!(await exists(path.join(directory, '.terraform', 'providers')))) {
      const init = await this.run(directory, ['init', '-input=false'], options);
      if (init.exitCode !== 0) {
        await rm(path.join(directory, '.terraform'), { recursive: true, force: true });
        return { ...init, exitCode: 1 };
      }
    }
    return this.run(directory, args, options);
  }

  private async run(directory: string, args: string[], options: DeploymentOptions): Promise<Finished> {
    const run: RunOptions = {
      environment: { ...this.props.environment, ...inEnvironment(options.variables ?? {}) },
      onLine: options.onLine,
      colour: options.colour,
      signal: this.props.signal,
    };
    return this.props.terraform.run(directory, args, run);
  }

  /** Puts the configuration as it is now into the working directory of its stack, where state and providers stay. */
  private async prepare(options: DeploymentOptions): Promise<string> {
    const { source, directory } = this.props;
    const configuration = (await exists(path.join(source, PROGRAM))) ? await this.synthesize(options) : source;
    const workingDirectory = path.join(directory, 'stacks', path.basename(configuration));
    await mkdir(workingDirectory, { recursive: true, mode: 0o700 });
    const stale = (await readdir(workingDirectory)).filter((name) => !isTerraforms(name));
    await Promise.all(stale.map((name) => rm(path.join(workingDirectory, name), { recursive: true })));
    const copied = (await readdir(configuration)).filter((name) => !isTerraforms(name));
    await Promise.all(
      copied.map((name) => cp(path.join(configuration, name), path.join(workingDirectory, name), { recursive: true })),
    );
    // CDKTF would keep the state where the program was started.
    const backend = { terraform: { backend: { local: { path: path.join(workingDirectory, STATE) } } } };
    await writeFile(path.join(workingDirectory, 'sandbox_override.tf.json'), JSON.stringify(backend));
    this.prepared.set(options.stack, workingDirectory);
    return workingDirectory;
  }

  private async synthesize(options: DeploymentOptions): Promise<string> {
    const { source, directory, tsconfigFile, signal } = this.props;
    const output = path.join(directory, 'cdktf.out');
    await rm(output, { recursive: true, force: true });
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const args = [require.resolve('tsx/cli'), '--tsconfig', tsconfigFile, path.join(source, PROGRAM)];
    const result = await finish(process.execPath, args, {
      cwd: source,
      env: { ...process.env, ...options.environment, CDKTF_OUTDIR: output, CDKTF_LOG_LEVEL: 'warn' },
      abort: signal,
    });
    if (result.exitCode !== 0) throw new Error(`${path.join(source, PROGRAM)} failed:\n${result.output.trim()}`);
    const stacks = await readdir(path.join(output, 'stacks')).catch((): string[] => []);
    const stack = options.stack ?? (stacks.length === 1 ? stacks[0] : undefined);
    if (!stack || !stacks.includes(stack)) {
      throw new Error(
        `${source} has the stacks ${stacks.join(', ') || '(none)'}: name one of them${stack ? `, not ${stack}` : ''}.`,
      );
    }
    return path.join(output, 'stacks', stack);
  }
}

/** A name for an app's directory: its base name, and a digest that distinguishes sources of the same base name. */
export function appKey(source: string): string {
  const digest = createHash('sha256').update(source).digest('hex').slice(0, 8);
  return `${path.basename(source)}-${digest}`;
}

const PROGRAM = 'main.ts';
const STATE = 'terraform.tfstate';

/** What Terraform itself keeps in a working directory. */
function isTerraforms(name: string): boolean {
  return name.startsWith('.terraform') || name.startsWith(STATE);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
