import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { bundleCommandLine } from '../../packaging/function-bundle';

/** The end of a call of the command line. */
export interface CallResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as it is shipped, in a folder with the layout of the package. */
export class CommandLine {
  static async build(directory: string): Promise<CommandLine> {
    const program = await bundleCommandLine({
      entry: join(__dirname, '../../src/cli/main.ts'),
      file: join(directory, 'assets/cli/cdktf-managed-database.js'),
    });
    return new CommandLine(program, directory);
  }

  private constructor(
    private readonly program: string,
    private readonly home: string,
  ) {}

  /** Runs it as a user does, with PATH as the only variable of the tests' environment. */
  async call(args: readonly string[], environment: Record<string, string> = {}): Promise<CallResult> {
    const child = spawn(process.execPath, [this.program, ...args], {
      env: { PATH: process.env.PATH, HOME: this.home, AWS_EC2_METADATA_DISABLED: 'true', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const [code] = await once(child, 'close');
    return { code, stdout, stderr };
  }
}
