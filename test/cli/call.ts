import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { bundleCommandLine } from '../../packaging/function-bundle';

/** How a call of the command line ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as it is shipped, in a folder laid out like the package. */
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

  /** Runs it as a user would, with nothing of the environment of the tests but PATH. */
  async call(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
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
