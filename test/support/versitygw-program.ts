import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { promisify } from 'node:util';

const MODULE = 'github.com/versity/versitygw/cmd/versitygw@v1.0.14';

const CACHE = path.join(__dirname, '../../.cache/versitygw');

/** The program of versitygw, an S3 server in Go: the one on PATH, else built from its module, which takes `go`. */
export async function versitygwProgram(): Promise<string> {
  const run = promisify(execFile);
  for (const program of ['versitygw', path.join(CACHE, 'versitygw')]) {
    const found = await run(program, ['--version']).then(
      () => true,
      () => false,
    );
    if (found) return program;
  }
  await run('go', ['install', MODULE], { env: { ...process.env, GOBIN: CACHE } });
  return path.join(CACHE, 'versitygw');
}
