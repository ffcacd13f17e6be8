import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ownerOf, pruneCatalog, requireRetentionDays } from './prune';
import { ActionError } from '../../contract/action-error';
import { BackupId, backupIdOf, parseBackupId } from '../../contract/backup-id';
import { selectBackup } from '../../contract/backup-selection';
import { CatalogEntry } from '../../contract/catalog';
import { BACKUP_FAILED_METRIC } from '../../contract/deployed-names';
import { ManifestDatabase, DumpFile, Manifest, MANIFEST_FORMAT, Part } from '../../contract/manifest';
import { Remark } from '../../contract/remark';
import { BackUpAnswer, BackUpRequest, PruneAnswer } from '../../contract/requests';
import { writeParts } from '../archive/parts-writer';
import { withinDeadline } from '../deadline';
import { dumpDatabase } from '../dump/dump';
import { BackupFolder } from '../folder/backup-folder';
import { LockedCatalog } from '../folder/locked-catalog';
import {
  complete,
  deadRuns,
  entryOf,
  fail,
  recoverDeadRuns,
  reserve,
  start,
  markSwept,
  awaitingFinalSweep,
} from '../folder/transitions';
import { emitMetric } from '../metrics';
import { ADMINISTRATION_DATABASE, DatabaseConnection, resolveConnection, withClient } from '../postgres/connection';
import { WriterLock } from '../postgres/lock';
import { readRemarksOfDatabases, readServerRemarks } from '../postgres/remarks';
import { readRoles } from '../postgres/roles';
import { readServerVersion, readUserDatabases } from '../postgres/server';
import { findDumpClient } from '../postgres/tools';
import { Runtime } from '../runtime';

/**
 * Makes a backup of every user database of a server, then deletes what the retention lets go.
 *
 * @throws what stopped it; the list of backups then names it as Failed, unless the list could not be written either.
 */
export async function backUp(request: BackUpRequest, runtime: Runtime): Promise<BackUpAnswer> {
  requireRetentionDays(request.retentionDays);
  const id = idOf(request, runtime);
  const startedAt = runtime.now();
  try {
    return await withinDeadline(runtime, 'BackupFailed', async (signal) => {
      const connection = await resolveConnection(request.database, runtime);
      const lock = await WriterLock.take(connection, request.database.identifier);
      if (!lock) {
        runtime.log.warn('backup-locked', { backup: id });
        return { backup: id, outcome: 'Locked', durationMs: elapsed(runtime, startedAt) };
      }
      try {
        const owner = ownerOf(request.database.identifier, runtime);
        const folder = await BackupFolder.open({ storage: request.storage, database: owner.database }, runtime);
        const catalog = await folder.openCatalog(lock, owner);
        return await new BackupRun(id, request, runtime, connection, folder, catalog, signal).run(startedAt);
      } finally {
        await lock.release();
      }
    });
  } catch (error) {
    runtime.log.warn('backup-failed', { backup: id, reason: (error as Error).message });
    emitMetric(runtime.log, BACKUP_FAILED_METRIC, 1, subjectOf(request), runtime.now());
    throw error;
  }
}

/** One run under the lock. */
class BackupRun {
  constructor(
    private readonly id: BackupId,
    private readonly request: BackUpRequest,
    private readonly runtime: Runtime,
    private readonly connection: DatabaseConnection,
    private readonly folder: BackupFolder,
    private readonly catalog: LockedCatalog,
    private readonly signal: AbortSignal,
  ) {}

  async run(startedAt: Date): Promise<BackUpAnswer> {
    const present = this.entry?.state;
    if (present === 'Completed' || present === 'Deleting') {
      this.runtime.log.info('backup-already-completed', { backup: this.id });
      return { backup: this.id, outcome: 'AlreadyCompleted', durationMs: elapsed(this.runtime, startedAt) };
    }
    await this.begin();
    let remarks: readonly Remark[] = [];
    try {
      const manifest = await this.dumpAndStore(startedAt);
      remarks = manifest.remarks;
      await this.complete(manifest);
    } catch (error) {
      await this.settle(error);
    }
    const { storedBytes, databaseBytes } = this.entry!;
    const answer: BackUpAnswer = {
      backup: this.id,
      outcome: 'Completed',
      storedBytes,
      databaseBytes,
      durationMs: elapsed(this.runtime, startedAt),
      remarks,
      pruned: await this.prune(),
    };
    this.runtime.log.info('backup-completed', { ...answer });
    return answer;
  }

  private get entry(): CatalogEntry | undefined {
    return entryOf(this.catalog.current, this.id);
  }

  /** Clears up behind earlier runs, and writes down that this one runs. */
  private async begin(): Promise<void> {
    const dead = deadRuns(this.catalog.current);
    for (const entry of dead) {
      this.runtime.log.warn('dead-run-found', { backup: entry.id, startedAt: entry.startedAt });
      emitMetric(this.runtime.log, BACKUP_FAILED_METRIC, 1, subjectOf(this.request), this.runtime.now());
    }
    const cleared = await this.clear(awaitingFinalSweep(this.catalog.current));
    await this.clear(dead);
    const now = this.runtime.now();
    await this.catalog.apply((catalog) => start(recoverDeadRuns(markSwept(catalog, cleared), now), this.id, now));
    this.runtime.log.info('backup-started', { backup: this.id });
  }

