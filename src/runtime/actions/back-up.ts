import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFolder, openForWriting, withLock } from './locked-folder';
import { pruneAnswer, pruneFolder, requireRetentionDays } from './prune';
import { ActionError } from '../../contract/action-error';
import { BackupId, backupIdOf, parseBackupId } from '../../contract/backup-id';
import { newestCompleted } from '../../contract/backup-selection';
import { CatalogEntry } from '../../contract/catalog';
import { BackupEvent, MAXIMUM_EVENT_IDS, MAXIMUM_REASON_CHARACTERS } from '../../contract/events';
import { notLeftOutRemark } from '../../contract/left-out';
import { Manifest, MANIFEST_FORMAT, Part } from '../../contract/manifest';
import { Remark } from '../../contract/remark';
import { BackUpAnswer, BackUpRequest, PruneAnswer } from '../../contract/requests';
import { StorageSettings } from '../../contract/storage-settings';
import { BufferPool } from '../archive/buffer-pool';
import { PartsTarget } from '../archive/parts-writer';
import { functionMemoryMib, thisMachine, transferLimits } from '../archive/transfer-limits';
import { withinDeadline } from '../deadline';
import { DumpedDatabase, dumpDatabase, DumpJob } from '../dump/dump';
import { DumpProgress } from '../dump/dump-progress';
import { publishEvents } from '../events';
import { FolderWriter } from '../folder/folder-writer';
import { emitMetrics } from '../metrics';
import { ADMINISTRATION_DATABASE, DatabaseConnection, withClient } from '../postgres/connection';
import { readServerRemarks } from '../postgres/remarks';
import { readRoles } from '../postgres/roles';
import { readServerVersion, readSizes, readUserDatabases, UserDatabase } from '../postgres/server';
import { requireWritableTexts } from '../postgres/server-names';
import { findDumpClient } from '../postgres/tools';
import { requireTime } from '../require-time';
import { Runtime } from '../runtime';
import { ObjectStore } from '../storage/object-store';

/** What a backup id names: a second. */
const SECOND_MS = 1000;

/** Databases below this size are dumped beside the others. An empty one has half of it. */
const SMALL_DATABASE_BYTES = 16 * 1024 * 1024;

/**
 * Makes a backup of every user database of a server, then deletes the backups that have expired.
 *
 * @throws what stopped it; the list of backups then names it as Failed, unless the list could not be written either.
 */
export async function backUp(request: BackUpRequest, runtime: Runtime): Promise<BackUpAnswer> {
  for (;;) {
    const answer = await backUpOnce(request, runtime);
    if (answer.outcome !== 'AlreadyCompleted' || request.dueAt !== undefined) return answer;
    // A run by hand is no repetition: the backup that was begun in the same second may lack what was written since.
    await sleep(SECOND_MS - (runtime.now().getTime() % SECOND_MS));
  }
}

async function backUpOnce(request: BackUpRequest, given: Runtime): Promise<BackUpAnswer> {
  const { runtime, storageRetries } = withRetryCount(given);
  requireRetentionDays(request.retentionDays);
  const id = idOf(request, runtime);
  const startedAt = runtime.now();
  try {
    const answer = await withinDeadline(runtime, 'BackupFailed', async (signal) => {
      // The server and the storage are asked at the same time. A failure counts when the answer is needed.
      const folder = openFolder({ ...request, signal }, runtime);
      folder.catch(() => undefined);
      return withLock({ ...request, signal }, runtime, async (lock, connection) => {
        const server = readServer(connection, runtime);
        server.catch(() => undefined);
        try {
          const writer = await openForWriting({ ...request, signal }, runtime, lock, folder);
          const run = new BackupRun(id, request, runtime, connection, writer, server, signal, storageRetries);
          return await run.run(startedAt);
        } finally {
          await Promise.allSettled([server]);
        }
      });
    });
    if (answer !== 'Locked') return answer;
    runtime.log.warn('backup-locked', { backup: id });
    emitMetrics(runtime.log, { BackupLocked: 1 }, subjectOf(request), runtime.now());
    return { backup: id, outcome: 'Locked', durationMs: elapsed(runtime, startedAt) };
  } catch (error) {
    runtime.log.warn('backup-failed', { backup: id, reason: (error as Error).message });
    emitMetrics(runtime.log, { BackupFailed: 1 }, subjectOf(request), runtime.now());
    const reason = (error as Error).message.slice(0, MAXIMUM_REASON_CHARACTERS);
    await send(request, runtime, [{ type: 'Backup Failed', detail: { ...subjectOf(request), backup: id, reason } }]);
    throw error;
  }
}

