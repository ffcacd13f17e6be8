import { chmod, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { fromBufferPromise } from 'yauzl';
import { finish, Finished } from './process';
import { findProviderMirror, mirrorConfiguration, ProviderPin, usualMirrorRoots } from './provider-source';
import {
  isAtLeast,
  OLDEST_TERRAFORM,
  parseTerraformVersion,
  releaseOf,
  TERRAFORM_VERSION,
  terraformPlatform,
  verifyChecksum,
} from './terraform-release';

/** Names a filesystem mirror that has the AWS provider, where it is not found by itself. */
export const MIRROR_VARIABLE = 'TERRAFORM_PROVIDER_MIRROR';

export interface TerraformProps {
  /** For the sandbox's own CLI configuration; made if missing. */
  readonly directory: string;
  /** Where a fetched Terraform is kept from one sandbox to the next. */
  readonly cacheDirectory: string;
  readonly provider: ProviderPin;
  /** @default - this process's */
  readonly environment?: NodeJS.ProcessEnv;
  /** Breaks the search off. */
  readonly signal?: AbortSignal;
}

export interface RunOptions {
  readonly environment: Record<string, string>;
  /** Given what Terraform writes, line by line. */
  readonly onLine?: (line: string) => void;
  /** @default false */
  readonly colour?: boolean;
  /** Ends Terraform and what it has started. */
  readonly signal?: AbortSignal;
}

/** Terraform, the real one, and a CLI configuration by which it finds the AWS provider. */
export class Terraform {
  /**
   * Takes Terraform from PATH if it is new enough, else fetches the pinned release from its publisher. The AWS
   * provider comes through the user's own CLI configuration if `terraform init` works with it, else from a filesystem
   * mirror, else from the public registry.
   *
   * @throws with what to install, if there is no Terraform to be had
   */
  static async locate(props: TerraformProps): Promise<Terraform> {
    const caller = props.environment ?? process.env;
    await mkdir(props.directory, { recursive: true });
    const program = (await terraformOnPath(caller)) ?? (await fetchTerraform(props.cacheDirectory, props.signal));
    const own = path.join(props.directory, 'terraform.rc');
    const terraform = (source: string, configuration: string) =>
      new Terraform(program.file, program.version, source, configuration, caller);

    const users = caller[MIRROR_VARIABLE] ? undefined : await usersConfiguration(caller);
    if (users) {
      const candidate = terraform(`the CLI configuration ${users}`, users);
      if (await candidate.canInitialize(props.provider, props.signal)) return candidate;
    }
    const named = caller[MIRROR_VARIABLE];
    const roots = named ? [named] : usualMirrorRoots(caller.HOME ?? os.homedir());
    const mirror = await findProviderMirror(roots, props.provider, PLATFORM);
    if (named && !mirror) {
      const wanted = path.join(named, props.provider.name, props.provider.version, PLATFORM);
      throw new Error(`${MIRROR_VARIABLE} names a mirror without the AWS provider: there is no ${wanted}.`);
    }
    await writeFile(own, mirror ? mirrorConfiguration(mirror, props.provider) : '');
    return terraform(mirror ? `the mirror ${mirror}` : 'the public registry', own);
  }

  private constructor(
    /** The program: a name on PATH or a file. */
    readonly file: string,
    readonly version: string,
    /** Where the AWS provider comes from, in words. */
    readonly providerSource: string,
    /** The file of the CLI configuration by which it finds the AWS provider. */
    readonly configuration: string,
    private readonly caller: NodeJS.ProcessEnv,
  ) {}

  /** Runs a Terraform command. Its exit code is in the result, whatever it is. */
  async run(workingDirectory: string, args: string[], options: RunOptions): Promise<Finished> {
    const [command, ...rest] = args;
    let line = '';
    return finish(this.file, [command, ...(options.colour ? [] : ['-no-color']), ...rest], {
      cwd: workingDirectory,
      env: { ...terraformEnvironment(this.caller), TF_CLI_CONFIG_FILE: this.configuration, ...options.environment },
      abort: options.signal,
      onOutput: (text) => {
        const lines = (line + text).split('\n');
        line = lines.pop()!;
        lines.forEach((whole) => options.onLine?.(whole));
      },
    });
  }

  private async canInitialize(provider: ProviderPin, signal?: AbortSignal): Promise<boolean> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'terraform-probe-'));
    try {
      const content = {
        terraform: { required_providers: { aws: { source: provider.name, version: provider.version } } },
      };
      await writeFile(path.join(directory, 'main.tf.json'), JSON.stringify(content));
      return (await this.run(directory, ['init', '-input=false'], { environment: {}, signal })).exitCode === 0;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
}

