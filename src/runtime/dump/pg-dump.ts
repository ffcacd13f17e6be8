import { ActionError } from '../../contract/action-error';
import { Remark } from '../../contract/remark';
import { MORE_DISK } from '../archive/write-all';
import { Log } from '../log';
import { DatabaseConnection } from '../postgres/connection';
import { DumpClient, runClient } from '../postgres/tools';

/** One run of pg_dump. */
export interface PgDumpRun {
  readonly connection: DatabaseConnection;
  readonly database: string;
  readonly client: DumpClient;
  readonly directory: string;
  readonly workDirectory: string;
  /** Arguments and environment of this run, besides those of every run. */
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly onStart?: (pid: number) => void;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Client 16 was the first that compresses with zstd. */
const FIRST_ZSTD_MAJOR = 16;

/**
 * For older clients, gzip. Of the data of `npm run bench -- backup`, zstd's level 2 makes 2 % more than level 3 and takes a
 * fifth less of the processor, which is what a backup waits for.
 */
const COMPRESSION = { zstd: 'zstd:2', gzip: '6' };

/** Messages of pg_dump that an error repeats; the log has all of them. */
const REPEATED_MESSAGES = 5;

/**
 * The disk is full. pg_dump loses the system's reason where the end of a file that it compressed could not be written
 * while it was closed.
 */
const DISK_FULL = /No space left on device|could not close data file: Success/;

/** pg_dump has failed. */
export class PgDumpFailed extends ActionError {
  constructor(
    message: string,
    /** All that pg_dump wrote on standard error. */
    readonly stderr: string,
  ) {
    super('BackupFailed', message);
  }
}

/**
 * Dumps a database into a directory. The exit code says whether it worked; messages of a run that worked are remarks.
 *
 * @returns the remarks
 * @throws PgDumpFailed, or the reason of the signal
 */
export async function runPgDump(run: PgDumpRun): Promise<Remark[]> {
  const outcome = await runClient(
    'pg_dump',
    [
      '--format=directory',
      `--compress=${run.client.major >= FIRST_ZSTD_MAJOR ? COMPRESSION.zstd : COMPRESSION.gzip}`,
      '--no-sync',
      '--no-password',
      `--file=${run.directory}`,
      ...run.args,
    ],
    {
      file: run.client.file,
      server: { connection: run.connection, database: run.database },
      environment: run.environment,
      onStart: run.onStart,
      signal: run.signal,
      workDirectory: run.workDirectory,
    },
  );
  const messages = messagesOf(outcome.stderr);
  for (const message of messages) run.log.warn('pg-dump-message', { database: run.database, message });
  if (outcome.exitCode !== 0) {
    const end = outcome.signal ? `was ended by ${outcome.signal}` : `ended with code ${outcome.exitCode}`;
    const remedy = DISK_FULL.test(outcome.stderr) ? `\nThe disk is full (ENOSPC). ${MORE_DISK}` : '';
    throw new PgDumpFailed(
      `pg_dump of database ${run.database} ${end}: ${firstOf(messages, REPEATED_MESSAGES, '\n')}${remedy}`,
      outcome.stderr,
    );
  }
  return messages.map((reason) => ({ database: run.database, type: 'message', name: 'of pg_dump', reason }));
}

/** The first of many, and the number of the others. */
export function firstOf(texts: readonly string[], limit: number, separator = ', '): string {
  const more = texts.length - limit;
  return texts.slice(0, limit).join(separator) + (more > 0 ? `${separator}and ${more} more, all in the log` : '');
}

/** Each subscription is a remark of its own. */
const SAID_ELSEWHERE = /^\S+: warning: subscriptions not dumped because current user is not a superuser$/;

/** A message of pg_dump can have several lines, which belong together. They begin with the name of the program's file. */
function messagesOf(stderr: string): string[] {
  return stderr
    .split(/^(?=pg_dump(?:-\d+)?: (?!detail:|hint:))/m)
    .map((message) => message.trim())
    .filter((message) => message !== '' && !SAID_ELSEWHERE.test(message));
}
