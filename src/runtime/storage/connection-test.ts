import { createHash, randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { FolderOwner, findForeignOwner } from './owner-check';
import { StorageAnswer, StorageClient } from './s3-client';
import { diagnoseStorage, OperationResults } from '../../contract/diagnosis/diagnose';
import { isKind, isTransient, mayHaveStored, rejectsCredentials } from '../../contract/diagnosis/error-kinds';
import { Fault, StorageContext, StorageOperation } from '../../contract/diagnosis/fault';
import { OperationResult } from '../../contract/diagnosis/operation-result';
import { CONNECTION_TEST_BOUNDS } from '../../contract/diagnosis/verdict';
import { CONNECTION_TEST_SLOTS } from '../../contract/object-keys';
import { Owner } from '../../contract/owner';

/** What a connection test of a storage found. */
export interface ProbeResult {
  /** Undefined: the same bytes came back, and the object is deleted. */
  readonly fault?: Fault;
  /** The key of the temporary object that was used last. */
  readonly key: string;
  /** The key of an object that may be left in the storage. */
  readonly left?: string;
  readonly warnings: readonly string[];
}

export interface ProbeTarget {
  /** The key of the temporary object in a slot. */
  readonly keyOfSlot: (slot: number) => string;
  /** The objects that may name another owner, and the owner of this folder. Absent: no owner is checked. */
  readonly folder?: { readonly ownerObjects: readonly string[]; readonly owner: Owner };
}

/** Bytes of the temporary object. */
const OBJECT_BYTES = 1024;

/** Milliseconds that must be left for another round to begin. */
const ROUND_MS = 2_000;

/** Milliseconds that later rounds wait for an object to become visible. */
const VISIBLE_AGAIN_MS = 600;

/** Pause before the second attempt of an operation, and between reads of an object that is not visible yet. */
const PAUSE_MS = 200;

/** Attempts, each in another slot, where bytes of a test came back that runs at the same time. */
const ROUNDS_BESIDE_OTHERS = 12;

/** Attempts where the object was not there: another test may have deleted it. */
const ROUNDS_WHEN_MISSING = 4;

/** Attempts where reading was denied, which may hide that another test had deleted the object. */
const ROUNDS_WHEN_DENIED = 6;

/** Attempts where other bytes came back, which are no test's. */
const ROUNDS_WHEN_ALTERED = 2;

/** A clock that differs by more than this is reported. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

const VERSIONED =
  'The bucket keeps versions: deleted objects stay as older versions, and are charged, until a lifecycle rule of the bucket removes them.';

/** The moments, in milliseconds of `performance.now()`, at which a test must be done. */
export class Deadlines {
  /** For everything but the DELETE. */
  readonly work: number;
  readonly end: number;

  constructor(start: number) {
    this.end = start + CONNECTION_TEST_BOUNDS.totalMs;
    this.work = this.end - CONNECTION_TEST_BOUNDS.deleteMs;
  }
}

/**
 * PUTs, GETs, compares and DELETEs a temporary object, within the deadlines whatever the storage does.
 *
 * A missing permission does not end the test, so that the answer can name all that are missing; wrong credentials end
 * it at once, since some stores lock an account after a few of them.
 */
export async function probe(
  client: StorageClient,
  target: ProbeTarget,
  context: StorageContext,
  deadlines: Deadlines,
): Promise<ProbeResult> {
  const attempt = new Attempt(client, target.keyOfSlot, deadlines);
  await attempt.storeAndRead();
  const [owner] = await Promise.all([attempt.ownerOf(target), attempt.remove()]);
  const fault = diagnoseStorage(attempt.results, context);
  return {
    fault: fault ?? owner.fault(context),
    key: attempt.key,
    left: attempt.left,
    warnings: [...(attempt.versioned ? [VERSIONED] : []), ...clockWarnings(client.clockOffsetMs), ...owner.warnings],
  };
}

/**
 * One test. Several tests of one folder may run at once: they share a few keys, so that what a denied DELETE leaves
 * stays bounded. Each test picks a key at random, and another one where another test takes its place.
 */
class Attempt {
  versioned = false;
  key: string;
  private readonly slots = shuffledSlots();
  /** Keys at which an object of this test may stand. */
  private readonly mayRemain = new Set<string>();
  /** Keys at which the object of another test took the place of this one's; that test deletes it. */
  private readonly takenOver = new Set<string>();
  private readonly found: { [operation in StorageOperation]?: OperationResult } = {};

  constructor(
    private readonly client: StorageClient,
    private readonly keyOfSlot: (slot: number) => string,
    private readonly deadlines: Deadlines,
  ) {
    this.key = keyOfSlot(this.slots[0]);
  }

  get results(): OperationResults {
    return this.found;
  }

  get left(): string | undefined {
    return this.mayRemain.values().next().value;
  }

  async storeAndRead(): Promise<void> {
    let slot = 0;
    for (let round = 1; ; round++) {
      this.key = this.keyOfSlot(this.slots[slot % this.slots.length]);
      const bytes = newTestObject();
      this.found.PUT = await this.put(bytes);
      if (!isKind(this.found.PUT, 'done', 'denied')) {
        return;
      }
      const read = await this.get(round === 1 ? CONNECTION_TEST_BOUNDS.visibleMs : VISIBLE_AGAIN_MS);
      const { result, rounds } =
        this.found.PUT.kind === 'done' ? compare(read, bytes) : { result: read.result, rounds: 1 };
      this.found.GET = result;
      // Scattered, and more so each time, so that tests that met here do not meet again.
      const pause = PAUSE_MS * Math.min(round, 3) * Math.random();
      if (round >= rounds || performance.now() + pause + ROUND_MS > this.deadlines.work) {
        break;
      }
      if (rounds === ROUNDS_BESIDE_OTHERS) {
        this.takenOver.add(this.key);
      }
      slot += rounds === ROUNDS_BESIDE_OTHERS ? 1 : 0;
      await sleep(pause);
    }
    if (this.found.GET.kind === 'done') {
      this.takenOver.forEach((key) => this.mayRemain.delete(key));
    }
  }

  async remove(): Promise<void> {
    const { PUT } = this.found;
    const refused = PUT !== undefined && isKind(PUT, 'denied');
    const keys = refused ? [this.key] : [...this.mayRemain];
    if (keys.length === 0 || Object.values(this.found).some(rejectsCredentials)) {
      return;
    }
    const results = await Promise.all(keys.map(async (key) => this.delete(key)));
    this.found.DELETE = results.find((result) => !isKind(result, 'done', 'missing')) ?? results[0];
  }

  /** The other owner of the folder, once it is known that the folder can be read. */
  async ownerOf({ folder }: ProbeTarget): Promise<FolderOwner> {
    return folder !== undefined && this.found.PUT?.kind === 'done' && this.found.GET?.kind === 'done'
      ? findForeignOwner(folder.ownerObjects, folder.owner, (key, maximumBytes) =>
          this.twice(this.deadlines.end, (ms) => this.client.get(key, maximumBytes, ms)),
        )
      : FolderOwner.unknown();
  }

  private async put(bytes: Buffer): Promise<OperationResult> {
    const { result } = await this.twice(this.deadlines.work, async (ms) => {
      const answer = await this.client.put(this.key, bytes, ms);
      if (mayHaveStored(answer.result)) {
        this.mayRemain.add(this.key);
      }
      return answer;
    });
    return result;
  }

  private async get(visibleMs: number): Promise<StorageAnswer> {
    const visibleBy = Math.min(performance.now() + visibleMs, this.deadlines.work - ROUND_MS / 2);
    for (;;) {
      const answer = await this.twice(this.deadlines.work, (ms) => this.client.get(this.key, OBJECT_BYTES, ms));
      const { result } = answer;
      const notYet = this.found.PUT?.kind === 'done' && result.kind === 'answer' && result.status === 404;
      if (!notYet || performance.now() + PAUSE_MS > visibleBy) {
        return answer;
      }
      await sleep(PAUSE_MS);
    }
  }

  private async delete(key: string): Promise<OperationResult> {
    const { result, versioned } = await this.twice(this.deadlines.end, (ms) => this.client.delete(key, ms));
    this.versioned ||= versioned === true;
    if (isKind(result, 'done', 'missing')) {
      this.mayRemain.delete(key);
    }
    return result;
  }

  /** One attempt, and one more where the fault is transient. */
  private async twice(by: number, operation: (ms: number) => Promise<StorageAnswer>): Promise<StorageAnswer> {
    const remaining = () => Math.min(CONNECTION_TEST_BOUNDS.requestMs, by - performance.now());
    const first = await operation(remaining());
    if (!isTransient(first.result) || remaining() <= PAUSE_MS) {
      return first;
    }
    await sleep(PAUSE_MS);
    return operation(remaining());
  }
}

/** What came back, and how many rounds that may be tried before it counts. */
function compare(
  { result, bytes }: StorageAnswer,
  expected: Buffer,
): { readonly result: OperationResult; readonly rounds: number } {
  if (result.kind === 'done' && bytes?.equals(expected)) {
    return { result, rounds: 0 };
  }
  if (result.kind === 'done') {
    const rounds = bytes !== undefined && isTestObject(bytes) ? ROUNDS_BESIDE_OTHERS : ROUNDS_WHEN_ALTERED;
    return { result: { kind: 'other-bytes' }, rounds };
  }
  if (result.kind === 'no-answer' && result.code === 'ANSWER_TOO_LONG') {
    return { result: { kind: 'other-bytes' }, rounds: ROUNDS_WHEN_ALTERED };
  }
  return {
    result,
    rounds: isKind(result, 'missing') ? ROUNDS_WHEN_MISSING : isKind(result, 'denied') ? ROUNDS_WHEN_DENIED : 1,
  };
}

/** Random bytes and their SHA-256, by which another test's object is told from altered bytes. */
function newTestObject(): Buffer {
  const random = randomBytes(OBJECT_BYTES - 32);
  return Buffer.concat([random, sha256(random)]);
}

function isTestObject(bytes: Buffer): boolean {
  return bytes.length === OBJECT_BYTES && sha256(bytes.subarray(0, -32)).equals(bytes.subarray(-32));
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function shuffledSlots(): number[] {
  const slots = Array.from({ length: CONNECTION_TEST_SLOTS }, (_, index) => index + 1);
  for (let last = slots.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [slots[last], slots[other]] = [slots[other], slots[last]];
  }
  return slots;
}

function clockWarnings(offsetMs: number | undefined): string[] {
  if (offsetMs === undefined || Math.abs(offsetMs) <= CLOCK_TOLERANCE_MS) {
    return [];
  }
  const difference = `${Math.round(Math.abs(offsetMs) / 60_000)} minutes ${offsetMs > 0 ? 'behind' : 'ahead of'}`;
  return [`The clock of this machine is ${difference} the storage's. Set it: backups are dated and expire by it.`];
}
