import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { beginSnapshot, MANY_TABLES } from './snapshot';
import { ActionError } from '../../contract/action-error';
import { DatabaseIdentity, ManifestDatabase, folderOfDatabase } from '../../contract/manifest';
import { ArchiveEntry, parseArchiveListing, parseLargeObjectList, plainName } from '../archive/listing';
import { DumpedFile } from '../archive/parts-writer';
import { Log } from '../log';
import { DatabaseConnection, withClient } from '../postgres/connection';
import { inManifest } from '../postgres/encoding';
import { CountedTable, countRows, DatabaseContents, readContents } from '../postgres/tables';
import { DumpClient, runClient } from '../postgres/tools';

export interface DumpJob {
  readonly connection: DatabaseConnection;
  readonly database: DatabaseIdentity;
  readonly client: DumpClient;
  /** Where the dump's directory is made; its content is the caller's to delete. */
  readonly workDirectory: string;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface DumpedDatabase {
  readonly facts: ManifestDatabase;
  readonly files: readonly DumpedFile[];
}

/** Tables that are dumped side by side. */
const PARALLEL_JOBS = 2;

/** Client 16 was the first that compresses with zstd. */
const FIRST_ZSTD_MAJOR = 16;

/** How the server says that a table changed, went or was waited for between our lock and those of pg_dump. */
const LOST_RACE =
  /could not obtain lock on relation|relation .* does not exist|could not open relation|cache lookup|deadlock|LOCK TABLE/;

/**
 * How long pg_dump waits for a lock. We hold the same lock already, so that only a schema change which waits for ours
 * can keep it from pg_dump; neither would ever get on.
 */
const LOCK_WAIT_MS = 5000;

/**
 * Dumps one database into a directory: everything that its snapshot sees, or an error that names what stood in the way.
 * A race with a schema change that a parallel dump lost is run once more with one job, which waits for its locks.
 *
 * @throws BackupFailed, DatabaseFault, or the reason of the signal.
 */
export async function dumpDatabase(job: DumpJob): Promise<DumpedDatabase> {
  try {
    return await dumpOnce(job, PARALLEL_JOBS);
  } catch (error) {
    if (!LOST_RACE.test((error as Error).message)) {
      throw error;
    }
    job.log.warn('schema-changed-during-dump', { database: job.database.name, message: (error as Error).message });
    return dumpOnce(job, 1);
  }
}

async function dumpOnce(job: DumpJob, jobs: number): Promise<DumpedDatabase> {
  const directory = join(job.workDirectory, folderOfDatabase(job.database.name));
  await rm(directory, { recursive: true, force: true });
  await mkdir(job.workDirectory, { recursive: true });

  const dump = async (client: Client) => {
    const failure = new AbortController();
    const signal = AbortSignal.any([job.signal, failure.signal]);
    // Ending the connection is the only way to stop a wait or a count.
    signal.addEventListener('abort', () => void client.end().catch(() => undefined), { once: true });
    const stopAll = (error: unknown): never => {
      failure.abort(error);
      throw error;
    };
    const readingFailed = (error: Error): never => stopAll(cannotRead(job.database.name, error));
    const { contents, tables } = await (async () => {
      const snapshot = await beginSnapshot(client).catch(readingFailed);
      const seen = await readContents(client).catch(readingFailed);
      const [counted] = await Promise.all([
        countRows(client, seen.tables).catch(readingFailed),
        runPgDump({ ...job, signal }, snapshot, directory, lockingOptions(seen.tables.length, jobs)).catch(stopAll),
      ]);
      return { contents: seen, tables: counted };
    })().catch((error) => {
      // What failed first stopped the rest: it is the reason of all.
      throw signal.aborted ? signal.reason : error;
    });

    const files = await filesOf(directory, folderOfDatabase(job.database.name));
    const entries = await readTableOfContents(job, directory);
    await requireComplete(job.database.name, files, entries, contents);
    return {
      facts: {
        ...job.database,
        sizeBytes: contents.sizeBytes,
        extensions: contents.extensions,
        largeObjects: contents.largeObjects,
        tables: tables.map((table) => inManifest(table, job.database.encoding)),
      },
      files,
    };
  };
  return withClient(job.connection, job.database.name, dump, job.database.encoding);
}

function cannotRead(database: string, error: Error): ActionError {
  return new ActionError(
    'BackupFailed',
    `Database ${database} could not be read: ${error.message}. ` +
      'The master user must be able to read every row of every table.',
  );
}

async function runPgDump(job: DumpJob, snapshot: string, directory: string, locking: readonly string[]): Promise<void> {
  const outcome = await runClient(
    'pg_dump',
    [
      '--format=directory',
      `--compress=${job.client.major >= FIRST_ZSTD_MAJOR ? 'zstd:3' : '6'}`,
      '--no-sync',
      '--no-password',
      // Its own: not every byte has an equivalent in another one.
      `--encoding=${job.database.encoding}`,
      ...locking,
      `--snapshot=${snapshot}`,
      `--file=${directory}`,
    ],
    {
      file: job.client.file,
      server: { connection: job.connection, database: job.database.name },
      signal: job.signal,
      workDirectory: job.workDirectory,
    },
  );
  // Strict: a warning is about something that the dump lacks.
  if (outcome.exitCode !== 0 || outcome.stderr.trim() !== '') {
    const end = outcome.signal ? `was ended by ${outcome.signal}` : `ended with code ${outcome.exitCode}`;
    throw new ActionError('BackupFailed', `pg_dump of database ${job.database.name} ${end}: ${outcome.stderr.trim()}`);
  }
}

/** With very many tables the locks are pg_dump's alone: it waits for them as long as it takes. */
function lockingOptions(tables: number, jobs: number): string[] {
  return tables > MANY_TABLES ? ['--jobs=1'] : [`--jobs=${jobs}`, `--lock-wait-timeout=${LOCK_WAIT_MS}`];
}

async function filesOf(directory: string, folder: string): Promise<DumpedFile[]> {
  const names = (await readdir(directory)).sort();
  return Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      return { name: `${folder}/${name}`, path, size: (await stat(path)).size };
    }),
  );
}

