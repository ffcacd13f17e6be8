import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ActionError } from '../../contract/action-error';
import { ArchiveEntry, parseArchiveListing, TABLE_OF_CONTENTS } from '../archive/listing';
import { runClient } from '../postgres/tools';

interface Reading {
  /** Changes whenever the file is written to. */
  readonly version: string;
  readonly entries: readonly ArchiveEntry[];
}

/** The table of contents of a dump, as pg_restore lists it: for 10,000 tables that takes a second. */
export class TableOfContents {
  private ahead?: Promise<Reading | undefined>;

  constructor(
    private readonly database: string,
    /** The directory of the dump. */
    private readonly directory: string,
    private readonly workDirectory: string,
    private readonly signal: AbortSignal,
  ) {}

  /** Reads it while pg_dump works, which has written it before it writes data. */
  readAhead(): void {
    // A failure counts only if it is there in the end.
    this.ahead ??= this.read().catch(() => undefined);
  }

  /** The entries as they are in the end, after pg_dump. @throws BackupFailed where they cannot be read */
  async entries(): Promise<readonly ArchiveEntry[]> {
    const ahead = await this.ahead;
    if (ahead !== undefined && ahead.version === (await this.version())) return ahead.entries;
    return (await this.read()).entries;
  }

  private async read(): Promise<Reading> {
    const version = await this.version();
    const { exitCode, stdout, stderr } = await runClient('pg_restore', ['--list', this.directory], {
      signal: this.signal,
      workDirectory: this.workDirectory,
    });
    if (exitCode !== 0) {
      throw new ActionError(
        'BackupFailed',
        `The dump of database ${this.database} has no readable table of contents: ${stderr.trim()}`,
      );
    }
    return { version, entries: parseArchiveListing(stdout) };
  }

  private async version(): Promise<string> {
    return stat(join(this.directory, TABLE_OF_CONTENTS), { bigint: true }).then(
      ({ ino, size, mtimeNs }) => `${ino} ${size} ${mtimeNs}`,
      () => 'missing',
    );
  }
}