/** What a backup has of the server, outside of its databases. */
type Server = Awaited<ReturnType<typeof readServer>>;

async function readServer(connection: DatabaseConnection, runtime: Runtime) {
  return withClient(connection, ADMINISTRATION_DATABASE, async (pg) => {
    const roles = await readRoles(pg);
    const version = await readServerVersion(pg);
    const identities = await readUserDatabases(pg);
    const [databases, client, withForeignNames] = await Promise.all([
      // The server looks at every file of a database.
      readSizes(pg, identities),
      findDumpClient(version.major, runtime.workDirectory),
      requireWritableTexts(connection, identities, runtime.log),
    ]);
    return { version, databases, client, withForeignNames, ...roles, remarks: await readServerRemarks(pg, roles) };
  });
}

/** One run under the lock. */
class BackupRun {
  constructor(
    private readonly id: BackupId,
    private readonly request: BackUpRequest,
    private readonly runtime: Runtime,
    private readonly connection: DatabaseConnection,
    private readonly writer: FolderWriter,
    private readonly server: Promise<Server>,
    private readonly signal: AbortSignal,
    private readonly storageRetries: () => number,
  ) {}

  async run(startedAt: Date): Promise<BackUpAnswer> {
    let foundDeadRun = false;
    for (const { id, startedAt: since } of await this.writer.recover(this.id)) {
      this.runtime.log.warn('dead-run-found', { backup: id, startedAt: since });
      emitMetrics(this.runtime.log, { BackupFailed: 1 }, subjectOf(this.request), this.runtime.now());
      foundDeadRun ||= id !== this.id;
      const detail = { ...subjectOf(this.request), backup: id, reason: 'The run ended without recording a result.' };
      await send(this.request, this.runtime, [{ type: 'Backup Failed', detail }]);
    }
    const present = this.entry?.state;
    if (present === 'Completed' || present === 'Deleting') {
      this.runtime.log.info('backup-already-completed', { backup: this.id });
      return { backup: this.id, outcome: 'AlreadyCompleted', durationMs: elapsed(this.runtime, startedAt) };
    }
    let remarks: readonly Remark[] = [];
    let sampledParts: number | undefined;
    try {
      await this.writer.start(this.id);
      this.runtime.log.info('backup-started', { backup: this.id });
      const manifest = await this.dumpAndStore();
      remarks = manifest.remarks;
      this.signal.throwIfAborted();
      sampledParts = await this.writer.complete(manifest);
    } catch (error) {
      await this.settle(error);
    }
    const { storedBytes, databaseBytes } = this.entry!;
    const answer: BackUpAnswer = {
      backup: this.id,
      outcome: 'Completed',
      storedBytes,
      databaseBytes,
      sampledParts,
      durationMs: elapsed(this.runtime, startedAt),
      remarks,
      pruned: await this.prune(),
    };
    this.runtime.log.info('backup-completed', { ...answer });
    this.reportCompletion(answer, foundDeadRun);
    await send(this.request, this.runtime, completionEvents(this.request, answer));
    return answer;
  }

  /** A dead run of an earlier backup is first noticed now: its alarm stays until the next completed backup. */
  private reportCompletion(
    { storedBytes = 0, databaseBytes = 0, durationMs, pruned }: BackUpAnswer,
    foundDeadRun: boolean,
  ): void {
    const seconds = durationMs / 1000;
    const values = {
      BackupAge: 0,
      BackupFailed: foundDeadRun ? 1 : 0,
      BackupDuration: seconds,
      DatabaseSize: databaseBytes,
      StoredSize: storedBytes,
      BackupRate: seconds > 0 ? databaseBytes / seconds : 0,
      StorageRetries: this.storageRetries(),
      BackupsPruned: pruned?.deleted.length ?? 0,
    };
    emitMetrics(this.runtime.log, values, subjectOf(this.request), this.runtime.now());
  }

  private get newestCompleted(): CatalogEntry | undefined {
    return newestCompleted(this.writer.catalog.entries, this.runtime.now());
  }

