import { constants, openSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LargeObjectEntries, LoadUnit } from './load-plan';
import { DumpFile, folderOfDatabase, Manifest } from '../../contract/manifest';
import { ArchiveEntry, parseLargeObjectList, plainName, TABLE_OF_CONTENTS } from '../archive/listing';
import { isLarge, PartsReader } from '../archive/parts-reader';
import { runSystemProgram } from '../system-program';

/** Between two looks at whether pg_restore has opened a pipe. */
const POLL_MS = 5;

/** A list of large objects: all of them in one, or those of one entry. */
const OBJECT_LIST = /^blobs(?:_(\d+))?\.toc$/;

/** A directory that pg_restore reads as an archive with the files of one unit. */
export interface UnitDirectory {
  readonly path: string;
  /** Writes what pg_restore reads through a pipe, as it reads it, until it has all of it or the signal is aborted. */
  feed(signal: AbortSignal): Promise<void>;
  remove(): Promise<void>;
}

/** A line of a list of large objects, and the list's file. */
interface ListedObject {
  readonly line: string;
  readonly list: string;
}

/**
 * The files of one database of a backup, for its load. On the disk are the table of contents and the small files of the
 * units that are loaded at the moment; large files pass through named pipes.
 */
export class DatabaseFiles {
  /** Fetches the table of contents. */
  static async open(
    reader: PartsReader,
    manifest: Manifest,
    database: string,
    directory: string,
  ): Promise<DatabaseFiles> {
    const folder = folderOfDatabase(database);
    const files = manifest.files.filter(({ name }) => name.startsWith(`${folder}/`));
    const path = join(directory, folder);
    await rm(path, { recursive: true, force: true });
    const archive = join(path, 'archive');
    await mkdir(archive, { recursive: true });
    const isDescription = ({ name }: DumpFile) => name.endsWith('.toc') || basename(name) === TABLE_OF_CONTENTS;
    await reader.writeFiles(files.filter(isDescription), archive);
    return new DatabaseFiles(
      reader,
      path,
      archive,
      files.filter((file) => !isDescription(file)),
    );
  }

  private readonly objects = new Map<string, ListedObject>();
  private units = 0;

  private constructor(
    private readonly reader: PartsReader,
    private readonly directory: string,
    /** An archive without data. */
    readonly archive: string,
    /** The files with data. */
    readonly data: readonly DumpFile[],
  ) {}

  /** Which entry of the archive each large object belongs to. */
  async readLargeObjects(entries: readonly ArchiveEntry[]): Promise<LargeObjectEntries> {
    const only = entries.find(({ kind }) => kind === 'large objects')?.dumpId;
    const found = new Map<string, number>();
    for (const list of (await readdir(this.archive)).filter((name) => OBJECT_LIST.test(name))) {
      const entry = OBJECT_LIST.exec(list)![1];
      for (const line of (await readFile(join(this.archive, list), 'utf8')).split('\n')) {
        for (const file of parseLargeObjectList(line)) {
          this.objects.set(file, { line, list });
          found.set(file, entry === undefined ? only! : Number(entry));
        }
      }
    }
    return found;
  }

  /** The lists of large objects in it name only those of the unit: one entry of the archive may be loaded by several. */
  async prepare(unit: LoadUnit, signal: AbortSignal): Promise<UnitDirectory> {
    this.units += 1;
    const path = join(this.directory, `unit-${this.units}`);
    await mkdir(path);
    await symlink(join('..', basename(this.archive), TABLE_OF_CONTENTS), join(path, TABLE_OF_CONTENTS));
    await this.writeLists(unit, path);
    const remove = async () => rm(path, { recursive: true, force: true });
    const [large] = unit.files.filter(isLarge);
    if (large === undefined) {
      await this.reader.writeFiles(unit.files, path, signal);
      return { path, remove, feed: async () => undefined };
    }
    const pipe = join(path, basename(large.name));
    await runSystemProgram('mkfifo', ['-m', '600', pipe]);
    return { path, remove, feed: async (ended) => feedPipe(pipe, this.reader.segments(large, ended), ended) };
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  private async writeLists(unit: LoadUnit, path: string): Promise<void> {
    const lists = new Map<string, string[]>();
    for (const { name } of unit.files) {
      const listed = this.objects.get(plainName(basename(name)));
      if (listed) lists.set(listed.list, [...(lists.get(listed.list) ?? []), listed.line]);
    }
    for (const [list, lines] of lists) await writeFile(join(path, list), `${lines.join('\n')}\n`);
  }
}

/** Writes to a pipe once a reader has opened it. */
async function feedPipe(pipe: string, contents: AsyncGenerator<Buffer, void>, signal: AbortSignal): Promise<void> {
  // The first part is fetched while pg_restore starts.
  let next = contents.next();
  next.catch(() => undefined);
  let socket: Socket | undefined;
  try {
    // A failure to fetch it ends the wait.
    socket = await Promise.race([openForWriting(pipe, signal), next.then(() => new Promise<never>(() => undefined))]);
    let readerHasGone = false;
    socket.on('error', () => (readerHasGone = true));
    for (let { value, done } = await next; !done; { value, done } = await next) {
      await new Promise<void>((resolve) => socket!.write(value as Buffer, () => resolve()));
      if (readerHasGone) throw new Error(`pg_restore did not read ${basename(pipe)} to its end.`);
      next = contents.next();
    }
  } finally {
    socket?.destroy();
    await contents.return();
  }
}

/** Opening a pipe for writing fails until somebody reads from it. */
async function openForWriting(pipe: string, signal: AbortSignal): Promise<Socket> {
  for (;;) {
    try {
      // eslint-disable-next-line no-bitwise
      const fd = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
      return new Socket({ fd, readable: false, writable: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      await sleep(POLL_MS, undefined, { signal });
    }
  }
}
