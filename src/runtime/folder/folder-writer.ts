import { setMaxListeners } from 'node:events';
import { requireOwner } from './catalog-store';
import { idsDueBefore } from './due-times';
import { LockedCatalog, WriteRight } from './locked-catalog';
import { writeManifest } from './manifest-store';
import { PartChecks } from './part-checks';
import { readAgain } from './read-again';
import { sampleOf } from './sample';
import { StoredBackup, StoredParts } from './stored-backup';
import {
  awaitingFinalSweep,
  complete,
  completedEntry,
  deadRuns,
  deletingBackups,
  entryOf,
  fail,
  failDeadRuns,
  listCompleted,
  manifestCopyOf,
  markDeleting,
  markSwept,
  remove,
  reserve,
  start,
} from './transitions';
import { ActionError } from '../../contract/action-error';
import { BackupId } from '../../contract/backup-id';
import { newestCompleted } from '../../contract/backup-selection';
import { Catalog, CatalogEntry } from '../../contract/catalog';
import { Manifest } from '../../contract/manifest';
import { ObjectKeys } from '../../contract/object-keys';
import { Owner } from '../../contract/owner';
import { expiredBackups, expiredFailures } from '../../contract/retention';
import { Runtime } from '../runtime';
import { ObjectStore, ReadResult } from '../storage/object-store';

/** Deletions under way at once. */
const CONCURRENT_DELETIONS = 8;

/** Parts are reserved so many at a time: each reservation is a change of the catalog. */
const RESERVATION = 16;

/** Parts of a backup that are compared before a run that died is called completed, unless it has fewer. */
const RECOVERY_SAMPLE = 100;

/** Due times that are looked at for completed backups that the list lacks. */
const MAXIMUM_DUE_TIMES = 200;

export interface WriterOptions {
  readonly right: WriteRight;
  readonly owner: Owner;
  readonly signal: AbortSignal;
  /** When backups are due. @default - backups that the list lost are not looked for */
  readonly dueTimes?: readonly string[];
}

/** What reads the backups of the folder that is written to. */
export interface BackupReader {
  readonly keys: ObjectKeys;
  findBackup(expected: Pick<CatalogEntry, 'id' | 'manifestDigest' | 'manifestCopy'>): Promise<StoredBackup | undefined>;
}

/** The folder for its one writer: nothing is written or deleted before the right to it has been verified. */
export class FolderWriter {
  /** Of the backup that was started. */
  private checks?: PartChecks;

  constructor(
    private readonly folder: BackupReader,
    private readonly store: ObjectStore,
    private readonly locked: LockedCatalog,
    private readonly runtime: Pick<Runtime, 'log' | 'now'>,
    private readonly options: WriterOptions,
  ) {
    // Every part that is deleted or read may listen to it.
    setMaxListeners(0, options.signal);
  }

  get catalog(): Catalog {
    return this.locked.current;
  }

  entry(id: BackupId): CatalogEntry | undefined {
    return entryOf(this.catalog, id);
  }

  /**
   * Brings the list into agreement with the manifests, then deletes what failed runs left. A run that the list calls
   * Running or Failed but whose manifest and parts are there was completed. What cannot be examined or deleted now is
   * left to the next run.
   *
   * @param id of the run that is to start, if there is one
   * @returns the runs that died
   */
  async recover(id?: BackupId): Promise<CatalogEntry[]> {
    const completed = await this.findUnlisted(id);
    const dead: BackupId[] = [];
    const swept = await this.sweepFormerRuns();
    for (const entry of [...awaitingFinalSweep(this.catalog), ...deadRuns(this.catalog)]) {
      try {
        const backup = await this.findWhole(entry.id);
        if (backup) {
          this.runtime.log.warn('completed-run-found', { backup: entry.id, state: entry.state });
          completed.push(completedEntry(backup.manifest, backup.manifestDigest));
        } else {
          await this.deleteObjects(entry);
          (entry.state === 'Running' ? dead : swept).push(entry.id);
        }
      } catch (error) {
        this.runtime.log.warn('leftovers-not-deleted', { backup: entry.id, reason: (error as Error).message });
        if (entry.id === id || this.options.signal.aborted) throw error;
      }
    }
    const died = deadRuns(this.catalog).filter((entry) => dead.includes(entry.id));
    if (completed.length + dead.length + swept.length > 0) {
      await this.locked.apply((catalog) =>
        listCompleted(failDeadRuns(markSwept(catalog, swept), dead, this.runtime.now()), completed),
      );
    }
    return died;
  }

  /** The run begins: from here on the list names it. */
  async start(id: BackupId): Promise<void> {
    this.checks = this.checksOf(id);
    await this.locked.apply((catalog) => start(catalog, id, this.runtime.now()));
  }

