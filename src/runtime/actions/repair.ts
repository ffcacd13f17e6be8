import { openFolder, ownerOf, withLock } from './locked-folder';
import { lockedError } from './prune';
import { ActionError } from '../../contract/action-error';
import { BackupId, parseBackupId, timeOfBackupId } from '../../contract/backup-id';
import { completedBackups } from '../../contract/backup-selection';
import { CatalogEntry } from '../../contract/catalog';
import { Owner, sameOwner } from '../../contract/owner';
import { RepairAnswer, RepairRequest } from '../../contract/requests';
import { withinDeadline } from '../deadline';
import { BackupFolder } from '../folder/backup-folder';
import { idsDueBefore } from '../folder/due-times';
import { FolderWriter } from '../folder/folder-writer';
import { NO_LOCK, WriteRight } from '../folder/locked-catalog';
import { sampleOf } from '../folder/sample';
import { StoredBackup } from '../folder/stored-backup';
import { completedEntry } from '../folder/transitions';
import { Runtime } from '../runtime';

/** Due times at which no manifest is found before the search ends: half a year of hourly backups. */
const MAXIMUM_DUE_TIMES = 4_400;

/** Manifests that are looked for at once. */
const CONCURRENT_READS = 16;

/**
 * Rebuilds the list of backups from their manifests: the newest one that is named or found at the due times, going back
 * from now, and then from each to the completed backup before it.
 *
 * @throws InvalidRequest where neither is given; NotFound where there is no manifest; Locked, Refused, StorageFault.
 */
export async function repair(request: RepairRequest, runtime: Runtime): Promise<RepairAnswer> {
  const newest = request.newest === undefined ? undefined : parseId(request.newest);
  if (newest === undefined && (request.dueTimes ?? []).length === 0) {
    throw new ActionError(
      'InvalidRequest',
      'A repair needs to know where to begin: name the newest completed backup, or the times at which backups are due.',
    );
  }
  return withinDeadline(runtime, 'StorageFault', async (signal) => {
    const work = async (right: WriteRight) => {
      const folder = await openFolder({ ...request, signal }, runtime);
      const owner = request.databaseGone
        ? await ownerOfGoneDatabase(request, folder, newest, runtime)
        : ownerOf(request, runtime);
      const writer = await folder.openForRepair({ right, owner, signal });
      return new Repair(request, folder, writer, runtime, signal).run(newest);
    };
    const answer = request.databaseGone ? await work(NO_LOCK) : await withLock({ ...request, signal }, runtime, work);
    if (answer === 'Locked') throw lockedError(request.database.identifier);
    return answer;
  });
}

/**
 * Without the server, the program runs outside of the account of the database, which may be gone too. A person has
 * confirmed the name of the database, so whoever the folder or the newest manifest names is the owner.
 */
async function ownerOfGoneDatabase(
  { database }: RepairRequest,
  folder: BackupFolder,
  newest: BackupId | undefined,
  runtime: Runtime,
): Promise<Owner> {
  // What is wrong with the manifest is found again, and said, by the repair.
  const manifestOwner = async (id: BackupId) =>
    (await folder.findBackup({ id }).catch(() => undefined))?.manifest.owner;
  const owner = (await folder.owner()) ?? (newest === undefined ? undefined : await manifestOwner(newest));
  return owner?.database === database.identifier ? owner : ownerOf({ database }, runtime);
}

class Repair {
  private readonly found: CatalogEntry[] = [];
  private readonly notWhole: { readonly backup: BackupId; readonly reason: string }[] = [];

  constructor(
    private readonly request: RepairRequest,
    private readonly folder: BackupFolder,
    private readonly writer: FolderWriter,
    private readonly runtime: Runtime,
    private readonly signal: AbortSignal,
  ) {}

