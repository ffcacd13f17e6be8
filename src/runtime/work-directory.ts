import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NAME = /^cdktf-managed-database-(\d+)-(\d+)-/;

/**
 * Makes an empty directory for one run, and deletes those of runs whose process was killed: their names carry process id
 * and start time.
 */
export async function makeWorkDirectory(parent = tmpdir()): Promise<string> {
  for (const name of await readdir(parent)) {
    const [, processId, started] = NAME.exec(name) ?? [];
    if (processId === undefined || (await startTimeOf(Number(processId))) === started) continue;
    // What another user made is that user's to delete.
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
  return mkdtemp(join(parent, `cdktf-managed-database-${process.pid}-${await startTimeOf(process.pid)}-`));
}

/** When a process began, in ticks since the machine's start; undefined where there is none. */
async function startTimeOf(processId: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${processId}/stat`, 'utf8').catch(() => undefined);
  if (stat !== undefined) {
    // Behind the program's name, which may hold anything, the start time is the twentieth field.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  }
  return isAlive(processId) ? '0' : undefined;
}

/** For systems without /proc. */
function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}
