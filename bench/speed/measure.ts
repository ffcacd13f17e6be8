import { execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** What one run took. */
export interface Measured {
  readonly wallSeconds: number;
  /** Of the client and all that it started, and of the server. */
  readonly cpuSeconds: number;
  /** Proportional set sizes, at their highest: memory that is shared counts in parts. */
  readonly nodePssMb: number;
  readonly treePssMb: number;
  /** At its highest. */
  readonly diskMb: number;
  readonly stdout: string;
}

export interface MeasuredCommand {
  /** A command of bash; fails where any command of a pipe fails. */
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where it may write, also its TMPDIR; deleted after it. */
  readonly directory: string;
  /** Process of the PostgreSQL server that does its work. */
  readonly serverProcess: number;
}

const SAMPLE_MS = 200;
const TICKS_PER_SECOND = 100;
const MIB = 1024 * 1024;

/** Runs a command and measures it. @throws where it fails */
export async function measure({ command, env, directory, serverProcess }: MeasuredCommand): Promise<Measured> {
  const serverBefore = cpuSecondsOf(serverProcess);
  const child = spawn('bash', ['-c', `TIMEFORMAT='%R %U %S'; set -o pipefail; { time { ${command}; } 2>&4; } 4>&2`], {
    env: { PATH: process.env.PATH, TMPDIR: directory, HOME: directory, ...env },
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => (stderr += text));
  let ended = false;
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve)).finally(() => (ended = true));
  const highest = { node: 0, tree: 0, disk: 0 };
  while (!ended) {
    const { node, tree } = memoryOf(child.pid!);
    highest.node = Math.max(highest.node, node);
    highest.tree = Math.max(highest.tree, tree);
    highest.disk = Math.max(highest.disk, await diskUse(directory));
    await Promise.race([exit, sleep(SAMPLE_MS)]);
  }
  await rm(directory, { recursive: true });
  if ((await exit) !== 0) throw new Error(`${command}\nfailed: ${stderr.slice(-2000)}${stdout.slice(-2000)}`);
  const [wallSeconds, user, system] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
  return {
    wallSeconds,
    cpuSeconds: user + system + cpuSecondsOf(serverProcess) - serverBefore,
    nodePssMb: highest.node / MIB,
    treePssMb: highest.tree / MIB,
    diskMb: highest.disk / MIB,
    stdout,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of each value of several runs. */
export function medians(runs: readonly Measured[]): Omit<Measured, 'stdout'> {
  const of = (key: keyof Omit<Measured, 'stdout'>) => median(runs.map((run) => run[key]));
  return {
    wallSeconds: of('wallSeconds'),
    cpuSeconds: of('cpuSeconds'),
    nodePssMb: of('nodePssMb'),
    treePssMb: of('treePssMb'),
    diskMb: of('diskMb'),
  };
}

/** Processor time of a server: its own, its living children's, and those that have ended. */
function cpuSecondsOf(pid: number): number {
  const [user, system, endedUser, endedSystem] = timesOf(pid);
  const living = childrenOf(pid).map((child) => timesOf(child)[0] + timesOf(child)[1]);
  return [user, system, endedUser, endedSystem, ...living].reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_SECOND;
}

function timesOf(pid: number): number[] {
  const stat = read(`/proc/${pid}/stat`) ?? ') S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0';
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
}

function memoryOf(root: number): { node: number; tree: number } {
  const memory = { node: 0, tree: 0 };
  for (const pid of treeOf(root)) {
    const kib = Number(/^Pss: +(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1] ?? 0);
    memory.tree += kib * 1024;
    if (read(`/proc/${pid}/comm`)?.trim() === 'node') memory.node = Math.max(memory.node, kib * 1024);
  }
  return memory;
}

function treeOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)];
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      (read(`/proc/${pid}/task/${task}/children`) ?? '').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // The process has ended.
    return undefined;
  }
}

async function diskUse(directory: string): Promise<number> {
  // A file that is deleted meanwhile makes it fail, with the sum all the same.
  const { stdout } = await promisify(execFile)('du', ['--summarize', '--block-size=1', directory]).catch(
    (error: { stdout: string }) => error,
  );
  return Number.parseInt(stdout, 10) || 0;
}
