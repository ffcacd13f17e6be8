import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { WATCHER_MARK } from '../postgres/process-group';

/** The processes of a running pg_dump, as Linux shows them under /proc; other systems do not show them. */
export class DumpProcesses {
  private members?: readonly number[];
  private paused = false;

  constructor(private readonly leader: number) {}

  /**
   * Names of the files of a directory that pg_dump has open; undefined if that cannot be seen. pg_dump opens each file
   * once, so a file that exists and is not open is complete. It must have written its table of contents: no worker
   * starts after that.
   */
  openFiles(directory: string): Set<string> | undefined {
    try {
      this.members ??= processesOf(this.leader);
      const open = this.members.flatMap(openFilesOf);
      return new Set(open.filter((file) => dirname(file) === directory).map((file) => basename(file)));
    } catch {
      return undefined;
    }
  }

  /** Stops the processes where they are, so that the directory does not grow. */
  pause(): void {
    if (!this.paused && this.signal('SIGSTOP')) this.paused = true;
  }

  resume(): void {
    if (this.paused) this.signal('SIGCONT');
    this.paused = false;
  }

  private signal(signal: NodeJS.Signals): boolean {
    if (this.members === undefined) return false;
    for (const pid of this.members) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended.
      }
    }
    return true;
  }
}

/** A process and all that it started, without the watcher, which must go on while the others are paused. */
function processesOf(pid: number): number[] {
  if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(WATCHER_MARK)) return [];
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [pid, ...children.flatMap((child) => processesOf(Number(child)))];
}

function openFilesOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  const descriptors = unlessEnded(() => readdirSync(folder));
  return descriptors.flatMap((fd) => unlessEnded(() => [readlinkSync(`${folder}/${fd}`)]));
}

/** Nothing of a process that ended, or of a file that was closed, meanwhile. */
function unlessEnded(look: () => string[]): string[] {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return [];
    throw error;
  }
}
