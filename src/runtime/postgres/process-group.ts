import { ChildProcess, ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Readable, Writable } from 'node:stream';

/**
 * A started program with everything that it starts: a process group of its own, which ends when this process ends,
 * whatever ended it.
 */
export interface ProcessGroup {
  readonly leader: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** In the command line of a watcher, and of no program. */
export const WATCHER_MARK = 'watcher-of-process-group';

/** How a group is ended when this process has died. */
export type Ending =
  /** Every process of the group is killed. */
  | 'kill'
  /**
   * For PostgreSQL's server, whose processes leave the group: it is asked to end them, which takes it 5 seconds at most,
   * and killed afterwards.
   */
  | 'quit';

const ENDINGS: Readonly<Record<Ending, string>> = {
  kill: 'kill -s KILL -- "-$$"',
  quit: 'kill -s QUIT -- "-$$"; for s in 1 2 3 4 5 6 7; do kill -0 $$ || exit; sleep 1; done; kill -s KILL -- "-$$"',
};

/**
 * A shell that becomes the program. Beside it waits a watcher for the end of file descriptor 3, whose other end only
 * the parent has: it closes when the parent dies, even by SIGKILL, and then the watcher ends the group.
 */
function watched(ending: Ending): string {
  return `
  : ${WATCHER_MARK}
  (trap '' TERM QUIT; exec </dev/null >/dev/null 2>&1; read -r _ <&3; ${ENDINGS[ending]}) &
  exec "$0" "$@" 3<&-`;
}

/** The user that a program runs as. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
}

/** Starts a program, an absolute path, in a group of its own. @param user default: that of this process */
export function startGroup(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  user?: ProcessUser,
  ending: Ending = 'kill',
): ProcessGroup {
  const leader = spawn('/bin/sh', ['-c', watched(ending), program, ...args], {
    detached: true,
    ...user,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env,
  });
  const { stdin, stdout, stderr } = leader as ChildProcessWithoutNullStreams;
  const lifeline = leader.stdio[3] as Writable;
  lifeline.on('error', () => undefined);
  // Workers that outlived their leader end with it.
  leader.once('exit', () => lifeline.destroy());
  leader.once('error', () => lifeline.destroy());
  return { leader, stdin, stdout, stderr };
}

/** Sends a signal to a process group, if any of it still runs. */
export function signalGroup(leader: ChildProcess, signal: NodeJS.Signals): void {
  if (leader.pid === undefined) return;
  try {
    process.kill(-leader.pid, signal);
  } catch {
    // It has ended already.
  }
}
