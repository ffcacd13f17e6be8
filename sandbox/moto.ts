import { ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, open, readFile, rename, rm, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { ServiceModels } from './aws/model/service-model';
import { endChild, finish, Finished, hasEnded, SandboxProcess, until } from './process';

/** The version that the sandbox was tested with; the services in `aws/` correct its faults. */
export const MOTO_RELEASE = '5.2';
export const MOTO_VERSION = '5.2.1';

/** The emulator of AWS's control plane: a Python program. */
export class MotoProgram {
  /**
   * Finds moto on PATH if its version fits, else installs it into a virtual environment of its own.
   *
   * @param cacheDirectory where the virtual environment is kept from one sandbox to the next
   * @param abort breaks an installation off
   * @throws with the command that installs it
   */
  static async locate(cacheDirectory: string, abort?: AbortSignal): Promise<MotoProgram> {
    const searchPath = process.env.PATH ?? '';
    for (const python of await pythonsOf(searchPath)) {
      const found = await askForMoto(python, searchPath);
      if (found?.version.startsWith(`${MOTO_RELEASE}.`)) return new MotoProgram(found);
    }
    return MotoProgram.inOwnEnvironment(path.join(cacheDirectory, `moto-${MOTO_VERSION}`), searchPath, abort);
  }

  private static async inOwnEnvironment(
    directory: string,
    searchPath: string,
    abort?: AbortSignal,
  ): Promise<MotoProgram> {
    const python = path.join(directory, 'bin', 'python');
    if (!(await askForMoto(python, searchPath))) await install(directory, abort);
    const found = await askForMoto(python, searchPath);
    if (!found) throw new Error(`moto in ${directory} does not run: remove that directory and try again.`);
    return new MotoProgram(found);
  }

  readonly python: string;
  readonly version: string;
  /** AWS's models of its services. */
  readonly models: ServiceModels;

  private constructor({ python, version, modelsDirectory }: FoundMoto) {
    this.python = python;
    this.version = version;
    this.models = new ServiceModels(modelsDirectory);
  }
}

export interface MotoProps {
  /** What it is called in the list of processes. */
  readonly name: string;
  readonly program: MotoProgram;
  readonly logFile: string;
  /** A program that starts the server. @default - moto's own */
  readonly script?: string;
  /** Serve HTTPS with this certificate @default - HTTP */
  readonly tls?: {
    readonly certificateFile: string;
    readonly keyFile: string;
    readonly certificateAuthorityPem: string;
  };
}

/** A running moto, on 127.0.0.1, a direct child of this process. */
export class Moto {
  /** @throws with the end of its log, if it does not answer; nothing keeps running then */
  static async start(props: MotoProps): Promise<Moto> {
    const log = await open(props.logFile, 'w', 0o600);
    const tlsArguments = props.tls ? ['-c', props.tls.certificateFile, '-k', props.tls.keyFile] : [];
    const child = spawn(
      props.program.python,
      [...(props.script ? [props.script] : ['-m', 'moto.server']), '-H', '127.0.0.1', '-p', '0', ...tlsArguments],
      {
        env: motoEnvironment(),
        stdio: ['ignore', log.fd, log.fd],
      },
    );
    await log.close();
    const moto = new Moto(props, child);
    try {
      await until(() => moto.answers(), {
        within: READY_WITHIN,
        otherwise: () => `moto did not answer within ${READY_WITHIN / 1000} seconds.`,
      });
    } catch (error) {
      await moto.stop();
      const lines = (await readFile(props.logFile, 'utf8')).trimEnd().split('\n');
      throw new Error(`${(error as Error).message} The end of ${props.logFile}:\n${lines.slice(-10).join('\n')}`);
    }
    return moto;
  }

  private failedToStart = '';
  /** The system chooses it, so that no other process can have it; moto writes it into its log. */
  private port = 0;

  private constructor(
    private readonly props: MotoProps,
    private readonly child: ChildProcess,
  ) {
    child.on('error', (error) => (this.failedToStart = error.message));
    // Whatever ends this process, the emulator is of no use without it.
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
  }

  /** `localhost`, since the certificate of one that serves HTTPS names it. */
  get endpoint(): string {
    return this.props.tls ? `https://localhost:${this.port}` : `http://127.0.0.1:${this.port}`;
  }

  get process(): SandboxProcess {
    return { name: this.props.name, processId: this.child.pid! };
  }

  async stop(): Promise<void> {
    await endChild(this.child);
  }

  private async answers(): Promise<boolean> {
    if (this.failedToStart || hasEnded(this.child)) {
      throw new Error(`moto ended while starting${this.failedToStart && `: ${this.failedToStart}`}.`);
    }
    this.port ||= portIn(await readFile(this.props.logFile, 'utf8'));
    if (!this.port) return false;
    const { request } = this.props.tls ? await import('node:https') : await import('node:http');
    return new Promise((resolve) => {
      const probe = request(
        {
          host: '127.0.0.1',
          port: this.port,
          path: '/moto-api/',
          servername: 'localhost',
          agent: false,
          ca: this.props.tls?.certificateAuthorityPem,
        } as object,
        (answer) => resolve(answer.resume().statusCode === 200),
      );
      probe.on('error', () => resolve(false)).end();
    });
  }
}

function portIn(log: string): number {
  return Number(/Running on https?:\/\/127\.0\.0\.1:(\d+)/.exec(log)?.[1] ?? 0);
}

/** Milliseconds for moto to answer; far more than it needs on a busy machine. */
const READY_WITHIN = 300_000;

/** Nothing of the caller's own AWS account or proxies reaches the emulator. */
function motoEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG } = process.env;
  return {
    PATH,
    HOME,
    LANG,
    PYTHONUNBUFFERED: '1',
    // The policies that AWS itself offers, such as AWSLambdaBasicExecutionRole.
    MOTO_IAM_LOAD_MANAGED_POLICIES: 'true',
    // Its own resources only: no account of this machine is looked for.
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/**
 * Installs moto into a directory of this process's own and gives it its name when it is whole: another process may do
 * the same at the same time, and one of them may be ended in the middle.
 */
async function install(directory: string, abort?: AbortSignal): Promise<void> {
  await mkdir(path.dirname(directory), { recursive: true });
  const partial = await mkdtemp(`${directory}.`);
  const requirement = `moto[server]==${MOTO_VERSION}`;
  const commands: [string, string[]][] = [
    ['python3', ['-m', 'venv', partial]],
    [path.join(partial, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', requirement]],
  ];
  try {
    for (const [command, args] of commands) {
      const failed = (error: Error): Finished => ({ exitCode: 1, output: error.message });
      const { exitCode, output } = await finish(command, args, { abort }).catch(failed);
      if (exitCode === 0) continue;
      throw new Error(
        `The sandbox needs moto ${MOTO_RELEASE}.x, found none on PATH and could not install it: ` +
          `run "python3 -m pip install '${requirement}'" (Python 3.9 or newer).\n${output.trim()}`,
      );
    }
    // Fails where the other process was first.
    await rename(partial, directory).catch(() => undefined);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** The interpreters that may have moto: the one that `moto_server` is a script of, and those on PATH. */
async function pythonsOf(searchPath: string): Promise<string[]> {
  const script = await findOnPath('moto_server', searchPath);
  const firstLine = script && (await readFile(script, 'utf8')).split('\n', 1)[0];
  const interpreter = firstLine?.match(/^#!(\S*python[\d.]*)$/)?.[1];
  return [...(interpreter ? [interpreter] : []), 'python3', 'python'];
}

/** The first file of that name in the directories of a search path. */
export async function findOnPath(name: string, searchPath: string): Promise<string | undefined> {
  for (const directory of searchPath.split(path.delimiter).filter(Boolean)) {
    const file = path.join(directory, name);
    const status = await stat(file).catch(() => undefined);
    if (status?.isFile()) return file;
  }
  return undefined;
}

interface FoundMoto {
  readonly python: string;
  readonly version: string;
  readonly modelsDirectory: string;
}

const QUESTION = `
import json, os, sys, botocore, moto, moto.server
models = os.path.join(os.path.dirname(botocore.__file__), "data")
print(json.dumps({"version": moto.__version__, "python": sys.executable, "modelsDirectory": models}))`;

async function askForMoto(python: string, searchPath: string): Promise<FoundMoto | undefined> {
  const { exitCode, output } = await finish(python, ['-c', QUESTION], {
    env: { ...motoEnvironment(), PATH: searchPath },
  }).catch(() => ({ exitCode: 1, output: '' }));
  return exitCode === 0 ? JSON.parse(output.trim().split('\n').pop()!) : undefined;
}
