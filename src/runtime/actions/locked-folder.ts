import { requireRightClock } from '../../contract/clock';
import { DatabaseSettings } from '../../contract/database-settings';
import { LOCAL_ACCOUNT, Owner } from '../../contract/owner';
import { StorageSettings } from '../../contract/storage-settings';
import { BackupFolder } from '../folder/backup-folder';
import { FolderWriter } from '../folder/folder-writer';
import { DatabaseConnection, resolveConnection } from '../postgres/connection';
import { WriterLock } from '../postgres/lock';
import { Runtime } from '../runtime';

/** How long a run in a terminal waits for its turn: a person watches. */
const TERMINAL_WAIT_MS = 30_000;

export interface LockedFolderRequest {
  readonly storage: StorageSettings;
  readonly database: DatabaseSettings;
  readonly dueTimes?: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Waits for the lock on the server, compares the clocks and opens the folder for writing.
 *
 * @returns what the work returns, or 'Locked' where another run was under way for as long as this one could wait.
 */
export async function withLockedFolder<T>(
  request: LockedFolderRequest,
  runtime: Runtime,
  work: (writer: FolderWriter, connection: DatabaseConnection) => Promise<T>,
): Promise<T | 'Locked'> {
  return withLock(request, runtime, async (lock, connection) =>
    work(await openForWriting(request, runtime, lock), connection),
  );
}

/** Opens the folder for the holder of the lock. @param opening the folder, where it was opened before */
export async function openForWriting(
  request: LockedFolderRequest,
  runtime: Runtime,
  lock: WriterLock,
  opening = openFolder(request, runtime),
): Promise<FolderWriter> {
  const folder = await opening;
  return folder.openForWriting({ ...request, right: lock, owner: ownerOf(request, runtime) });
}

/** Waits for the lock, and compares this machine's clock with the server's. */
export async function withLock<T>(
  { database, signal }: LockedFolderRequest,
  runtime: Runtime,
  work: (lock: WriterLock, connection: DatabaseConnection) => Promise<T>,
): Promise<T | 'Locked'> {
  const connection = await resolveConnection(database, runtime);
  const lock = await WriterLock.takeWithin(connection, database.identifier, waitMs(runtime), signal);
  if (!lock) return 'Locked';
  try {
    const serverAheadMs = await lock.clockOffsetMs(runtime.now());
    requireRightClock(serverAheadMs, 'the database server', runtime.maximumClockDifferenceMs);
    return await work(lock, lock.connection);
  } finally {
    await lock.release();
  }
}

/** Opens the folder and compares this machine's clock with the storage's. */
export async function openFolder({ storage, database }: LockedFolderRequest, runtime: Runtime): Promise<BackupFolder> {
  const folder = await BackupFolder.open({ storage, database: database.identifier }, runtime);
  requireRightClock(await folder.clockOffsetMs(), 'the storage', runtime.maximumClockDifferenceMs);
  return folder;
}

/** Who this program writes for. */
export function ownerOf(
  { database }: { readonly database: { readonly identifier: string } },
  { account, region }: Pick<Runtime, 'account' | 'region'>,
): Owner {
  return { account: account ?? LOCAL_ACCOUNT, region, database: database.identifier };
}

/** Half of the time is left for the work itself. */
function waitMs(runtime: Pick<Runtime, 'remainingMs'>): number {
  const remaining = runtime.remainingMs();
  return remaining === Infinity ? TERMINAL_WAIT_MS : remaining / 2;
}
