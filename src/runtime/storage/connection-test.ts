import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CatalogOwner, findForeignOwner } from './owner-check';
import { Outcome, StorageClient } from './s3-client';
import { Fault, faultOf, Findings } from '../../contract/diagnosis/fault';
import { StorageContext } from '../../contract/diagnosis/fault-texts';
import {
  isTransient,
  mayHaveLanded,
  meaningOf,
  meansWrongCredentials,
  Observation,
} from '../../contract/diagnosis/observation';
import { CONNECTION_TEST_BOUNDS, StorageOperation } from '../../contract/diagnosis/verdict';
import { Owner } from '../../contract/owner';

/** What a probe of a storage found. */
export interface ProbeResult {
  /** Undefined: the very bytes came back, and the object is gone. */
  readonly fault?: Fault;
  /** The key of an object that may be left behind. */
  readonly left?: string;
  readonly warnings: readonly string[];
}

export interface ProbeTarget {
  readonly key: string;
  /** The catalogs to look for another owner in, and who is none. Absent: nobody's folder. */
  readonly folder?: { readonly catalogs: readonly string[]; readonly owner: Owner };
}

/** Bytes of the temporary object. */
const OBJECT_BYTES = 1024;

/** Pause before the second attempt of an operation, and between looks for an object that does not show yet. */
const PAUSE_MS = 200;

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
 * PUTs, GETs, compares and DELETEs the temporary object, within the deadlines whatever the other side does.
 *
 * What was refused for want of a permission does not end the probe, so that the answer can name all that is missing;
 * wrong credentials end it at once, since some stores lock an account after a few of them.
 */
export async function probe(
  client: StorageClient,
  target: ProbeTarget,
  context: StorageContext,
  deadlines: Deadlines,
): Promise<ProbeResult> {
  const attempt = new Attempt(client, target.key, deadlines);
  await attempt.storeAndRead();
  const [foreign] = await Promise.all([attempt.ownerOf(target), attempt.remove()]);
  const fault = faultOf(attempt.findings, context);
  return {
    fault: fault ?? foreign.fault(context),
    left: attempt.left ? target.key : undefined,
    warnings: [...(attempt.versioned ? [VERSIONED] : []), ...foreign.warnings],
  };
}

const VERSIONED =
  'The bucket keeps versions or is locked: what is deleted stays as an older version, and is paid for, until a lifecycle rule of the bucket removes it.';

class Attempt {
  versioned = false;
  /** The object may be there. */
  left = false;
  private readonly found: { [operation in StorageOperation]?: Observation } = {};

  constructor(
    private readonly client: StorageClient,
    private readonly key: string,
    private readonly deadlines: Deadlines,
  ) {}

  get findings(): Findings {
    return this.found;
  }

  /** Other bytes may be those of a test before this one: they count when fresh ones do not come back either. */
  async storeAndRead(): Promise<void> {
    for (let round = 1; round <= 2; round++) {
      const bytes = randomBytes(OBJECT_BYTES);
      this.found.PUT = await this.put(bytes);
      if (!isDoneOrDenied(this.found.PUT)) {
        return;
      }
      const read = await this.get();
      this.found.GET = this.found.PUT.kind === 'done' ? compare(read, bytes) : read.observation;
      if (this.found.GET.kind !== 'other-bytes') {
        return;
      }
    }
  }

  async remove(): Promise<void> {
    const refused = this.found.PUT !== undefined && meaningOf(this.found.PUT) === 'denied';
    if (Object.values(this.found).some(meansWrongCredentials) || !(this.left || refused)) {
      return;
    }
    const { observation, versioned } = await this.twice(this.deadlines.end, (ms) => this.client.delete(this.key, ms));
    this.found.DELETE = observation;
    this.versioned ||= versioned === true;
    this.left &&= !['done', 'missing'].includes(meaningOf(observation));
  }

  /** Who else the folder belongs to, once it is known that it can be read. */
  async ownerOf({ folder }: ProbeTarget): Promise<CatalogOwner> {
    return folder !== undefined && this.found.PUT?.kind === 'done' && this.found.GET?.kind === 'done'
      ? findForeignOwner(folder.catalogs, folder.owner, (key, maximumBytes) =>
          this.twice(this.deadlines.end, (ms) => this.client.get(key, maximumBytes, ms)),
        )
      : CatalogOwner.unknown();
  }

  private async put(bytes: Buffer): Promise<Observation> {
    const { observation } = await this.twice(this.deadlines.work, async (ms) => {
      const outcome = await this.client.put(this.key, bytes, ms);
      this.left ||= mayHaveLanded(outcome.observation);
      this.versioned ||= outcome.versioned === true;
      return outcome;
    });
    return observation;
  }

  private async get(): Promise<Outcome> {
    const visibleBy = Math.min(performance.now() + CONNECTION_TEST_BOUNDS.visibleMs, this.deadlines.work);
    for (;;) {
      const outcome = await this.twice(this.deadlines.work, (ms) => this.client.get(this.key, OBJECT_BYTES, ms));
      const { observation } = outcome;
      const notYet = this.found.PUT?.kind === 'done' && observation.kind === 'answer' && observation.status === 404;
      if (!notYet || performance.now() + PAUSE_MS > visibleBy) {
        return outcome;
      }
      await sleep(PAUSE_MS);
    }
  }

  /** One attempt, and one more where the fault may have passed by then. */
  private async twice(by: number, operation: (ms: number) => Promise<Outcome>): Promise<Outcome> {
    const left = () => Math.min(CONNECTION_TEST_BOUNDS.requestMs, by - performance.now());
    const first = await operation(left());
    if (!isTransient(first.observation) || left() <= PAUSE_MS) {
      return first;
    }
    await sleep(PAUSE_MS);
    return operation(left());
  }
}

function isDoneOrDenied(observation: Observation): boolean {
  return ['done', 'denied'].includes(meaningOf(observation));
}

function compare({ observation, bytes }: Outcome, expected: Buffer): Observation {
  const tooLong = observation.kind === 'no-answer' && observation.code === 'ANSWER_TOO_LONG';
  const differs = observation.kind === 'done' && bytes?.equals(expected) !== true;
  return tooLong || differs ? { kind: 'other-bytes' } : observation;
}