  /** Makes sure that the list names as many parts as will be written. */
  async reserve(id: BackupId, highestPart: number): Promise<void> {
    if (highestPart > (this.entry(id)?.reservedParts ?? 0)) {
      await this.locked.apply((catalog) => reserve(catalog, id, highestPart + RESERVATION - 1));
    }
  }

  /** Stores a part. What is in `body` then may be what the storage gave back. */
  async writePart(id: BackupId, number: number, body: Buffer, sha256: string): Promise<void> {
    const size = body.length;
    await this.store.put(this.folder.keys.part(id, number), body, sha256);
    await this.checks?.begin({ number, size, sha256 }, body);
  }

  /** Deletes a part of a backup that is not completed. */
  async deletePart(id: BackupId, number: number): Promise<void> {
    await this.options.right.verify();
    await this.store.delete(this.folder.keys.part(id, number));
  }

  /**
   * Makes sure that all parts are there and a sample of them reads back as it was sent, stores the manifest, and lists the
   * backup as Completed.
   *
   * @returns the number of parts that were read back
   */
  async complete(manifest: Manifest): Promise<number> {
    const { backup: id, parts } = manifest;
    const { keys } = this.folder;
    const { damaged, readBack } = await (this.checks ?? this.checksOf(id)).finish(parts);
    if (damaged.length > 0) {
      throw new ActionError(
        'BackupFailed',
        `The storage took the parts but does not hold them: ${damaged.join(', ')}. Ask the provider of the storage.`,
      );
    }
    // A late request of an earlier run of this id may change manifest.json, but no key of this run's parts.
    const copy = this.entry(id)?.formerParts !== undefined ? manifestCopyOf(completedEntry(manifest, '')) : undefined;
    if (copy !== undefined) {
      await this.reserve(id, copy);
      await this.options.right.verify();
      await writeManifest(this.store, keys.part(id, copy), manifest);
    }
    await this.options.right.verify();
    const digest = await writeManifest(this.store, keys.manifest(id), manifest);
    await this.locked.apply((catalog) => complete(catalog, completedEntry(manifest, digest), copy));
    return readBack;
  }

  /**
   * After an error: the backup is completed all the same where its manifest and its parts are there. Else it is listed
   * as failed, and what it stored is deleted.
   *
   * @returns whether it is completed
   */
  async settle(id: BackupId, reason: string): Promise<boolean> {
    await this.locked.reread();
    const entry = this.entry(id);
    if (!entry || entry.state === 'Completed') return entry !== undefined;
    const backup = await this.findWhole(id);
    if (backup) {
      await this.locked.apply((catalog) =>
        listCompleted(catalog, [completedEntry(backup.manifest, backup.manifestDigest)]),
      );
      return true;
    }
    await this.locked.apply((catalog) => fail(catalog, id, reason, this.runtime.now()));
    await this.deleteObjects(this.entry(id)!);
    return false;
  }

  /**
   * Deletes the backups that have expired and what an earlier run began to delete: the entries become Deleting, then
   * their objects are deleted, then the entries.
   *
   * @throws StorageFault where the newest backup, which is kept, cannot be read: then nothing is deleted.
   */
  async prune(retentionDays: number): Promise<BackupId[]> {
    const now = this.runtime.now();
    const expired = expiredBackups(this.catalog.entries, retentionDays, now);
    if (expired.length > 0) {
      await this.requireReadable(newestCompleted(this.catalog.entries, now)!);
      await this.locked.apply((catalog) => markDeleting(catalog, expired));
    }
    const deleted: BackupId[] = [];
    for (const entry of deletingBackups(this.catalog)) {
      await this.deleteObjects(entry);
      deleted.push(entry.id);
    }
    const forgotten = expiredFailures(this.catalog.entries, retentionDays, now);
    if (deleted.length + forgotten.length > 0) {
      await this.locked.apply((catalog) => remove(catalog, [...deleted, ...forgotten]));
    }
    return deleted;
  }

  /** Lists completed backups, whatever the list said of them, and makes sure that `folder.json` is there. */
  async relist(completed: readonly CatalogEntry[]): Promise<void> {
    await this.locked.apply((catalog) => listCompleted(catalog, completed));
    await this.locked.writeRecord();
  }

  /**
   * A backup whose manifest and parts are there; undefined where one of them is missing or damaged.
   *
   * @throws Refused where it is of another database, as in a folder that was copied.
   */
  async findWhole(id: BackupId, sampleSize = RECOVERY_SAMPLE): Promise<StoredBackup | undefined> {
    const backup = await this.folder.findBackup({ id }).catch((error: unknown) => {
      if (error instanceof ActionError && error.kind === 'VerificationFailed') return undefined;
      throw error;
    });
    if (!backup) return undefined;
    requireOwner(backup.manifest.owner, this.options.owner);
    const { parts } = backup.manifest;
    const damaged = await backup.findDamage(parts, sampleOf(parts, sampleSize), this.options.signal);
    return damaged.length === 0 ? backup : undefined;
  }

