import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DumpProcesses } from './dump-processes';
import { EmptiedFiles } from './emptied-files';
import { TABLE_OF_CONTENTS } from '../archive/listing';
import { DumpedFile, PartsWriter, throwIfGone } from '../archive/parts-writer';
import { Log } from '../log';
import { runSystemProgram } from '../system-program';

/** How often the files are looked at while they grow. */
const POLL_MS = 50;

/**
 * The stored head of a file is punched out when it has so many parts: each time a program is started for it, and the
 * system first writes to the disk what is to go.
 */
const PUNCHED_PARTS = 4;

/** pg_dump is paused when the bytes of so many parts wait on the disk, and resumed when half of them are stored. */
const BACKLOG_PARTS = 8;

/** The file of one table's rows; those of large objects have other names. */
const TABLE_ROWS = /^\d+\.dat/;

/** Files that a dump is judged by at its end; they stay on the disk until then. */
const isDescription = (name: string) => name.endsWith('.toc') || name === TABLE_OF_CONTENTS;

/** A file that grows. */
interface Growing {
  readonly name: string;
  readonly path: string;
  /** Bytes that are stored. */
  stored: number;
  /** Bytes that are no more on the disk. */
  punched: number;
}

/**
 * Stores the files of a dump while pg_dump writes them, and takes what is stored off the disk: whole files are emptied
 * and moved, and the stored head of a file that still grows is punched out of it. If the disk fills faster than the
 * storage takes it, pg_dump is paused.
 *
 * It looks at the disk synchronously: a dump can have 10,000 files, each of which a thread would cost more than the look.
 */
export class Shipping {
  private beginData: () => void = () => undefined;
  /** Resolved when pg_dump is seen to write data: its table of contents is whole from there on. */
  readonly dataBegun = new Promise<void>((resolve) => (this.beginData = resolve));

  private readonly growing = new Map<string, Growing>();
  /** The files that are stored whole. */
  private readonly emptied: EmptiedFiles;
  private processes?: DumpProcesses;
  private ended = false;
  private canPunch = true;

  constructor(
    private readonly directory: string,
    /** The folder of the files in the manifest. */
    private readonly folder: string,
    private readonly writer: PartsWriter,
    /** Files that pg_dump writes at the same time. */
    private readonly jobs: number,
    private readonly log: Log,
    /** The rows of one more table are stored, or packed. */
    private readonly onTable: () => void,
  ) {
    this.emptied = new EmptiedFiles(`${directory}-emptied`);
  }

  /** pg_dump has started, with this process id. */
  started(pid: number): void {
    this.processes = new DumpProcesses(pid);
  }

  /** Stores what pg_dump writes until it ends. @throws what the writer throws */
  async whileDumping(dumping: Promise<unknown>): Promise<void> {
    const end = () => void (this.ended = true);
    const ending = dumping.then(end, end);
    const watching = this.watchBacklog(ending);
    try {
      while (!this.ended) {
        await this.round();
        await this.pause(ending);
      }
    } finally {
      this.ended = true;
      await watching;
    }
  }

  /**
   * Stores what is left of the data files, and the files that describe the dump, after pg_dump has ended.
   *
   * @returns the files that describe it
   */
  async storeRest(): Promise<DumpedFile[]> {
    await this.round();
    const deleting = this.emptied.delete();
    await this.writer.sendSmallFiles();
    const descriptions = this.descriptions();
    for (const file of descriptions) {
      const growing = { name: file.name, path: file.path, stored: 0, punched: 0 };
      await this.storeHead(growing, file.size);
      await this.storeTail(growing, file.size);
    }
    await this.writer.sendSmallFiles();
    await deleting;
    return descriptions;
  }

  private descriptions(): DumpedFile[] {
    const names = this.names().filter(isDescription).sort();
    return names.map((name) => {
      const path = join(this.directory, name);
      return { name: `${this.folder}/${name}`, path, size: sizeOf(path) };
    });
  }

  private async round(): Promise<void> {
    const names = this.names();
    if (!names.includes(TABLE_OF_CONTENTS)) return;
    if (!this.ended && names.some((name) => !isDescription(name))) this.beginData();
    // In this order: a file that existed and then is not open is complete.
    const open = this.ended ? new Set<string>() : this.processes?.openFiles(this.directory);
    for (const name of names) {
      if (isDescription(name)) continue;
      const path = join(this.directory, name);
      const file = this.growing.get(name) ?? { name: `${this.folder}/${name}`, path, stored: 0, punched: 0 };
      this.growing.set(name, file);
      const complete = open !== undefined && !open.has(name);
      const size = sizeOf(path);
      await this.storeHead(file, size);
      if (!complete) {
        await this.punchHead(file);
        continue;
      }
      await this.storeTail(file, size);
      this.emptied.add(path);
      this.growing.delete(name);
      if (TABLE_ROWS.test(name)) this.onTable();
    }
  }

  /** More than a part holds: the file is a large one, and its head will not change. */
  private async storeHead(file: Growing, size: number): Promise<void> {
    const { segmentBytes } = this.writer;
    while (size - file.stored > segmentBytes) {
      await this.writer.addSegment(file, file.stored, segmentBytes);
      file.stored += segmentBytes;
    }
  }

  /** Takes the stored head of a file that goes on growing off the disk. */
  private async punchHead(file: Growing): Promise<void> {
    const length = file.stored - file.punched;
    if (length < PUNCHED_PARTS * this.writer.segmentBytes) return;
    await this.punch(file.path, file.punched, length);
    file.punched = file.stored;
  }

  /** What is left of a file that is complete, at most `segmentBytes`. */
  private async storeTail(file: Growing, size: number): Promise<void> {
    if (file.stored === 0) await this.writer.addSmallFile({ ...file, size });
    else await this.writer.addSegment(file, file.stored, size - file.stored);
  }

  private async punch(path: string, offset: number, length: number): Promise<void> {
    if (!this.canPunch) return;
    try {
      await runSystemProgram('fallocate', ['--punch-hole', `--offset=${offset}`, `--length=${length}`, path]);
    } catch (error) {
      this.canPunch = false;
      this.log.warn('disk-space-not-released', {
        reason: (error as Error).message.trim(),
        consequence: 'a file of the dump takes space on the disk until pg_dump has written it whole',
      });
    }
  }

  /** A loop of its own: the other one waits for the storage. */
  private async watchBacklog(ending: Promise<void>): Promise<void> {
    while (!this.ended) {
      const backlog = this.backlogBytes();
      const limit = BACKLOG_PARTS * this.writer.segmentBytes;
      if (this.canPunch && backlog > limit) this.processes?.pause();
      else if (backlog < limit / 2) this.processes?.resume();
      await this.pause(ending);
    }
    this.processes?.resume();
  }

  /** Bytes on the disk that could be stored: less than a part of each file that grows has to wait. */
  private backlogBytes(): number {
    let bytes = 0;
    for (const name of this.names()) {
      const size = statSync(join(this.directory, name), { throwIfNoEntry: false })?.size ?? 0;
      bytes += size - (this.growing.get(name)?.stored ?? 0);
    }
    return bytes - this.jobs * this.writer.segmentBytes;
  }

  /** Until the next look at the directory, or the end. */
  private async pause(ending: Promise<void>): Promise<void> {
    await Promise.race([ending, sleep(POLL_MS)]);
  }

  /** The files that are not yet stored whole. */
  private names(): string[] {
    try {
      return readdirSync(this.directory);
    } catch (error) {
      // pg_dump has not made it yet.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    return throwIfGone(path)(error as NodeJS.ErrnoException);
  }
}
