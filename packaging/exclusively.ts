import { readlink, rm, symlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MILLISECONDS = 200;

/**
 * Runs work while no other process runs work under the same lock file. Waits for a lock that is held, and logs that. A
 * lock whose process has ended is removed.
 */
export async function exclusively<T>(
  lockFile: string,
  log: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  if (!(await acquired(lockFile))) {
    log(`waiting for the process that holds ${lockFile}`);
    while (!(await acquired(lockFile))) await sleep(POLL_MILLISECONDS);
  }
  try {
    return await work();
  } finally {
    await rm(lockFile, { force: true });
  }
}

/** The lock is a symbolic link whose target is the holder's process id: it is created and filled in one step. */
async function acquired(lockFile: string): Promise<boolean> {
  try {
    await symlink(String(process.pid), lockFile);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = await readlink(lockFile).catch(() => undefined);
  if (holder !== undefined && !isAlive(Number(holder))) await rm(lockFile, { force: true });
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