  private get entry(): CatalogEntry | undefined {
    return this.writer.entry(this.id);
  }

  private async dumpAndStore(): Promise<Manifest> {
    const server = await this.server;
    const bytes = server.databases.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.requireTime(bytes);

    this.note(server.remarks);
    const dumps = await this.dumpAll(server, new DumpProgress(this.runtime.reportWork, this.expectedBytes(bytes)));
    const { leaveOut = [] } = this.request;
    const leftOut = new Set(dumps.flatMap((dump) => dump.leftOut));
    const notLeftOut = leaveOut.filter((each) => !leftOut.has(each)).map(notLeftOutRemark);
    this.note(notLeftOut);

    const previous = this.newestCompleted?.id;
    return {
      format: MANIFEST_FORMAT,
      backup: this.id,
      owner: this.writer.catalog.owner,
      ...(previous && { previous }),
      libraryVersion: this.runtime.libraryVersion,
      // Behind the wait for the lock, which says nothing of the time that the next backup takes.
      startedAt: this.entry!.startedAt,
      endedAt: this.runtime.now().toISOString(),
      ...(functionMemoryMib() && { functionMemoryMib: functionMemoryMib() }),
      engine: {
        name: 'postgres',
        serverVersion: server.version.text,
        serverMajor: server.version.major,
        clientVersion: server.client.text,
      },
      plan: this.request.database.plan,
      master: this.connection.username,
      roles: server.roles,
      memberships: server.memberships,
      remarks: [...server.remarks, ...dumps.flatMap(({ remarks }) => remarks), ...notLeftOut],
      databases: dumps.map(({ facts }) => facts),
      files: dumps.flatMap(({ files }) => files),
      parts: dumps.flatMap(({ parts }) => parts).sort((one, other) => one.number - other.number),
    };
  }

  private note(remarks: readonly Remark[]): void {
    for (const remark of remarks) this.runtime.log.warn('backup-remark', { backup: this.id, ...remark });
  }

  /** Dumps the databases in turn, and beside them the small ones, for which a run mostly waits. */
  private async dumpAll(server: Server, progress: DumpProgress): Promise<DumpedDatabase[]> {
    const limits = transferLimits(thisMachine());
    const target = this.partsTarget(new BufferPool(limits.parts, limits.partBytes));
    const failure = new AbortController();
    const signal = AbortSignal.any([this.signal, failure.signal]);
    const dumpInTurn = async (databases: readonly UserDatabase[], jobs: number) => {
      const dumps: DumpedDatabase[] = [];
      for (const database of databases) {
        dumps.push(await this.dump(database, server, { jobs, target: { ...target, signal }, progress, signal }));
      }
      return dumps;
    };
    const isSmall = ({ sizeBytes }: UserDatabase) => sizeBytes < SMALL_DATABASE_BYTES;
    const large = server.databases.filter((database) => !isSmall(database));
    const dumping = [dumpInTurn(large, limits.jobs), dumpInTurn(server.databases.filter(isSmall), 1)];
    for (const each of dumping) each.catch((error) => failure.abort(error));
    await Promise.allSettled(dumping);
    signal.throwIfAborted();
    const order = server.databases.map(({ name }) => name);
    const place = ({ facts }: DumpedDatabase) => order.indexOf(facts.name);
    return (await Promise.all(dumping)).flat().sort((one, other) => place(one) - place(other));
  }

  private async dump(
    database: UserDatabase,
    { version, databases, client, withForeignNames }: Server,
    how: Pick<DumpJob, 'jobs' | 'target' | 'progress' | 'signal'>,
  ): Promise<DumpedDatabase> {
    const workDirectory = join(this.runtime.workDirectory, `dump-${databases.indexOf(database)}`);
    const dumped = await dumpDatabase({
      ...how,
      connection: { ...this.connection, serverMajor: version.major },
      database,
      client,
      leaveOut: this.request.leaveOut ?? [],
      hasForeignNames: withForeignNames.has(database.name),
      workDirectory,
      log: this.runtime.log,
    });
    await rm(workDirectory, { recursive: true, force: true });
    this.note(dumped.remarks);
    const { parts } = dumped;
    const stored = { backup: this.id, database: database.name, parts: parts.length, bytes: bytesOf(parts) };
    this.runtime.log.info('database-stored', stored);
    return dumped;
  }