const PLATFORM = terraformPlatform(process.platform, process.arch);

/**
 * The caller's environment without anything that would lead Terraform to the caller's own AWS account, change its
 * arguments, or make it ask.
 */
export function terraformEnvironment(caller: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(caller).filter(([name]) => !/^(AWS_|TF_)/.test(name) || name.startsWith('TF_LOG'));
  return { ...Object.fromEntries(kept), CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', TF_INPUT: '0' };
}

interface TerraformProgram {
  readonly file: string;
  readonly version: string;
}

async function terraformOnPath(caller: NodeJS.ProcessEnv): Promise<TerraformProgram | undefined> {
  const { exitCode, output } = await finish('terraform', ['version', '-json'], {
    env: terraformEnvironment(caller),
  }).catch(() => ({ exitCode: 1, output: '' }));
  const version = exitCode === 0 ? parseTerraformVersion(output) : undefined;
  return version && isAtLeast(version, OLDEST_TERRAFORM) ? { file: 'terraform', version } : undefined;
}

async function fetchTerraform(cacheDirectory: string, signal?: AbortSignal): Promise<TerraformProgram> {
  const directory = path.join(cacheDirectory, `terraform-${TERRAFORM_VERSION}`);
  const file = path.join(directory, process.platform === 'win32' ? 'terraform.exe' : 'terraform');
  if (!(await exists(file))) {
    const { archive, url, checksums } = releaseOf(TERRAFORM_VERSION, PLATFORM);
    try {
      const [list, zip] = await Promise.all([checksums, url].map((one) => download(one, signal)));
      verifyChecksum(archive, zip, list.toString());
      await mkdir(directory, { recursive: true });
      const partial = `${file}.${process.pid}`;
      await writeFile(partial, await fileInZip(zip, path.basename(file)));
      await chmod(partial, 0o755);
      await rename(partial, file);
    } catch (error) {
      throw new Error(
        `The sandbox needs Terraform ${OLDEST_TERRAFORM} or newer, found none on PATH and could not fetch ${url}: ` +
          `${(error as Error).message} Install it (https://developer.hashicorp.com/terraform/install) and try again.`,
      );
    }
  }
  return { file, version: TERRAFORM_VERSION };
}

async function download(url: string, signal?: AbortSignal): Promise<Buffer> {
  const answer = await fetch(url, { signal });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}.`);
  return Buffer.from(await answer.arrayBuffer());
}

async function fileInZip(zip: Buffer, name: string): Promise<Buffer> {
  const archive = await fromBufferPromise(zip);
  for await (const entry of archive.eachEntry()) {
    if (entry.fileName !== name) continue;
    const chunks: Buffer[] = [];
    for await (const chunk of await archive.openReadStreamPromise(entry)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
  throw new Error(`There is no ${name} in the archive.`);
}

/** The file that Terraform itself would read, if it is there. */
async function usersConfiguration(caller: NodeJS.ProcessEnv): Promise<string | undefined> {
  const files = [caller.TF_CLI_CONFIG_FILE, path.join(caller.HOME ?? os.homedir(), '.terraformrc')];
  for (const file of files) if (file && (await exists(file))) return file;
  return undefined;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    (status) => status.isFile(),
    () => false,
  );
}
