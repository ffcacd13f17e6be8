import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { requireComplete } from './completeness';
import { describeTooLongRow, tableOfTooLongRow } from './large-values';
import { findLeftOut, LeftOutObjects } from './left-out';
import { LockMode, lockMode, readLockRoom } from './locks';
import { firstOf, runPgDump } from './pg-dump';
import { SessionRelay } from './session-relay';
import { Shipping } from './shipping';
import { beginSnapshot, exportSnapshot } from './snapshot';
import { ActionError } from '../../contract/action-error';
import { LeftOut } from '../../contract/left-out';
import { DatabaseIdentity, DumpFile, ManifestDatabase, Part, folderOfDatabase } from '../../contract/manifest';
import { Remark } from '../../contract/remark';
import { ArchiveEntry, parseArchiveListing } from '../archive/listing';
import { PartsTarget, PartsWriter } from '../archive/parts-writer';
import { Log } from '../log';
import { DatabaseConnection, withClient } from '../postgres/connection';
import { exchangesBytes, inManifest, readableName } from '../postgres/encoding';
import {
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
  TableName,
} from '../postgres/tables';
import { DumpClient, runClient } from '../postgres/tools';

export interface DumpJob {
  readonly connection: DatabaseConnection;
  readonly database: DatabaseIdentity;
  readonly client: DumpClient;
  readonly leaveOut: readonly LeftOut[];
  /** Where the dump's directory is created; the caller deletes its content. */
  readonly workDirectory: string;
  /** Tables that are dumped at the same time. */
  readonly jobs: number;
  readonly target: PartsTarget;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface DumpedDatabase {
  readonly facts: ManifestDatabase;
  readonly files: readonly DumpFile[];
  readonly parts: readonly Part[];
  /** Messages of pg_dump that did not make it fail, and what is not in the dump. */
  readonly remarks: readonly Remark[];
  /** What of `leaveOut` this database has. */
  readonly leftOut: readonly LeftOut[];
}

/** What an error names at most; the log has all. */
const NAMED_TABLES = 20;

/** Messages about a table that changed, was dropped or was locked by others after this program had listed it. */
const LOST_RACE =
  /could not obtain lock on relation|relation .* does not exist|could not open relation|cache lookup|deadlock|LOCK TABLE/;

/** The first pg_dump that reads names from a file. */
const FIRST_MAJOR_WITH_FILTER = 17;

/** The server's table of locks is full. */
const NO_ROOM_FOR_LOCKS = /out of shared memory|max_locks_per_transaction/;

/**
 * How long pg_dump waits for a lock. This program has the same lock already, so only a change that waits for it can
 * keep pg_dump from its own, and neither would ever continue.
 */
const LOCK_WAIT_MS = 2000;

/** How often the directory is asked for the table of contents. */
const POLL_MS = 20;

/** Tables that were created while the locks were taken, and the file of every table in the snapshot. */
interface UnlockedTables {
  readonly tables: readonly DumpedTable[];
  readonly nodes: ReadonlyMap<number, number>;
}

/** Tables were emptied or rewritten after the snapshot and before they were locked: the snapshot sees them as empty. */
class TablesRewritten extends ActionError {
  constructor(database: string, tables: readonly string[]) {
    super(
      'BackupFailed',
      `${tables.length} tables of database ${database} were emptied or rewritten while the dump began, so it would lack ` +
        `their rows: ${firstOf(tables, NAMED_TABLES)}. Run the backup when no table is truncated or rewritten.`,
    );
  }
}

/**
 * Dumps one database and stores the dump: everything that its snapshot sees, or an error that names what is in the way.
 * A dump that lost a race with changes of tables is made once more in the mode that waits for no lock.
 *
 * @throws BackupFailed, DatabaseFault, or the reason of the signal.
 */
export async function dumpDatabase(job: DumpJob): Promise<DumpedDatabase> {
  try {
    const writer = new PartsWriter(job.target);
    return await dumpOnce(job, 'parallel', writer).catch(async (error) => {
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
  return error instanceof TablesRewritten || LOST_RACE.test(message) || NO_ROOM_FOR_LOCKS.test(message);
}

async function dumpOnce(job: DumpJob, preferred: LockMode, writer: PartsWriter): Promise<DumpedDatabase> {
  await rm(directoryOf(job), { recursive: true, force: true });
  await mkdir(job.workDirectory, { recursive: true });

  const dump = async (client: Client) => {
    const failure = new AbortController();
    const signal = AbortSignal.any([job.signal, failure.signal]);
    job.signal.throwIfAborted();
    // Only the end of the connection stops a statement that waits or counts.
    signal.addEventListener('abort', () => void client.end().catch(() => undefined), { once: true });
    try {
      return await new DumpRun({ ...job, signal }, client, writer, failure).run(preferred);
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

  constructor(
    private readonly job: DumpJob,
    private readonly client: Client,
    private readonly writer: PartsWriter,
    private readonly failure: AbortController,
  ) {
    const folder = folderOfDatabase(job.database.name);
    this.shipping = new Shipping(directoryOf(job), folder, writer, job.jobs, job.log);
  }

  async run(preferred: LockMode): Promise<DumpedDatabase> {
    // Whatever the database's own path is, nothing of its users takes the place of PostgreSQL's functions.
    await this.reading(this.client.query("SELECT pg_catalog.set_config('search_path', '', false)"));
    this.leftOut = await this.reading(findLeftOut(this.client, this.job.leaveOut, this.job.database));
    const isDumped = ({ oid }: { readonly oid: number }) => !this.leftOut.oids.has(oid);
    await this.reading(this.requireReadable());
    this.foreign = (await this.reading(readForeignContents(this.client))).filter(isDumped);
    const lockable = (await this.reading(readLockableTables(this.client))).filter(isDumped);
    const room = await this.reading(readLockRoom(this.client));
    const mode = preferred === 'parallel' ? lockMode(lockable.length, room) : preferred;
    await this.reading(beginSnapshot(this.client, lockable));
    const everything = await this.reading(readContents(this.client));
    const contents = { ...everything, tables: everything.tables.filter(isDumped) };
    const locked = new Set(lockable.map(({ oid }) => oid));
    const unlocked = {
      tables: contents.tables.filter(({ oid }) => !locked.has(oid)),
      nodes: await this.reading(readFileNodes(this.client)),
    };
    const { tables, remarks } =
      mode === 'parallel'
        ? await this.dumpInParallel(contents, unlocked)
        : await this.dumpInSession(contents, unlocked);

    const { database, log } = this.job;
    const readable = tables.map((table) => inManifest(table, database.encoding));
    await this.shipping.storeRest();
    const descriptions = await this.shipping.descriptions();
    const files = [...this.writer.fileNames(), ...descriptions.map(({ name }) => name)];
    const seen = { ...contents, tables: contents.tables.map((table) => inManifest(table, database.encoding)) };
    await requireComplete(database.name, files, descriptions, await readTableOfContents(this.job), seen, log);
    await this.shipping.storeDescriptions();
    const { sizeBytes, extensions, largeObjects } = contents;
    return {
      facts: { ...database, sizeBytes, extensions, largeObjects, tables: readable },
      leftOut: this.leftOut.found,
      remarks: [
        ...remarks,
        ...this.leftOut.remarks,
        ...this.foreign.filter(({ mayHoldRows }) => mayHoldRows).map((table) => foreignContentRemark(table, database)),
      ],
      ...(await this.writer.finish()),
    };
  }

  /** The rows are counted while pg_dump works. */
  private async dumpInParallel(contents: DatabaseContents, unlocked: UnlockedTables) {
    const snapshot = await this.reading(exportSnapshot(this.client));
    const args = [`--jobs=${this.job.jobs}`, `--snapshot=${snapshot}`];
    const dumping = this.pgDump(args, {});
    const [tables, remarks] = await this.all([
      this.reading(countRows(this.client, contents.tables)),
      dumping,
      this.shipping.whileDumping(dumping),
      this.checkOnceLocked(unlocked, dumping),
    ]);
    // pg_dump may have released its locks before the count was done.
    await this.requireUnchanged(unlocked);
    return { tables, remarks };
  }

  /** The rows are counted before pg_dump takes over the session. */
  private async dumpInSession(contents: DatabaseContents, unlocked: UnlockedTables) {
    const tables = await this.reading(countRows(this.client, contents.tables));
    const relay = await SessionRelay.open(this.client, this.job.workDirectory);
    try {
      const dumping = this.pgDump(['--jobs=1'], relay.environment);
      const [remarks] = await this.all([
        dumping,
        this.shipping.whileDumping(dumping),
        this.checkOnceLocked(unlocked, dumping),
      ]);
      return { tables, remarks };
    } finally {
      await relay.close();
    }
  }

  private async pgDump(args: readonly string[], environment: Record<string, string>): Promise<Remark[]> {
    const { connection, database, client, workDirectory, signal, log } = this.job;
    return runPgDump({
      connection,
      database: database.name,
      client,
      directory: directoryOf(this.job),
      workDirectory,
      // In the database's own encoding: not every byte has an equivalent in another one.
      args: [
        `--encoding=${database.encoding}`,
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

  /** pg_dump writes its table of contents when it has its locks: no table is rewritten from there on. */
  private async checkOnceLocked(unlocked: UnlockedTables, dumping: Promise<unknown>): Promise<void> {
    if (unlocked.tables.length === 0) return;
    let ended = false;
    const end = () => (ended = true);
    dumping.then(end, end);
    while (!ended && !(await exists(join(directoryOf(this.job), 'toc.dat')))) await sleep(POLL_MS);
    this.job.signal.throwIfAborted();
    await this.requireUnchanged(unlocked);
  }

  /** @throws TablesRewritten if a table has another file than in the snapshot. */
  private async requireUnchanged({ tables, nodes }: UnlockedTables): Promise<void> {
    if (tables.length === 0) return;
    const { connection, database } = this.job;
    const present = await withClient(connection, database.name, readFileNodes, database.encoding);
    const rewritten = tables.filter(({ oid }) => present.get(oid) !== nodes.get(oid));
    if (rewritten.length === 0) return;
    const names = rewritten.map((table) => nameOf(inManifest(table, this.job.database.encoding)));
    for (const table of names) this.job.log.warn('table-rewritten', { database: this.job.database.name, table });
    throw new TablesRewritten(this.job.database.name, names);
  }

  /** @throws BackupFailed naming every table and sequence that the master cannot read whole. */
  private async requireReadable(): Promise<void> {
    const { name, encoding } = this.job.database;
    const problems = (await readUnreadable(this.client, this.leftOut.oids)).map((text) => readableName(text, encoding));
    for (const problem of problems) this.job.log.warn('unreadable', { database: name, problem });
    if (problems.length > 0) {
      throw new ActionError(
        'BackupFailed',
        `The master user cannot read ${problems.length} tables or sequences of database ${name}: ` +
          `${firstOf(problems, NAMED_TABLES)}. Grant it what is missing, or make it their owner.`,
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

async function readTableOfContents(job: DumpJob): Promise<ArchiveEntry[]> {
  const { exitCode, stdout, stderr } = await runClient('pg_restore', ['--list', directoryOf(job)], {
    signal: job.signal,
    workDirectory: job.workDirectory,
  });
  if (exitCode !== 0) {
    throw new ActionError(
      'BackupFailed',
      `The dump of database ${job.database.name} has no readable table of contents: ${stderr.trim()}`,
    );
  }
  return parseArchiveListing(stdout);
}