  /** @throws BackupFailed where the newest backup says that the databases are too large for the function's time */
  private requireTime(bytes: number): void {
    const past = this.newestCompleted;
    if (past?.endedAt === undefined || past.databaseBytes === undefined) return;
    const durationMs = Date.parse(past.endedAt) - Date.parse(past.startedAt);
    const pastRun = { bytes: past.databaseBytes, durationMs, memoryMib: past.functionMemoryMib };
    requireTime({ backup: this.id, work: 'The backup', bytes, past: pastRun }, 'BackupFailed', this.runtime);
  }

  /** Bytes of parts that databases of this size will have, as far as the newest backup tells. */
  private expectedBytes(bytes: number): number | undefined {
    const past = this.newestCompleted;
    if (!past?.storedBytes || !past.databaseBytes) return undefined;
    return (past.storedBytes * bytes) / past.databaseBytes;
  }

  /** Part numbers go on behind those of an earlier run of the same backup, of which a late one may still arrive. */
  private partsTarget(buffers: BufferPool): PartsTarget {
    let next = this.entry!.reservedParts + 1;
    return {
      buffers,
      signal: this.signal,
      nextNumber: async () => {
        const number = next++;
        await this.writer.reserve(this.id, number);
        return number;
      },
      put: async (part, body, sha256) => this.writer.writePart(this.id, part, body, sha256),
      delete: async (part) => this.writer.deletePart(this.id, part),
    };
  }

  /** After an error: throws it, unless the backup is completed all the same because only an answer was lost. */
  private async settle(error: unknown): Promise<void> {
    const reason = (error as Error).message;
    try {
      if (await this.writer.settle(this.id, reason)) {
        this.runtime.log.warn('completion-answer-lost', { backup: this.id, reason });
        return;
      }
    } catch (further) {
      // The entry stays Running: the next run finds it and clears up.
      this.runtime.log.warn('failure-not-written-down', { backup: this.id, reason: (further as Error).message });
    }
    throw error instanceof ActionError ? error : new ActionError('BackupFailed', reason);
  }

  /** The backup is completed whatever becomes of this; a deletion that was cut short goes on in the next run. */
  private async prune(): Promise<PruneAnswer> {
    try {
      return await pruneFolder(this.writer, this.request.retentionDays, this.runtime);
    } catch (error) {
      const note = `Old backups could not be deleted: ${(error as Error).message} The next run goes on with it.`;
      this.runtime.log.warn('prune-failed', { backup: this.id, note });
      return { ...pruneAnswer([], this.writer.catalog, this.request.retentionDays, this.runtime.now()), note };
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

function completionEvents(request: BackUpRequest, answer: BackUpAnswer): BackupEvent[] {
  const { backup, databaseBytes, storedBytes, durationMs, pruned } = answer;
  const subject = subjectOf(request);
  const deleted = pruned?.deleted.slice(0, MAXIMUM_EVENT_IDS) ?? [];
  return [
    { type: 'Backup Completed', detail: { ...subject, backup, databaseBytes, storedBytes, durationMs } },
    ...(deleted.length === 0
      ? []
      : [{ type: 'Backups Pruned', detail: { ...subject, deleted, kept: pruned!.kept } } as const]),
  ];
}

async function send({ events }: BackUpRequest, runtime: Runtime, sent: readonly BackupEvent[]): Promise<void> {
  if (events) await publishEvents(sent, runtime.region, runtime.log);
}

function bytesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.size, 0);
}

function elapsed(runtime: Runtime, since: Date): number {
  return runtime.now().getTime() - since.getTime();
}

/** The same runtime, and the number of requests to its storage that were repeated. */
function withRetryCount(runtime: Runtime): { readonly runtime: Runtime; readonly storageRetries: () => number } {
  const stores: ObjectStore[] = [];
  const openStorage = async (settings: StorageSettings) => {
    const store = await runtime.openStorage(settings);
    stores.push(store);
    return store;
  };
  return {
    runtime: { ...runtime, openStorage },
    storageRetries: () => stores.reduce((sum, { retries = 0 }) => sum + retries, 0),
  };
}

/** The backup that the metrics of a run are about. */
function subjectOf({ database, schedule }: BackUpRequest) {
  return { database: database.identifier, schedule };
}
