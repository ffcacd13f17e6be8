import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { requireComplete } from './completeness';
import { DumpProgress } from './dump-progress';
import { describeTooLongRow, tableOfTooLongRow } from './large-values';
import { findLeftOut, LeftOutObjects } from './left-out';
import { LockMode, lockMode, readLockRoom } from './locks';
import { firstOf, runPgDump } from './pg-dump';
import { SessionRelay } from './session-relay';
import { Shipping } from './shipping';
import { beginSnapshot, exportSnapshot, limitLockWait, readChangedTables } from './snapshot';
import { TableOfContents } from './table-of-contents';
import { ActionError } from '../../contract/action-error';
import { LeftOut } from '../../contract/left-out';
import { DatabaseIdentity, DumpFile, ManifestDatabase, Part, folderOfDatabase } from '../../contract/manifest';
import { Remark } from '../../contract/remark';
import { TABLE_OF_CONTENTS } from '../archive/listing';
import { PartsTarget, PartsWriter } from '../archive/parts-writer';
import { Log } from '../log';
import { DatabaseConnection, withClient } from '../postgres/connection';
import { exchangesBytes, inManifest, readableName } from '../postgres/encoding';
import { readDatabaseRemarks } from '../postgres/remarks';
import { UserDatabase } from '../postgres/server';
import {
  countLockableTables,
  countRows,
  DatabaseContents,
  DumpedTable,
  ForeignContent,
  qualified,
  readContents,
  readFileNodes,
  readForeignContents,
  readLockableTables,
  readUnreadable,
  SnapshotTable,
  TableName,
  Unreadable,
} from '../postgres/tables';
import { DumpClient } from '../postgres/tools';

export interface DumpJob {
  readonly connection: DatabaseConnection;
  readonly database: UserDatabase;
  readonly client: DumpClient;
  readonly leaveOut: readonly LeftOut[];
  /** The dump has names of roles that are not valid in the encoding of the database. */
  readonly hasForeignNames: boolean;
  /** Where the dump's directory is created; the caller deletes its content. */
  readonly workDirectory: string;
  /** Tables that are dumped at the same time. */
  readonly jobs: number;
  readonly target: PartsTarget;
  readonly progress: DumpProgress;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface DumpedDatabase {
  readonly facts: ManifestDatabase;
  readonly files: readonly DumpFile[];
  readonly parts: readonly Part[];
  /** What a restore cannot bring back, messages of pg_dump that did not make it fail, and what is not in the dump. */
  readonly remarks: readonly Remark[];
  /** What of `leaveOut` this database has. */
  readonly leftOut: readonly LeftOut[];
}

/** What an error names at most; the log has all. */
const NAMED_TABLES = 20;

/** Messages about a table that changed, was dropped or was locked by others after this program had listed it. */
const LOST_RACE =
  /could not obtain lock on relation|relation .* does not exist|could not open relation|cache lookup|deadlock|LOCK TABLE|lock timeout/;

/** The first pg_dump that reads names from a file. */
const FIRST_MAJOR_WITH_FILTER = 17;

/** The server's table of locks is full. */
const NO_ROOM_FOR_LOCKS = /out of shared memory|max_locks_per_transaction/;

/**
 * How long pg_dump waits for a lock. Where this program has the same lock already, only a change that waits for it can
 * keep pg_dump from its own, and neither would ever continue.
 */
const LOCK_WAIT_MS = 2000;

/** pg_dump spoils a name that is not valid in the encoding of the dump; in this one every byte is. */
const BYTES = 'SQL_ASCII';

/** How often the directory is asked for the table of contents. */
const POLL_MS = 20;

interface Contents extends DatabaseContents {
  /** The tables that were not locked before the snapshot was taken. */
  readonly unlocked: readonly SnapshotTable[];
}

/** Tables were changed after the snapshot and before they were locked. */
class TablesChanged extends ActionError {
  constructor(database: string, change: string, tables: readonly string[]) {
    super(
      'BackupFailed',
      `${tables.length} tables of database ${database} were ${change}: ${firstOf(tables, NAMED_TABLES)}. ` +
        'Run the backup when no table is truncated, rewritten or altered.',
    );
  }
}

/** The snapshot sees such a table as empty. */
const REWRITTEN = 'emptied or rewritten while the dump began, so it would lack their rows';

/** Statements that the server writes down for a dump are those of the present, not those of the snapshot. */
const ALTERED = 'altered while the dump began, so their definitions in it could contradict one another';

/**
 * Dumps one database and stores the dump: everything that its snapshot sees, or an error that names what is in the way.
 * A dump that lost a race with changes of tables is made once more in the mode that waits for no lock.
 *
 * @throws BackupFailed, DatabaseFault, or the reason of the signal.
 */
export async function dumpDatabase(job: DumpJob): Promise<DumpedDatabase> {
  try {
    const writer = new PartsWriter(job.target);
    return await dumpOnce(job, undefined, writer).catch(async (error) => {
      if (!isLostRace(error)) throw error;
      job.log.warn('dump-repeated', { database: job.database.name, reason: (error as Error).message });
      await writer.discard();
      return dumpOnce(job, 'one session', new PartsWriter(job.target));
    });
  } catch (error) {
    const table = tableOfTooLongRow(error);
    if (table === undefined || job.signal.aborted) throw error;
    const { name, encoding } = job.database;
    const reason = await withClient(
      job.connection,
      name,
      async (client) => readableName(await describeTooLongRow(client, table), encoding),
      encoding,
    );
    throw new ActionError('BackupFailed', `Database ${job.database.name} could not be dumped. ${reason}`);
  }
}

function isLostRace(error: unknown): boolean {
  const { message } = error as Error;
  return error instanceof TablesChanged || LOST_RACE.test(message) || NO_ROOM_FOR_LOCKS.test(message);
}

/** @param mode default: the one for which the server has room */
async function dumpOnce(job: DumpJob, mode: LockMode | undefined, writer: PartsWriter): Promise<DumpedDatabase> {
  await rm(directoryOf(job), { recursive: true, force: true });
  await mkdir(job.workDirectory, { recursive: true });

  const dump = async (client: Client) => {
    const failure = new AbortController();
    const signal = AbortSignal.any([job.signal, failure.signal]);
    job.signal.throwIfAborted();
    // Only the end of the connection stops a statement that waits or counts.
    signal.addEventListener('abort', () => void client.end().catch(() => undefined), { once: true });
    try {
      return await new DumpRun({ ...job, signal }, client, writer, failure).run(mode);
    } catch (error) {
      failure.abort(error);
      // The first failure ended everything else: it is the reason.
      throw signal.reason;
    }
  };
  return withClient(job.connection, job.database.name, dump, job.database.encoding);
}

/** One attempt. */
class DumpRun {
  /** Content of extensions that the master cannot dump and load. */
  private foreign: readonly ForeignContent[] = [];
  private leftOut: LeftOutObjects = { found: [], oids: new Set(), patterns: [], remarks: [] };
  private readonly shipping: Shipping;
  private readonly tableOfContents: TableOfContents;

