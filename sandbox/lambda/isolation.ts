import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { UnpackedCode } from './code';
import { prepareRoot } from './root';

/** How a program is started. */
export interface Start {
  readonly command: string;
  readonly args: string[];
  readonly options: { cwd?: string; uid?: number; gid?: number; env: Record<string, string> };
}

/** Where things are, as the program sees them. */
export interface Places {
  readonly task: string;
  readonly layers: string;
  readonly runtime: string;
  readonly path: string;
  readonly extraVariables: Record<string, string>;
}

/** Restricts a program to its own files. */
export interface Isolation {
  readonly kind: 'namespace' | 'directory';
  /** where code is unpacked */
  readonly codeDirectory: string;
  places(code: UnpackedCode): Places;
  start(code: UnpackedCode, tmpMiB: number, nodeArgs: string[], variables: Record<string, string>): Start;
  /** removes what it made */
  close(): void;
}

/**
 * The strictest that this machine allows.
 *
 * @param directory the host's own, for the prepared root and unpacked code
 * @param readOnlyFiles absolute paths of files that the program sees at the same path
 */
export function isolationIn(directory: string, readOnlyFiles: readonly string[]): Isolation {
  const namespace = new NamespaceIsolation(directory, readOnlyFiles);
  if (namespace.works()) return namespace;
  namespace.close();
  return new DirectoryIsolation();
}

/**
 * Mount, process and IPC namespaces, entered as root or through a user namespace of the caller's own.
 */
class NamespaceIsolation implements Isolation {
  public readonly kind = 'namespace';
  public readonly codeDirectory: string;
  private readonly root: string;

  constructor(
    directory: string,
    private readonly readOnlyFiles: readonly string[],
  ) {
    this.codeDirectory = readableDirectory(path.join(directory, 'code-'));
    this.root = readableDirectory(path.join(directory, 'root-'));
  }

  public works(): boolean {
    if (process.platform !== 'linux') return false;
    prepareRoot(this.root, this.readOnlyFiles);
    const anyCode = { digest: '', task: this.root, layers: this.root };
    const { command, args, options } = this.starting(anyCode, 1, [], ['/bin/true'], {});
    return spawnSync(command, args, { ...options, stdio: 'ignore' }).status === 0;
  }

  public places(): Places {
    return {
      task: '/var/task',
      layers: '/opt',
      runtime: '/var/runtime',
      path: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
      extraVariables: {},
    };
  }

  public start(code: UnpackedCode, tmpMiB: number, nodeArgs: string[], variables: Record<string, string>): Start {
    const shown = this.readOnlyFiles.filter((file) => fs.existsSync(file));
    // The machine's own tools must not obey the variables by which a program is found and linked.
    const [late, early] = divide(variables, (name) => name === 'PATH' || name.startsWith('LD_'));
    const command = ['/bin/env', ...assignments(late), '/var/lang/bin/node', ...nodeArgs];
    return this.starting(code, tmpMiB, shown, command, early);
  }

  public close(): void {
    remove(this.codeDirectory, this.root);
  }

  private starting(
    code: UnpackedCode,
    tmpMiB: number,
    shown: string[],
    command: string[],
    variables: Record<string, string>,
  ): Start {
    const privilege = process.getuid?.() === 0 ? 'root' : 'user';
    const namespaces = ['--mount', '--pid', '--ipc', '--fork', '--kill-child'];
    const files = [this.root, code.task, code.layers, fs.realpathSync(process.execPath)];
    return {
      command: 'setpriv',
      args: [
        ...['--pdeathsig=KILL', '--', 'unshare'],
        ...(privilege === 'user' ? ['--map-root-user', ...namespaces] : namespaces),
        ...[
          '--',
          '/bin/sh',
          path.join(__dirname, 'enter.sh'),
          privilege,
          ...files,
          String(tmpMiB),
          ...shown,
          '--',
          ...command,
        ],
      ],
      options: { env: { ...variables, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } },
    };
  }
}

/**
 * For a machine that allows no namespaces: the code lies in a temporary directory, and nothing hides the rest.
 *
 * The program's user may not be able to reach this repository, nor the node that runs this process: what it needs of
 * them is copied.
 */
export class DirectoryIsolation implements Isolation {
  public readonly kind = 'directory';
  public readonly codeDirectory = readableDirectory(path.join(os.tmpdir(), 'lambda-code-'));
  private readonly runtime = readableDirectory(path.join(os.tmpdir(), 'lambda-runtime-'));
  private readonly tmp = writableDirectory(path.join(os.tmpdir(), 'lambda-tmp-'));
  private readonly node: string;

  /** @throws where the program's user cannot reach the temporary directory */
  constructor() {
    const bootstrap = copyForEveryUser(path.join(__dirname, 'bootstrap.cjs'), this.runtime);
    this.node = runsAsProgram(process.execPath, ['--version'])
      ? process.execPath
      : copyForEveryUser(process.execPath, this.runtime);
    if (!runsAsProgram(this.node, ['--check', bootstrap])) {
      this.close();
      throw new Error(
        `The user of the functions (${PROGRAM_USER.uid}) cannot read ${this.runtime}: set TMPDIR to a directory that every user may pass through.`,
      );
    }
  }

  public places(code: UnpackedCode): Places {
    return {
      task: code.task,
      layers: code.layers,
      runtime: this.runtime,
      path: `${path.dirname(this.node)}:${code.layers}/bin:/usr/local/bin:/usr/bin/:/bin`,
      extraVariables: { TMPDIR: this.tmp },
    };
  }

  public start(code: UnpackedCode, _tmpMiB: number, nodeArgs: string[], variables: Record<string, string>): Start {
    return { command: this.node, args: nodeArgs, options: { cwd: code.task, env: variables, ...programUser() } };
  }

  public close(): void {
    remove(this.codeDirectory, this.runtime, this.tmp);
  }
}

/** Lambda's own numbers. */
const PROGRAM_USER = { uid: 993, gid: 990 };

/** Only root can start a program as another user. */
function programUser(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? PROGRAM_USER : {};
}

function runsAsProgram(command: string, args: string[]): boolean {
  return spawnSync(command, args, { ...programUser(), cwd: '/', env: {}, stdio: 'ignore' }).status === 0;
}

function copyForEveryUser(file: string, directory: string): string {
  const copy = path.join(directory, path.basename(file));
  fs.copyFileSync(file, copy, fs.constants.COPYFILE_FICLONE);
  fs.chmodSync(copy, 0o755);
  return copy;
}

/** The program's user is another than the host's where the host is root. */
function readableDirectory(prefix: string): string {
  const directory = fs.mkdtempSync(prefix);
  fs.chmodSync(directory, 0o755);
  return directory;
}

function writableDirectory(prefix: string): string {
  const directory = fs.mkdtempSync(prefix);
  fs.chmodSync(directory, 0o1777);
  return directory;
}

function remove(...directories: string[]): void {
  for (const directory of directories) fs.rmSync(directory, { recursive: true, force: true });
}

function assignments(variables: Record<string, string>): string[] {
  return Object.entries(variables).map(([name, value]) => `${name}=${value}`);
}

function divide(variables: Record<string, string>, chosen: (name: string) => boolean): Record<string, string>[] {
  const entries = Object.entries(variables);
  return [entries.filter(([name]) => chosen(name)), entries.filter(([name]) => !chosen(name))].map(Object.fromEntries);
}