  /**
   * Completed backups that the list does not name, as where it is an older one: at due times after the newest entry, and
   * those that their manifests name as the ones before them.
   */
  private async findUnlisted(own?: BackupId): Promise<CatalogEntry[]> {
    const newest = this.catalog.entries.at(-1)?.id ?? '';
    const found = new Map<BackupId, CatalogEntry>();
    const wanted = own === undefined || this.entry(own) ? [] : [own];
    if (!this.locked.isNew) {
      let looked = 0;
      for (const id of idsDueBefore(this.options.dueTimes ?? [], this.runtime.now())) {
        if (id <= newest || looked++ === MAXIMUM_DUE_TIMES) break;
        if (id !== own) wanted.push(id);
      }
    }
    for (const due of wanted) {
      for (let id: BackupId | undefined = due; id !== undefined && !this.entry(id) && !found.has(id);) {
        const backup: StoredBackup | undefined = await this.findUnlistedBackup(id);
        if (backup) found.set(id, completedEntry(backup.manifest, backup.manifestDigest));
        id = backup?.manifest.previous;
      }
    }
    return [...found.values()];
  }

  private async findUnlistedBackup(id: BackupId): Promise<StoredBackup | undefined> {
    const key = this.folder.keys.manifest(id);
    // Once more: nobody looks for it again once a newer one is listed.
    const isThere = isFound(await this.store.get(key)) || isFound(await this.store.get(key));
    try {
      const backup = isThere ? await this.findWhole(id) : undefined;
      if (backup) this.runtime.log.warn('unlisted-backup-found', { backup: id });
      return backup;
    } catch (error) {
      if (!(error instanceof ActionError && error.kind === 'Refused')) throw error;
      this.runtime.log.warn('foreign-backup-found', { backup: id, reason: error.message });
      return undefined;
    }
  }

  /**
   * Looks after the backups whose id was run more than once: a late request of an earlier run may have changed the
   * manifest, which is then put back from its copy, or stored a part, which is deleted.
   *
   * @returns the backups that were looked after
   */
  private async sweepFormerRuns(): Promise<BackupId[]> {
    const done: BackupId[] = [];
    for (const { id, manifestDigest, manifestCopy, formerParts = 0, sweepsLeft = 0, state } of this.catalog.entries) {
      if (manifestCopy === undefined || state !== 'Completed') continue;
      const { keys } = this.folder;
      const present = await this.folder.findBackup({ id, manifestDigest }).catch(() => undefined);
      const backup = present ?? (await this.folder.findBackup({ id, manifestDigest, manifestCopy }));
      await this.options.right.verify();
      if (present) {
        await this.deleteParts(id, [...numbersTo(formerParts), ...(sweepsLeft > 1 ? [] : [manifestCopy])]);
        done.push(id);
      } else if (backup) {
        this.runtime.log.warn('manifest-restored', { backup: id });
        await writeManifest(this.store, keys.manifest(id), backup.manifest);
      }
    }
    return done;
  }

  private checksOf(id: BackupId): PartChecks {
    return new PartChecks(new StoredParts(this.store, this.folder.keys, id), this.options.signal);
  }

  private async requireReadable({ id, manifestDigest, manifestCopy }: CatalogEntry): Promise<void> {
    const backup = await this.folder.findBackup({ id, manifestDigest, manifestCopy });
    if (!backup) {
      throw new ActionError(
        'StorageFault',
        `Nothing was deleted: the manifest of ${id}, the newest completed backup, cannot be read.`,
      );
    }
  }

  /**
   * Deletes every object that a backup can have: the manifest first, so that nobody begins to read it, then all parts
   * that were ever reserved for it. Harmless when done again. The manifest of a failed run is deleted only where there is
   * one, so that no late DELETE meets the manifest of a later run of the same id.
   */
  private async deleteObjects({ id, reservedParts, state }: CatalogEntry): Promise<void> {
    const { keys } = this.folder;
    const manifest = keys.manifest(id);
    await this.options.right.verify();
    if (state === 'Deleting' || (await readAgain(this.store, manifest, isFound)).kind === 'found') {
      await this.store.delete(manifest);
    }
    if (state === 'Deleting') await this.store.delete(keys.proof(id));
    await this.deleteParts(id, numbersTo(reservedParts));
  }

  private async deleteParts(id: BackupId, numbers: readonly number[]): Promise<void> {
    const left = numbers.values();
    const deleteInTurn = async () => {
      for (const number of left) {
        this.options.signal.throwIfAborted();
        await this.options.right.verify();
        await this.store.delete(this.folder.keys.part(id, number));
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_DELETIONS }, deleteInTurn));
  }
}

function numbersTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

function isFound({ kind }: ReadResult): boolean {
  return kind === 'found';
}
