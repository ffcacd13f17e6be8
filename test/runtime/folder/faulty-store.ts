import { ObjectStore, ReadResult } from '../../../src/runtime/storage/object-store';

/** What becomes of one request. */
export type RequestFault =
  | 'none'
  /** It is done, but the answer is lost. */
  | 'answer-lost'
  /** It is not done, and the caller is told so. */
  | 'refused'
  /** The caller gives up; it is done later, when other requests have been. */
  | 'held'
  /** It is done, and once more later: the first attempt of a request that was tried again. */
  | 'repeated-later'
  /** PUT: it is answered and not stored. GET: a byte is changed. */
  | 'lie'
  /** GET: as if there were no such object. */
  | 'missing'
  | 'denied';

interface LateRequest {
  readonly afterCall: number;
  readonly ofRun: number;
  readonly run: () => void;
}

/** A store in memory that fails as it is told: what no real one does on demand. */
export class FaultyStore implements ObjectStore {
  readonly objects = new Map<string, Buffer>();
  /** Requests that will be done later. */
  private late: LateRequest[] = [];
  private calls = 0;
  private faults: readonly RequestFault[] = [];
  private killedAfter = Infinity;
  private delay = 0;

  /** A new run comes: its requests meet these faults, one after the other, and none after a number of them. */
  begin(faults: readonly RequestFault[] = [], killedAfter = Infinity, delay = 0): void {
    this.faults = faults;
    this.killedAfter = this.calls + killedAfter;
    this.delay = delay;
    this.firstCall = this.calls;
    this.runs += 1;
  }

  /** After so many requests from now on, something happens to what is stored. */
  later(afterCalls: number, run: () => void): void {
    this.late.push({ afterCall: this.calls + afterCalls, ofRun: this.runs, run });
  }

  /** Requests that were held so many runs ago are done. */
  land(runsAgo = 0): void {
    this.late = this.late.filter(({ ofRun, run }) => {
      if (ofRun > this.runs - runsAgo) return true;
      run();
      return false;
    });
  }

  async put(key: string, body: Buffer): Promise<void> {
    const copy = Buffer.from(body);
    await this.request('PUT', () => this.objects.set(key, copy));
  }

  async get(key: string): Promise<ReadResult> {
    let read: ReadResult = { kind: 'missing' };
    const fault = await this.request('GET', () => {
      const body = this.objects.get(key);
      read = body === undefined ? { kind: 'missing' } : { kind: 'found', body };
    });
    if (fault === 'missing') return { kind: 'missing' };
    if (fault === 'denied') return DENIED;
    // Assigned in the callback above, which the compiler does not see.
    const result = read as ReadResult;
    return fault === 'lie' && result.kind === 'found' ? { kind: 'found', body: flipped(result.body) } : result;
  }

  async sizeOf(key: string): Promise<number | undefined> {
    const read = await this.get(key);
    return read.kind === 'found' ? read.body.length : undefined;
  }

  async delete(key: string): Promise<void> {
    await this.request('DELETE', () => this.objects.delete(key));
  }

  clockOffsetMs(): number {
    return 0;
  }

  private firstCall = 0;
  private runs = 0;

  private async request(operation: 'PUT' | 'GET' | 'DELETE', effect: () => void): Promise<RequestFault> {
    await Promise.resolve();
    const call = this.calls++;
    this.late = this.late.filter(({ afterCall, run }) => {
      if (afterCall > call) return true;
      run();
      return false;
    });
    if (call >= this.killedAfter) throw new Error('the process was killed');
    const fault = this.faults[call - this.firstCall] ?? 'none';
    const isSkipped = fault === 'refused' || fault === 'held' || (fault === 'lie' && operation === 'PUT');
    if (!isSkipped) effect();
    if (operation !== 'GET' && (fault === 'held' || fault === 'repeated-later')) {
      this.late.push({ afterCall: call + this.delay, ofRun: this.runs, run: effect });
    }
    if (['answer-lost', 'refused', 'held'].includes(fault)) throw new Error(`connection lost (${fault})`);
    return fault;
  }
}

const DENIED: ReadResult = {
  kind: 'denied',
  fault: { faultClass: 'permission', operations: ['GET'], summary: 'The storage answered AccessDenied.', remedy: '' },
};

function flipped(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  const position = Math.floor(changed.length / 2);
  changed[position] = (changed[position] + 1) % 256;
  return changed;
}
