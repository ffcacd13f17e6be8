import * as fs from 'node:fs';

/**
 * The processes of one execution environment, seen from the machine.
 */
export class Processes {
  private initPid?: number;

  /**
   * @param pid the child that was started
   * @param ownNamespace whether that child only waits for the first process of a namespace of its own
   */
  constructor(
    private readonly pid: number,
    private readonly ownNamespace: boolean,
  ) {}

  /**
   * What the program and its children hold: their own memory, and the largest of what each maps of files (programs and
   * libraries are there once, however many map them). Files in `/tmp` do not count: Lambda keeps them on a disk.
   *
   * @returns bytes, 0 before the program has started
   */
  public memoryBytes(): number {
    const statuses = this.statuses();
    const own = statuses.map((status) => kibibytes(status, 'RssAnon'));
    const mapped = statuses.map((status) => kibibytes(status, 'RssFile'));
    return 1024 * (own.reduce((sum, size) => sum + size, 0) + Math.max(0, ...mapped));
  }

  /** Between invocations nothing runs on Lambda. */
  public freeze(): void {
    for (const pid of this.program()) send(pid, 'SIGSTOP');
  }

  public thaw(): void {
    for (const pid of this.program()) send(pid, 'SIGCONT');
  }

  /** Ends all of them. Of a namespace, the kernel ends every process with the first. */
  public kill(): void {
    const init = this.init();
    const ended = init === undefined ? [...descendantsOf(this.pid), this.pid] : [init];
    for (const pid of ended) send(pid, 'SIGKILL');
  }

  private program(): number[] {
    const init = this.init();
    return init === undefined ? [this.pid, ...descendantsOf(this.pid)] : descendantsOf(init);
  }

  private init(): number | undefined {
    if (this.ownNamespace) this.initPid ??= descendantsOf(this.pid)[0];
    return this.initPid;
  }

  private statuses(): string[] {
    if (!this.ownNamespace) return [this.pid, ...descendantsOf(this.pid)].map((pid) => read(`/proc/${pid}/status`));
    // The namespace's own /proc lists its few processes; the machine's lists all. It is there once the root is entered.
    const root = `/proc/${this.init()}/root`;
    return fs.existsSync(`${root}/var/rapid/setpriv`)
      ? pidsIn(`${root}/proc`).map((pid) => read(`${root}/proc/${pid}/status`))
      : [];
  }
}

function descendantsOf(ancestor: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of pidsIn('/proc')) {
    // After the name, which may hold anything, come the state and the parent.
    const [, parent] = read(`/proc/${pid}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ');
    children.set(Number(parent), [...(children.get(Number(parent)) ?? []), pid]);
  }
  const below = (pid: number): number[] => (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(ancestor);
}

function pidsIn(directory: string): number[] {
  try {
    return fs.readdirSync(directory).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** A process may end at any moment: then there is nothing to read of it. */
function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function kibibytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