  async run(newest: BackupId | undefined): Promise<RepairAnswer> {
    const before = this.completed();
    await this.follow(newest ?? (await this.findNewest()));
    // Where the chain ends at a damaged manifest, it goes on at the due times before it.
    for (let last = this.notWhole.at(-1); last !== undefined && this.request.dueTimes;) {
      const older = await this.findOlder(last.backup);
      if (older === undefined) break;
      await this.follow(older);
      last = this.notWhole.at(-1)?.backup === last.backup ? undefined : this.notWhole.at(-1);
    }
    if (this.found.length === 0) {
      throw new ActionError(
        'NotFound',
        `No backup that can be restored was found in ${this.folder.keys.folder}. Name the newest completed backup.`,
        this.notWhole,
      );
    }
    await this.writer.relist(this.found);
    const backups = this.completed();
    const answer = { backups, added: backups.filter((id) => !before.includes(id)), notWhole: this.notWhole };
    this.runtime.log.info('list-repaired', { ...answer });
    return answer;
  }

  private completed(): BackupId[] {
    return completedBackups(this.writer.catalog.entries)
      .map(({ id }) => id)
      .reverse();
  }

  /** Goes back from a backup through those before it, as far as there are manifests. */
  private async follow(newest: BackupId): Promise<void> {
    for (let id: BackupId | undefined = newest; id !== undefined;) {
      this.signal.throwIfAborted();
      const backup: StoredBackup | undefined = await this.read(id);
      if (!backup) return;
      const { manifest, manifestDigest } = backup;
      const damaged = await backup.damagedParts(sampleOf(manifest.parts), this.signal);
      if (damaged.length > 0) this.notWhole.push({ backup: id, reason: damaged.join(', ') });
      else this.found.push(completedEntry(manifest, manifestDigest));
      id = manifest.previous;
    }
  }

  private async read(id: BackupId): Promise<StoredBackup | undefined> {
    try {
      const backup = await this.folder.findBackup({ id });
      if (backup && !sameOwner(backup.manifest.owner, this.writer.catalog.owner)) {
        throw new ActionError('VerificationFailed', `The manifest of ${id} names another owner.`);
      }
      return backup;
    } catch (error) {
      if (!(error instanceof ActionError && error.kind === 'VerificationFailed')) throw error;
      this.notWhole.push({ backup: id, reason: error.message });
      return undefined;
    }
  }

  private async findNewest(): Promise<BackupId> {
    const found = await this.findAtDueTimes(this.runtime.now());
    if (found !== undefined) return found;
    throw new ActionError(
      'NotFound',
      `None of the last ${MAXIMUM_DUE_TIMES} due times has a backup in ${this.folder.keys.folder}. ` +
        'Name the newest completed backup.',
    );
  }

  private async findOlder(id: BackupId): Promise<BackupId | undefined> {
    const listed = new Set(this.found.map((entry) => entry.id));
    const older = await this.findAtDueTimes(timeOfBackupId(id));
    return older === undefined || listed.has(older) ? undefined : older;
  }

  /** The newest backup with a manifest at a due time before a moment. */
  private async findAtDueTimes(moment: Date): Promise<BackupId | undefined> {
    const due = idsDueBefore(this.request.dueTimes ?? [], moment);
    for (let looked = 0; looked < MAXIMUM_DUE_TIMES; looked += CONCURRENT_READS) {
      this.signal.throwIfAborted();
      const ids = take(due, CONCURRENT_READS);
      const there = await Promise.all(ids.map(async (id) => this.folder.hasManifest(id)));
      const index = there.indexOf(true);
      if (index >= 0) return ids[index];
    }
    return undefined;
  }
}

function take<T>(from: Iterator<T>, count: number): T[] {
  const taken: T[] = [];
  for (let next = from.next(); !next.done; next = from.next()) {
    taken.push(next.value);
    if (taken.length === count) break;
  }
  return taken;
}

function parseId(text: string): BackupId {
  try {
    return parseBackupId(text);
  } catch (error) {
    throw new ActionError('InvalidRequest', (error as Error).message);
  }
}
