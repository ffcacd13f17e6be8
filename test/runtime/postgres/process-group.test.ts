import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { startGroup } from '../../../src/runtime/postgres/process-group';
import { isAlive, waitFor } from '../../support/processes';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'process-group-'));
});
afterEach(async () => rm(directory, { recursive: true }));

/** Starts a parent that starts a group of a leader and a worker, neither of which ends by SIGTERM. */
async function startParent(pids: string) {
  const program = path.join(__dirname, 'process-group-program.ts');
  const parent = spawn(process.execPath, [require.resolve('tsx/cli'), program, pids], { stdio: 'ignore' });
  const started = await waitFor(async () => {
    const found = (await readFile(pids, 'utf8').catch(() => '')).trim().split(' ').filter(Boolean).map(Number);
    return found.length === 3 ? found : undefined;
  });
  return { runner: parent, started };
}

test('a parent that is killed takes its program and the workers of the program with it', async () => {
  // GIVEN
  const { runner, started } = await startParent(path.join(directory, 'pids'));
  const [parent, ...group] = started;
  expect(group.map(isAlive)).toEqual([true, true]);

  // WHEN
  process.kill(parent, 'SIGKILL');
  await once(runner, 'exit');

  // THEN
  await waitFor(async () => (group.some(isAlive) ? undefined : true));
});

test('a worker that outlives its leader is ended', async () => {
  const { leader, stdout } = startGroup('/bin/sh', ['-c', 'sleep 10000 >/dev/null 2>&1 </dev/null & echo $!'], {
    PATH: process.env.PATH,
  });
  const output: Buffer[] = [];
  stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = await once(leader, 'close');
  expect(code).toBe(0);
  const worker = Number(Buffer.concat(output).toString());
  expect(worker).toBeGreaterThan(0);
  await waitFor(async () => (isAlive(worker) ? undefined : true));
});

test('exit code and signal are those of the program', async () => {
  const ended = async (script: string) => {
    const { leader } = startGroup('/bin/sh', ['-c', script], { PATH: process.env.PATH });
    return once(leader, 'close');
  };
  expect(await ended('exit 7')).toEqual([7, null]);
  expect(await ended('kill -9 $$')).toEqual([null, 'SIGKILL']);
});