  constructor(
    private readonly job: DumpJob,
    private readonly client: Client,
    private readonly writer: PartsWriter,
    private readonly failure: AbortController,
  ) {
    const folder = folderOfDatabase(job.database.name);
    const { progress, database, jobs, workDirectory, signal, log } = job;
    const onTable = () => progress.storedTable(database.name);
    this.shipping = new Shipping(directoryOf(job), folder, writer, jobs, log, onTable);
    this.tableOfContents = new TableOfContents(database.name, directoryOf(job), workDirectory, signal);
    void this.shipping.dataBegun.then(() => this.tableOfContents.readAhead());
  }

  private readonly isDumped = ({ oid }: Pick<DumpedTable, 'oid'>) => !this.leftOut.oids.has(oid);

  async run(wanted: LockMode | undefined): Promise<DumpedDatabase> {
    // Whatever the database's own path is, nothing of its users takes the place of PostgreSQL's functions.
    await this.reading(this.client.query("SELECT pg_catalog.set_config('search_path', '', false)"));
    this.leftOut = await this.reading(findLeftOut(this.client, this.job.leaveOut, this.job.database));
    await this.reading(this.requireReadable());
    this.foreign = (await this.reading(readForeignContents(this.client))).filter(this.isDumped);
    const mode = wanted ?? (await this.reading(this.chooseLockMode()));
    const lockedFirst =
      mode === 'snapshot first' ? [] : await this.reading(readLockableTables(this.client, this.leftOut.oids));
    await this.reading(beginSnapshot(this.client, lockedFirst));
    const { contents, examined, messages } =
      mode === 'one session' ? await this.dumpInSession(lockedFirst) : await this.dumpInItsOwn(lockedFirst, mode);

    const { database, log } = this.job;
    const tables = examined.tables.map((table) => inManifest(table, database.encoding));
    const [entries, descriptions] = await this.all([
      this.tableOfContents.entries(),
      this.shipping.storeRest(),
      // pg_dump may have released its locks before the count was done.
      mode === 'one session' ? Promise.resolve() : this.requireUnchanged(contents.unlocked),
    ]);
    const seen = { ...contents, tables: contents.tables.map((table) => inManifest(table, database.encoding)) };
    await requireComplete(database.name, this.writer.fileNames(), descriptions, entries, seen, log);
    this.job.progress.end(database.name);
    const { extensions, largeObjects } = contents;
    return {
      facts: { ...database, extensions, largeObjects, tables },
      leftOut: this.leftOut.found,
      remarks: [
        ...examined.remarks,
        ...messages,
        ...this.leftOut.remarks,
        ...this.foreign.filter(({ mayHoldRows }) => mayHoldRows).map((table) => foreignContentRemark(table, database)),
      ],
      ...(await this.writer.finish()),
    };
  }

