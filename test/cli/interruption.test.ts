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

/** Starts the program and waits until it is at work. */
async function start(kind: string): Promise<ChildProcess> {
  const program = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'interruption-program.ts'), kind, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(program.stdout!, 'data');
  expect(line.toString()).toBe('busy\n');
  return program;
}

describe('Ctrl-C', () => {
  test('ends clients with their workers, and lets the action write that down', async () => {
    // GIVEN
    const program = await start('client');

    // WHEN
    program.kill('SIGINT');
    const [code] = await once(program, 'close');

    // THEN the client's output was closed by its worker, too, which would have gone on for minutes
    expect(await readFile(file, 'utf8')).toBe('the client ended by SIGTERM');
    expect(code).toBe(0);
  });

  test('ends a program that has no clients at once, cleared up', async () => {
    const program = await start('nothing');
    program.kill('SIGINT');
    const [code] = await once(program, 'close');
    expect(await readFile(file, 'utf8')).toBe('cleared up');
    expect(code).toBe(130);
  });
});