  /**
   * Deletes what failed backups can have left. What cannot be deleted now is tried again by the next run: it must not
   * keep this one from making a backup.
   */
  private async clear(entries: readonly CatalogEntry[]): Promise<BackupId[]> {
    const cleared: BackupId[] = [];
    for (const entry of entries) {
      try {
        await this.folder.deleteBackup(entry, this.signal);
        cleared.push(entry.id);
      } catch (error) {
        this.runtime.log.warn('leftovers-not-deleted', { backup: entry.id, reason: (error as Error).message });
      }
    }
    return cleared;
  }

  private async dumpAndStore(startedAt: Date): Promise<Manifest> {
    const server = await withClient(this.connection, ADMINISTRATION_DATABASE, async (pg) => {
      const roles = await readRoles(pg);
      return {
        version: await readServerVersion(pg),
        databases: await readUserDatabases(pg),
        ...roles,
        remarks: await readServerRemarks(pg, roles),
      };
    });
    const client = await findDumpClient(server.version.major, this.runtime.workDirectory);

    const remarks = [...server.remarks, ...(await readRemarksOfDatabases(this.connection, server.databases))];
    for (const remark of remarks) {
      this.runtime.log.warn('backup-remark', { backup: this.id, ...remark });
    }

    const databases: ManifestDatabase[] = [];
    const files: DumpFile[] = [];
    const parts: Part[] = [];
    const firstPart = this.entry!.reservedParts + 1;
    for (const database of server.databases) {
      const workDirectory = join(this.runtime.workDirectory, 'dump');
      const dumped = await dumpDatabase({
        connection: this.connection,
        database,
        client,
        workDirectory,
        signal: this.signal,
        log: this.runtime.log,
      });
      const written = await writeParts(dumped.files, {
        firstPart: firstPart + parts.length,
        reserve: async (highest) => this.catalog.apply((catalog) => reserve(catalog, this.id, highest)),
        put: async (part, body) => this.folder.writePart(this.id, part, body),
        signal: this.signal,
      });
      await rm(workDirectory, { recursive: true });
      databases.push(dumped.facts);
      remarks.push(...dumped.remarks);
      files.push(...written.files);
      parts.push(...written.parts);
      this.runtime.log.info('database-stored', {
        backup: this.id,
        database: database.name,
        parts: written.parts.length,
        bytes: bytesOf(written.parts),
      });
    }

    const previous = selectBackup(this.catalog.current.entries, { kind: 'latest' })?.id;
    return {
      format: MANIFEST_FORMAT,
      backup: this.id,
      owner: this.catalog.current.owner,
      ...(previous && { previous }),
      libraryVersion: this.runtime.libraryVersion,
      startedAt: startedAt.toISOString(),
      endedAt: this.runtime.now().toISOString(),
      engine: {
        name: 'postgres',
        serverVersion: server.version.text,
        serverMajor: server.version.major,
        clientVersion: client.text,
      },
      plan: this.request.database.plan,
      master: this.connection.username,
      roles: server.roles,
      memberships: server.memberships,
      remarks,
      databases,
      files,
      parts,
    };
  }

  private async complete(manifest: Manifest): Promise<void> {
    this.signal.throwIfAborted();
    await this.folder.writeManifest(manifest);
    const facts = {
      storedBytes: bytesOf(manifest.parts),
      databaseBytes: manifest.databases.reduce((sum, database) => sum + database.sizeBytes, 0),
      serverVersion: manifest.engine.serverVersion,
    };
    await this.catalog.apply((catalog) => complete(catalog, this.id, facts, this.runtime.now()));
  }

  /**
   * After an error: the backup is Completed all the same if the store took the last write and only its answer was
   * lost. Else it is written down as failed, and what it stored is deleted.
   */
  private async settle(error: unknown): Promise<void> {
    try {
      await this.catalog.reread();
      if (this.entry?.state === 'Completed') {
        this.runtime.log.warn('completion-answer-lost', { backup: this.id, reason: (error as Error).message });
        return;
      }
      await this.catalog.apply((catalog) => fail(catalog, this.id, (error as Error).message, this.runtime.now()));
      await this.clear([this.entry!]);
    } catch (further) {
      // The entry stays Running: the next run finds it and clears up.
      this.runtime.log.warn('failure-not-written-down', { backup: this.id, reason: (further as Error).message });
    }
    throw error instanceof ActionError ? error : new ActionError('BackupFailed', (error as Error).message);
  }

  /** The backup is completed whatever becomes of this; a deletion that was cut short goes on in the next run. */
  private async prune(): Promise<PruneAnswer> {
    try {
      return await pruneCatalog(this.folder, this.catalog, this.request.retentionDays, this.runtime, this.signal);
    } catch (error) {
      const note = `Old backups could not be deleted: ${(error as Error).message} The next run goes on with it.`;
      this.runtime.log.warn('prune-failed', { backup: this.id, note });
      return {
        deleted: [],
        kept: this.catalog.current.entries.filter(({ state }) => state === 'Completed').length,
        note,
      };
    }
  }
}

function idOf(request: BackUpRequest, runtime: Runtime): BackupId {
  try {
    return request.dueAt === undefined ? backupIdOf(runtime.now()) : parseBackupId(request.dueAt);
  } catch (error) {
    throw new ActionError('InvalidRequest', (error as Error).message);
  }
}

function bytesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.size, 0);
}

function elapsed(runtime: Runtime, since: Date): number {
  return runtime.now().getTime() - since.getTime();
}

/** The backup that the metrics of a run are about. */
function subjectOf({ database, schedule }: BackUpRequest) {
  return { database: database.identifier, schedule };
}
