import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a program and returns its standard output. @throws with its standard error if it fails */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  try {
    return (await execute(program, args, { ...options, maxBuffer: 256 * 1024 * 1024 })).stdout;
  } catch (error) {
    const { code, stderr } = error as { code?: number | string; stderr?: string };
    throw new Error(`${program} ${args.slice(0, 3).join(' ')} failed (${code}): ${stderr?.trim() ?? ''}`);
  }
}
