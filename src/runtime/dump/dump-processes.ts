import { readdir, readFile, readlink } from 'node:fs/promises';
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
  async openFiles(directory: string): Promise<Set<string> | undefined> {
    try {
      this.members ??= await processesOf(this.leader);
      const open = await Promise.all(this.members.map(async (pid) => openFilesOf(pid)));
      return new Set(
        open
          .flat()
          .filter((file) => dirname(file) === directory)
          .map((file) => basename(file)),
      );
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
async function processesOf(pid: number): Promise<number[]> {
  if ((await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes(WATCHER_MARK)) return [];
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean);
  return [pid, ...(await Promise.all(children.map(async (child) => processesOf(Number(child))))).flat()];
}

async function openFilesOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const descriptors = await readdir(folder).catch(ifEnded);
  const files = await Promise.all(descriptors.map(async (fd) => readlink(`${folder}/${fd}`).catch(ifEnded)));
  return files.flat();
}

/** A process that ended, or a file that was closed, meanwhile. */
function ifEnded(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT' || error.code === 'ESRCH') return [];
  throw error;
}
