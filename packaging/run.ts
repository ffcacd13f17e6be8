import { execFile } from 'node:child_process';
import { promisify, stripVTControlCharacters } from 'node:util';

const execute = promisify(execFile);

/**
 * Runs a program and returns its standard output.
 *
 * @throws with its standard error if it fails; with its standard output, if that is where it says why, as Maven does
 */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  try {
    return (await execute(program, args, { ...options, maxBuffer: 256 * 1024 * 1024 })).stdout;
  } catch (error) {
    const { code, stderr = '', stdout = '' } = error as { code?: number | string; stderr?: string; stdout?: string };
    const reason = [stderr, stdout].map((text) => stripVTControlCharacters(text).trim()).find((text) => text !== '');
    throw new Error(`${program} ${args.slice(0, 3).join(' ')} failed (${code}): ${reason ?? ''}`);
  }
}
