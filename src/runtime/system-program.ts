import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a small program of the system, which gets nothing of the environment but where programs are. @throws where it fails */
export async function runSystemProgram(program: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(program, args, { env: { PATH: process.env.PATH } });
}
