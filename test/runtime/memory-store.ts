import { ObjectStore, ReadResult } from '../../src/runtime/storage/object-store';

/** What becomes of one call, counted from 1. */
export interface Interruption {
  readonly call: number;
  /** Whether the store does what it was asked before the caller is cut off. */
  readonly takesEffect: boolean;
  /** `cut`: this one call fails. `kill`: the caller is dead, so that no later call of its reaches the store either. */
  readonly kind: 'cut' | 'kill';
}

/** A store that forgets nothing until it is told to, for what no real store does on demand: stop in the middle. */
export class MemoryStore implements ObjectStore {
  readonly objects = new Map<string, Buffer>();
  readonly calls: string[] = [];
  interruption?: Interruption;
  /** As Amazon S3 answers credentials that may not list; set to `{ kind: 'missing' }` for a store that may be listed. */
  answerForMissing: ReadResult = {
    kind: 'denied',
    fault: {
      faultClass: 'permission',
      operations: ['GET'],
      code: 'AccessDenied',
      status: 403,
      summary: 'The storage answered AccessDenied (HTTP 403) to GET.',
      remedy: 'Allow s3:GetObject.',
    },
  };

  async put(key: string, body: Buffer): Promise<void> {
    // Copied, as a wire does: what the caller does to its buffer afterwards is its own business.
    await this.call(`PUT ${key}`, () => this.objects.set(key, Buffer.from(body)));
  }

  async get(key: string): Promise<ReadResult> {
    let found: Buffer | undefined;
    await this.call(`GET ${key}`, () => (found = this.objects.get(key)));
    return found === undefined ? this.answerForMissing : { kind: 'found', body: found };
  }

  async sizeOf(key: string): Promise<number | undefined> {
    const read = await this.get(key);
    return read.kind === 'found' ? read.body.length : undefined;
  }

  clockOffsetMs(): number {
    return 0;
  }

  async delete(key: string): Promise<void> {
    await this.call(`DELETE ${key}`, () => this.objects.delete(key));
  }

  /** A new caller comes: its calls are counted from 1. */
  restart(interruption?: Interruption): void {
    this.calls.length = 0;
    this.interruption = interruption;
  }

  private async call(name: string, effect: () => void): Promise<void> {
    this.calls.push(name);
    const { call = Infinity, takesEffect = false, kind = 'cut' } = this.interruption ?? {};
    const dead = kind === 'kill' && this.calls.length > call;
    const interrupted = this.calls.length === call;
    if (!dead && (!interrupted || takesEffect)) {
      effect();
    }
    if (dead || interrupted) {
      throw new Error('connection lost');
    }
  }
}