async function readTableOfContents(job: DumpJob, directory: string): Promise<ArchiveEntry[]> {
  const { exitCode, stdout, stderr } = await runClient('pg_restore', ['--list', directory], {
    signal: job.signal,
    workDirectory: job.workDirectory,
  });
  if (exitCode !== 0 || stderr.trim() !== '') {
    throw new ActionError(
      'BackupFailed',
      `The dump of database ${job.database.name} has no readable table of contents: ${stderr.trim()}`,
    );
  }
  return parseArchiveListing(stdout);
}

/** @throws BackupFailed unless everything that was seen in the snapshot is in the dump. */
async function requireComplete(
  database: string,
  files: readonly DumpedFile[],
  entries: readonly ArchiveEntry[],
  contents: DatabaseContents,
): Promise<void> {
  const present = new Set(files.map((file) => plainName(file.name.slice(file.name.indexOf('/') + 1))));
  const lists = files.filter((file) => /\/blobs[_0-9]*\.toc$/.test(file.name));
  const largeObjects = (await Promise.all(lists.map(async (file) => readFile(file.path, 'utf8')))).flatMap(
    parseLargeObjectList,
  );
  const missing = [
    ...missingTables(contents.tables, entries),
    ...expectedFiles(entries, largeObjects).filter((name) => !present.has(name)),
  ];
  if (largeObjects.length !== contents.largeObjects) {
    missing.push(`${contents.largeObjects - largeObjects.length} of ${contents.largeObjects} large objects`);
  }
  if (missing.length > 0) {
    throw new ActionError(
      'BackupFailed',
      `The dump of database ${database} lacks ${missing.slice(0, 20).join(', ')}` +
        `${missing.length > 20 ? ` and ${missing.length - 20} more` : ''}. ` +
        'The master user must be able to read all of it.',
    );
  }
}

function missingTables(tables: readonly CountedTable[], entries: readonly ArchiveEntry[]): string[] {
  const dumped = new Set(entries.filter((entry) => entry.kind === 'table data').map((entry) => entry.oid));
  return tables.filter((table) => !dumped.has(table.oid)).map((table) => `table ${table.schema}.${table.name}`);
}

/** The files that a table of contents promises; client 17 made several lists of large objects out of one. */
function expectedFiles(entries: readonly ArchiveEntry[], largeObjects: readonly string[]): string[] {
  return [
    'toc.dat',
    ...entries.filter((entry) => entry.kind === 'table data').map((entry) => `${entry.dumpId}.dat`),
    ...largeObjects,
  ];
}
