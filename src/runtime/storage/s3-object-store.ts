import { setTimeout as sleep } from 'node:timers/promises';
import { CredentialsFault, findKeys, FoundKeys } from './credentials';
import { BodyDigests, ObjectStore, ReadResult } from './object-store';
import { md5Of, Outcome, StorageClient } from './s3-client';
import { ActionError } from '../../contract/action-error';
import { faultOf } from '../../contract/diagnosis/fault';
import { Bounds, StorageContext } from '../../contract/diagnosis/fault-texts';
import { isTransient, meaningOf, meansWrongCredentials, Observation } from '../../contract/diagnosis/observation';
import { FaultClass, StorageOperation } from '../../contract/diagnosis/verdict';
import { faultLine } from '../../contract/diagnosis/verdict-text';
import { StorageSettings } from '../../contract/storage-settings';
import { Log } from '../log';
import { Secrets } from '../secrets';

/** What a StorageFault carries for machines. */
export interface StorageFaultDetails {
  readonly faultClass: FaultClass;
  readonly operation?: StorageOperation;
  readonly key?: string;
  readonly code?: string;
  readonly status?: number;
  readonly remedy: string;
}

export interface ObjectStoreOptions {
  readonly secrets: Secrets;
  readonly log: Log;
  /** Region of the program, for the remedy of a network fault. */
  readonly region?: string;
  /** @default - {@link BACKUP_BOUNDS} */
  readonly bounds?: Bounds;
  /** Waits so many milliseconds. @default - really */
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
}

/** A part is large and a store may be slow to take it in, but a connection that stands still is dead. */
export const BACKUP_BOUNDS: Bounds = { connectMs: 3_000, socketMs: 30_000, requestMs: 300_000 };

/** Longest object that is read: a part is a few tens of MiB, a manifest of very many files less. */
export const MAXIMUM_OBJECT_BYTES = 256 * 1024 * 1024;

/** Waits between the attempts of one operation, in milliseconds. */
const PAUSES = [250, 1_000, 4_000];

/**
 * Opens a storage for backups.
 *
 * @throws ActionError StorageFault where there are no keys for it.
 */
export async function openObjectStore(settings: StorageSettings, options: ObjectStoreOptions): Promise<ObjectStore> {
  const bounds = options.bounds ?? BACKUP_BOUNDS;
  const context = { storage: settings, region: options.region, bounds };
  try {
    const found = await findKeys(context, options.secrets);
    return new S3ObjectStore(context, settings, found, options);
  } catch (error) {
    if (error instanceof CredentialsFault) {
      const { faultClass, code, status, remedy } = error.fault;
      const details: StorageFaultDetails = { faultClass, code, status, remedy };
      throw new ActionError('StorageFault', faultLine(error.fault, settings), details);
    }
    throw error;
  }
}

class S3ObjectStore implements ObjectStore {
  private client: StorageClient;

  constructor(
    private readonly context: StorageContext,
    private readonly settings: StorageSettings,
    private found: FoundKeys,
    private readonly options: ObjectStoreOptions,
  ) {
    this.client = this.open();
  }

  async put(key: string, body: Buffer, digests?: BodyDigests): Promise<void> {
    const known = digests ?? { md5: md5Of(body) };
    const { observation } = await this.ask((client) => client.put(key, body, undefined, known));
    this.demand('PUT', key, observation);
  }

  async get(key: string): Promise<ReadResult> {
    const { observation, bytes } = await this.ask((client) => client.get(key, MAXIMUM_OBJECT_BYTES));
    switch (meaningOf(observation)) {
      case 'missing':
        return { kind: 'missing' };
      case 'denied':
        return { kind: 'denied', fault: faultOf({ GET: observation }, this.context)! };
      default:
        this.demand('GET', key, observation);
        return { kind: 'found', body: bytes! };
    }
  }

  async delete(key: string): Promise<void> {
    const { observation } = await this.ask((client) => client.delete(key));
    this.demand('DELETE', key, observation);
  }

  clockOffsetMs(): number | undefined {
    return this.client.clockOffsetMs;
  }

  /** One operation: passing faults are tried again, refused keys once with the secret's current ones. */
  private async ask(operation: (client: StorageClient) => Promise<Outcome>): Promise<Outcome> {
    let outcome = await this.persist(operation);
    if (meansWrongCredentials(outcome.observation) && (await this.switchKeys())) {
      outcome = await this.persist(operation);
    }
    return outcome;
  }

  private async persist(operation: (client: StorageClient) => Promise<Outcome>): Promise<Outcome> {
    const wait = this.options.sleep ?? sleep;
    let outcome = await operation(this.client);
    for (const pause of PAUSES) {
      if (!isWorthRepeating(outcome.observation)) {
        return outcome;
      }
      // Scattered, so that parts that were refused together do not come back together.
      await wait(pause * (0.5 + Math.random()));
      outcome = await operation(this.client);
    }
    return outcome;
  }

  /** Whether there are other keys now. Operations under way with the old ones end as they would. */
  private async switchKeys(): Promise<boolean> {
    const before = this.found;
    const newer = await before.newer();
    if (this.found !== before) {
      return true;
    }
    if (newer === undefined) {
      return false;
    }
    this.found = newer;
    this.client = this.open();
    return true;
  }

  private open(): StorageClient {
    if (this.found.warning !== undefined) {
      this.options.log.warn('storage-credentials', { warning: this.found.warning });
    }
    return new StorageClient(this.settings, this.found.keys, this.context.bounds);
  }

  private demand(operation: StorageOperation, key: string, observation: Observation): void {
    const fault = faultOf({ [operation]: observation }, this.context);
    if (fault !== undefined) {
      const { faultClass, code, status, remedy } = fault;
      const details: StorageFaultDetails = { faultClass, operation, key, code, status, remedy };
      throw new ActionError('StorageFault', faultLine(fault, { ...this.settings, key }), details);
    }
  }
}

/** Besides what passes by itself: a silence or a slowness, which a backup can afford to try again. */
function isWorthRepeating(observation: Observation): boolean {
  return (
    isTransient(observation) ||
    meaningOf(observation) === 'altered' ||
    (observation.kind === 'no-answer' &&
      ['CONNECT_TIMEOUT', 'ETIMEDOUT', 'SILENT', 'TOO_SLOW'].includes(observation.code))
  );
}
