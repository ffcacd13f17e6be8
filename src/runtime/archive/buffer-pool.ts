/** Buffers of one size that are used again and again: they bound how much of a backup is in memory at a time. */
export class BufferPool {
  private readonly free: Buffer[] = [];
  private readonly waiting: ((buffer: Buffer) => void)[] = [];
  private created = 0;

  constructor(
    readonly count: number,
    /** Bytes of each. */
    readonly size: number,
  ) {}

  /** A buffer, when one is free. @throws the reason of the signal */
  async take(signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    const free = this.free.pop();
    if (free) return free;
    if (this.created < this.count) {
      this.created += 1;
      return Buffer.allocUnsafeSlow(this.size);
    }
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.waiting.splice(this.waiting.indexOf(take), 1);
        reject(signal.reason);
      };
      const take = (buffer: Buffer) => {
        signal.removeEventListener('abort', stop);
        resolve(buffer);
      };
      this.waiting.push(take);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  giveBack(buffer: Buffer): void {
    const next = this.waiting.shift();
    if (next) next(buffer);
    else this.free.push(buffer);
  }
}
