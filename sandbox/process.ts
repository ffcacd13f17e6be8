import { ChildProcess, spawn, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that the sandbox started, as others may look at it and, if need be, end it. */
export interface SandboxProcess {
  readonly name: string;
  readonly processId: number;
}

/** How a program ended, and everything that it wrote. */
export interface Finished {
  readonly exitCode: number;
  readonly output: string;
}

export interface FinishOptions extends SpawnOptions {
  /** Given what the program writes, as it comes. */
  readonly onOutput?: (text: string) => void;
  /** Ends the program and every process that it has started. */
  readonly abort?: AbortSignal;
}

/** Runs a program to its end. @throws if it cannot be started */
export async function finish(command: string, args: string[], options: FinishOptions = {}): Promise<Finished> {
  const { onOutput, abort, ...spawnOptions } = options;
  // A process group of its own, so that it can be ended with its children, and is not by a Ctrl-C meant for us.
  const child = spawn(command, args, { ...spawnOptions, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output += text;
      onOutput?.(text);
    });
  }
  const end = () => {
    endGroup(child, 'SIGTERM');
    setTimeout(() => endGroup(child, 'SIGKILL'), PATIENCE).unref();
  };
  abort?.addEventListener('abort', end);
  try {
    if (abort?.aborted) end();
    const [code, signal] = await once(child, 'close');
    return { exitCode: code ?? 1, output: signal ? `${output}\nended by ${signal}` : output };
  } finally {
    abort?.removeEventListener('abort', end);
  }
}

/** Milliseconds for a process to end in good order. */
const PATIENCE = 10_000;

function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid !== undefined && !hasEnded(child)) process.kill(-child.pid, signal);
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Ends a child, by force if it does not obey, and returns when it is gone. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child) || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  await ended;
  clearTimeout(timer);
}

/** A port of 127.0.0.1 that no process listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Asks until the answer is yes. */
export async function until(
  ask: () => Promise<boolean>,
  { within, otherwise }: { within: number; otherwise: () => string },
): Promise<void> {
  const deadline = Date.now() + within;
  while (!(await ask())) {
    if (Date.now() > deadline) throw new Error(otherwise());
    await sleep(50);
  }
}

/**
 * Distinguishes a process from a later one with the same id: the moment it was started, in the machine's own unit.
 * Undefined where the process is gone, or the system has no `/proc`.
 */
export async function startOfProcess(processId: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${processId}/stat`, 'utf8').catch(() => undefined);
  // The name, in parentheses, may itself hold anything; the fields after it do not.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
