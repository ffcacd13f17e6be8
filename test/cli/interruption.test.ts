import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'interruption-'));
  file = join(directory, 'end');
});

afterEach(async () => rm(directory, { recursive: true }));

/** Starts the program and waits until its work has begun. */
async function start(kind: string): Promise<ChildProcess> {
  const program = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'interruption-program.ts'), kind, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(program.stdout!, 'data');
  expect(line.toString()).toBe('busy\n');
  return program;
}

describe('Ctrl-C', () => {
  test('ends the clients of an action that writes, with their workers, and the action can record that', async () => {
    // GIVEN
    const program = await start('writes');

    // WHEN
    program.kill('SIGINT');
    const [code] = await once(program, 'close');

    // THEN the worker, which would have run for minutes, has closed the client's output too
    expect(await readFile(file, 'utf8')).toBe('BackupFailed: The run was interrupted.');
    expect(code).toBe(0);
  });

  test('ends an action that only reads at once, and removes its temporary files', async () => {
    const program = await start('reads');
    program.kill('SIGINT');
    const [code] = await once(program, 'close');
    expect(await readFile(file, 'utf8')).toBe('files removed');
    expect(code).toBe(130);
  });
});