  private async chooseLockMode(): Promise<LockMode> {
    return lockMode(await countLockableTables(this.client, this.leftOut.oids), await readLockRoom(this.client));
  }

  /** pg_dump has sessions of its own, and the snapshot is read while it works. */
  private async dumpInItsOwn(lockedFirst: readonly DumpedTable[], mode: LockMode) {
    // A change that waits for pg_dump's lock would keep the count waiting until pg_dump has ended.
    if (mode === 'snapshot first') await this.reading(limitLockWait(this.client, LOCK_WAIT_MS));
    const snapshot = await this.reading(exportSnapshot(this.client));
    // More sessions than tables would find nothing to do.
    const jobs = mode === 'parallel' ? Math.max(Math.min(this.job.jobs, lockedFirst.length), 1) : 1;
    const dumping = this.pgDump([`--jobs=${jobs}`, `--snapshot=${snapshot}`], {});
    const besideIt = async () => {
      const contents = await this.reading(this.readContents(lockedFirst));
      const [examined] = await this.all([
        this.reading(this.examine(contents)),
        this.shipping.whileDumping(dumping),
        this.checkOnceLocked(contents, dumping, mode),
      ]);
      return { contents, examined };
    };
    const [seen, messages] = await this.all([besideIt(), dumping]);
    return { ...seen, messages };
  }

  /** The snapshot is read before pg_dump takes over the session. */
  private async dumpInSession(lockedFirst: readonly DumpedTable[]) {
    const contents = await this.reading(this.readContents(lockedFirst));
    const examined = await this.reading(this.examine(contents));
    const relay = await SessionRelay.open(this.client, this.job.workDirectory);
    try {
      const dumping = this.pgDump(['--jobs=1'], relay.environment);
      const [messages] = await this.all([
        dumping,
        this.shipping.whileDumping(dumping),
        this.checkOnceLocked(contents, dumping, 'one session'),
      ]);
      return { contents, examined, messages };
    } finally {
      await relay.close();
    }
  }

  /** What is to be dumped, as the snapshot sees it. */
  private async readContents(lockedFirst: readonly DumpedTable[]): Promise<Contents> {
    const contents = await readContents(this.client);
    const tables = contents.tables.filter(this.isDumped);
    const locked = new Set(lockedFirst.map(({ oid }) => oid));
    this.job.progress.begin(this.job.database.name, tables.length);
    return { ...contents, tables, unlocked: tables.filter(({ oid }) => !locked.has(oid)) };
  }

  /**
   * What the session of the snapshot finds out for the manifest. The remarks first: the server describes objects as they
   * are at the moment, those that were dropped meanwhile not at all.
   */
  private async examine({ tables }: DatabaseContents) {
    return {
      remarks: await readDatabaseRemarks(this.client, this.job.database),
      tables: await countRows(this.client, tables),
    };
  }

  private async pgDump(args: readonly string[], environment: Record<string, string>): Promise<Remark[]> {
    const { connection, database, client, hasForeignNames, workDirectory, signal, log } = this.job;
    return runPgDump({
      connection,
      database: database.name,
      client,
      directory: directoryOf(this.job),
      workDirectory,
      args: [
        // In the database's own encoding: not every byte has an equivalent in another one.
        `--encoding=${hasForeignNames ? BYTES : database.encoding}`,
        `--lock-wait-timeout=${LOCK_WAIT_MS}`,
        ...(await this.exclusions()),
        ...args,
      ],
      environment,
      onStart: (pid) => this.shipping.started(pid),
      signal,
      log,
    });
  }

  /** What pg_dump leaves out: in a file, which takes names in every encoding, where the client knows such files. */
  private async exclusions(): Promise<string[]> {
    const patterns = [...this.leftOut.patterns, ...this.foreign.map((table) => `table_data ${qualified(table)}`)];
    if (patterns.length === 0) return [];
    const { client, database, workDirectory } = this.job;
    if (client.major < FIRST_MAJOR_WITH_FILTER) {
      return patterns.map((pattern) =>
        pattern.replace(/^(\w+) /, (_, kind: string) => `--exclude-${kind.replace('_', '-')}=`),
      );
    }
    const file = join(workDirectory, 'exclusions');
    const encoding = exchangesBytes(database.encoding) ? 'latin1' : 'utf8';
    await writeFile(file, patterns.map((pattern) => `exclude ${pattern}\n`).join(''), encoding);
    return [`--filter=${file}`];
  }

