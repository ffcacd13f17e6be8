import { chmod, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { ControlAddress } from './control';
import { startOfProcess } from './process';

/** A process, and what distinguishes it from a later one with the same id. */
export interface RecordedProcess {
  readonly name: string;
  readonly processId: number;
  readonly start?: string;
}

/** What the command line has to know of a sandbox in the background. */
export interface RecordedSandbox {
  readonly control: ControlAddress;
  readonly supervisor: RecordedProcess;
  readonly directory: string;
  /** What it had started when this was written, the supervisor not among them. */
  readonly processes: RecordedProcess[];
}

/** A file for its owner alone, in the temporary directory, that leads to a running sandbox. */
export class StateFile {
  private readonly directory = path.join(os.tmpdir(), `managed-database-sandbox-state-${process.getuid?.() ?? 'user'}`);
  private readonly file: string;

  /** @param name distinguishes sandboxes that one user runs at the same time */
  constructor(name: string) {
    if (!/^[a-z0-9-]+$/.test(name)) {
      throw new Error(`A sandbox has a name of lower-case letters, digits and hyphens; got ${JSON.stringify(name)}.`);
    }
    this.file = path.join(this.directory, `${name}.json`);
  }

  async read(): Promise<RecordedSandbox | undefined> {
    const text = await readFile(this.file, 'utf8').catch(() => undefined);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** @throws if another user owns the directory */
  async write(sandbox: RecordedSandbox): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const { uid } = await lstat(this.directory);
    if (process.getuid && uid !== process.getuid()) {
      throw new Error(
        `${this.directory} belongs to another user: remove it, or set TMPDIR to a directory of your own.`,
      );
    }
    await chmod(this.directory, 0o700);
    const partial = `${this.file}.${process.pid}`;
    await writeFile(partial, JSON.stringify(sandbox), { mode: 0o600 });
    await rename(partial, this.file);
  }

  async remove(): Promise<void> {
    await rm(this.file, { force: true });
  }
}

export async function recordProcess(name: string, processId: number): Promise<RecordedProcess> {
  return { name, processId, start: await startOfProcess(processId) };
}

/** Whether the very process that was recorded still runs. */
export async function isRunning({ processId, start }: RecordedProcess): Promise<boolean> {
  return start !== undefined && (await startOfProcess(processId)) === start;
}
