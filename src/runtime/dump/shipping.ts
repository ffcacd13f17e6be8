import { execFile } from 'node:child_process';
import { readdir, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DumpProcesses } from './dump-processes';
import { memberBytes } from '../archive/parts-plan';
import { DumpedFile, PartsWriter, throwIfGone } from '../archive/parts-writer';
import { Log } from '../log';

/** How often the files are looked at while they grow. */
const POLL_MS = 200;

/** pg_dump is paused when the bytes of so many parts wait on the disk, and resumed when half of them are stored. */
const BACKLOG_PARTS = 4;

const TABLE_OF_CONTENTS = 'toc.dat';

/** Files that a dump is judged by at its end; they stay on the disk until then. */
const isDescription = (name: string) => name.endsWith('.toc') || name === TABLE_OF_CONTENTS;

/** A file that grows. */
interface Growing {
  readonly name: string;
  readonly path: string;
  /** Bytes that are stored, and no more on the disk. */
  stored: number;
}

/**
 * Stores the files of a dump while pg_dump writes them, and takes what is stored off the disk: whole files are deleted,
 * and the stored head of a file that still grows is punched out of it. If the disk fills faster than the storage takes
 * it, pg_dump is paused.
 */
export class Shipping {
  private readonly growing = new Map<string, Growing>();
  /** Complete files, by their paths, that wait until they fill a part. */
  private readonly waiting = new Map<string, DumpedFile>();
  private waitingBytes = 0;
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
  ) {}

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
        await Promise.race([ending, sleep(POLL_MS)]);
      }
    } finally {
      this.ended = true;
      await watching;
    }
  }

  /** Stores what is left of the data files, after pg_dump has ended. */
  async storeRest(): Promise<void> {
    await this.round();
    await this.storeWaiting();
  }

  async storeDescriptions(): Promise<void> {
    for (const file of await this.descriptions()) {
      const growing = { name: file.name, path: file.path, stored: 0 };
      await this.storeHead(growing, file.size);
      await this.storeTail(growing, file.size);
    }
    await this.storeWaiting();
  }

  /** The files that describe the dump. */
  async descriptions(): Promise<DumpedFile[]> {
    const names = (await readdir(this.directory)).filter(isDescription).sort();
    return Promise.all(
      names.map(async (name) => {
        const path = join(this.directory, name);
        return { name: `${this.folder}/${name}`, path, size: (await stat(path)).size };
      }),
    );
  }

  private async round(): Promise<void> {
    const names = await this.names();
    if (!names.includes(TABLE_OF_CONTENTS)) return;
    // In this order: a file that existed and then is not open is complete.
    const open = this.ended ? new Set<string>() : await this.processes?.openFiles(this.directory);
    // Chosen before any is stored: what waits now may be stored, and no more there, when its turn comes.
    const chosen = names.filter((name) => !isDescription(name) && !this.waiting.has(join(this.directory, name)));
    for (const name of chosen) {
      const path = join(this.directory, name);
      const file = this.growing.get(name) ?? { name: `${this.folder}/${name}`, path, stored: 0 };
      this.growing.set(name, file);
      const complete = open !== undefined && !open.has(name);
      const { size } = await stat(path).catch(throwIfGone(path));
      await this.storeHead(file, size);
      if (!complete) continue;
      await this.storeTail(file, size);
      this.growing.delete(name);
    }
  }

  /** More than a part holds: the file is a large one, and its head will not change. */
  private async storeHead(file: Growing, size: number): Promise<void> {
    const { segmentBytes } = this.writer;
    while (size - file.stored > segmentBytes) {
      await this.writer.addSegment(file, file.stored, segmentBytes);
      await this.punch(file.path, file.stored, segmentBytes);
      file.stored += segmentBytes;
    }
  }

  /** What is left of a file that is complete, at most `segmentBytes`. */
  private async storeTail(file: Growing, size: number): Promise<void> {
    if (file.stored === 0) return this.storeSmall({ name: file.name, path: file.path, size });
    await this.writer.addSegment(file, file.stored, size - file.stored);
    await unlink(file.path);
  }

  private async storeSmall(file: DumpedFile): Promise<void> {
    this.waiting.set(file.path, file);
    this.waitingBytes += memberBytes(file.size);
    if (this.waitingBytes >= this.writer.segmentBytes) await this.storeWaiting();
  }

  private async storeWaiting(): Promise<void> {
    const names = new Set(await this.names());
    // The check of completeness names a file that is gone.
    const files = [...this.waiting.values()].filter(({ path }) => names.has(basename(path)));
    await this.writer.addSmallFiles(files);
    for (const { path } of files) await unlink(path);
    this.waiting.clear();
    this.waitingBytes = 0;
  }

  private async punch(path: string, offset: number, length: number): Promise<void> {
    if (!this.canPunch) return;
    try {
      await promisify(execFile)('fallocate', ['--punch-hole', `--offset=${offset}`, `--length=${length}`, path], {
        env: { PATH: process.env.PATH },
      });
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
      const backlog = await this.backlogBytes();
      const limit = BACKLOG_PARTS * this.writer.segmentBytes;
      if (this.canPunch && backlog > limit) this.processes?.pause();
      else if (backlog < limit / 2) this.processes?.resume();
      await Promise.race([ending, sleep(POLL_MS)]);
    }
    this.processes?.resume();
  }

  /** Bytes on the disk that could be stored: less than a part of each file that grows has to wait. */
  private async backlogBytes(): Promise<number> {
    let bytes = this.waitingBytes;
    for (const name of await this.names()) {
      const path = join(this.directory, name);
      if (this.waiting.has(path)) continue;
      const size = await stat(path).then(
        (found) => found.size,
        () => 0,
      );
      bytes += size - (this.growing.get(name)?.stored ?? 0);
    }
    return bytes - this.jobs * this.writer.segmentBytes;
  }

  private async names(): Promise<string[]> {
    return readdir(this.directory).catch((error: NodeJS.ErrnoException) => {
      // pg_dump has not made it yet.
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  }
}