  /** pg_dump writes its table of contents when it has its locks: no table is rewritten or altered from there on. */
  private async checkOnceLocked({ unlocked }: Contents, dumping: Promise<unknown>, mode: LockMode): Promise<void> {
    if (unlocked.length === 0) return;
    let ended = false;
    const end = () => (ended = true);
    dumping.then(end, end);
    while (!ended && !(await exists(join(directoryOf(this.job), TABLE_OF_CONTENTS)))) await sleep(POLL_MS);
    this.job.signal.throwIfAborted();
    await this.requireUnchanged(unlocked);
    if (mode === 'snapshot first') this.refuseChanged(await this.reading(readChangedTables(this.client)), ALTERED);
  }

  /** @throws TablesChanged if a table has another file than in the snapshot. */
  private async requireUnchanged(tables: readonly SnapshotTable[]): Promise<void> {
    if (tables.length === 0) return;
    const { connection, database } = this.job;
    const present = await withClient(connection, database.name, readFileNodes, database.encoding);
    this.refuseChanged(
      tables.filter(({ oid, fileNode }) => present.get(oid) !== fileNode),
      REWRITTEN,
    );
  }

  private refuseChanged(tables: readonly DumpedTable[], change: string): void {
    const { name: database, encoding } = this.job.database;
    const names = tables.filter(this.isDumped).map((table) => nameOf(inManifest(table, encoding)));
    for (const table of names) this.job.log.warn('table-changed', { database, table, change });
    if (names.length > 0) throw new TablesChanged(database, change, names);
  }

  /** @throws BackupFailed naming every table and sequence that the master cannot read whole. */
  private async requireReadable(): Promise<void> {
    const { name, encoding } = this.job.database;
    const unreadable = await readUnreadable(this.client, this.leftOut.oids);
    const problems = unreadable.map(({ problem }) => readableName(problem, encoding));
    for (const problem of problems) this.job.log.warn('unreadable', { database: name, problem });
    if (problems.length > 0) {
      throw new ActionError(
        'BackupFailed',
        `The master user cannot read ${problems.length} tables or sequences of database ${name}: ` +
          `${firstOf(problems, NAMED_TABLES)}. ${remedyFor(unreadable)}`,
      );
    }
  }

  private async reading<T>(work: Promise<T>): Promise<T> {
    return work.catch((error: Error) => {
      throw error instanceof ActionError ? error : cannotRead(this.job.database.name, error);
    });
  }

  /** Waits for all of the work. The first failure ends the rest of it. */
  private async all<T extends readonly unknown[]>(work: { readonly [K in keyof T]: Promise<T[K]> }): Promise<T> {
    for (const each of work) each.catch((error) => this.failure.abort(error));
    await Promise.allSettled(work);
    return (await Promise.all(work)) as unknown as T;
  }
}

function cannotRead(database: string, error: Error): ActionError {
  const remedy = NO_ROOM_FOR_LOCKS.test(error.message)
    ? 'The database has more tables than the server has room for locks: raise max_locks_per_transaction in its ' +
      'parameter group, so that max_locks_per_transaction * max_connections is more than the number of tables.'
    : 'The master user must be able to read every row of every table.';
  return new ActionError('BackupFailed', `Database ${database} could not be read: ${error.message}. ${remedy}`);
}

function remedyFor(unreadable: readonly Unreadable[]): string {
  return [
    ...(unreadable.every(({ isOwned }) => isOwned) ? [] : ['Grant it what is missing, or make it their owner.']),
    ...(unreadable.some(({ hidesFromOwner }) => hidesFromOwner)
      ? [
          'Row security with FORCE hides rows from the owner of a table too: ALTER TABLE … NO FORCE ROW LEVEL SECURITY, ' +
            'or leave the table out of the backups.',
        ]
      : []),
  ].join(' ');
}

function nameOf({ schema, name }: TableName): string {
  return `${schema}.${name}`;
}

function foreignContentRemark(
  { schema, name, extension }: ForeignContent,
  { name: database, encoding }: DatabaseIdentity,
): Remark {
  return {
    database,
    type: 'table',
    schema: readableName(schema, encoding),
    name: readableName(name, encoding),
    reason:
      `its rows are not in the backup: it belongs to the extension ${extension}, and the master user cannot read and ` +
      'write all of them. Make them again with the functions of the extension',
  };
}

function directoryOf(job: DumpJob): string {
  return join(job.workDirectory, folderOfDatabase(job.database.name));
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
