import { setTimeout as sleep } from 'node:timers/promises';
import { CredentialsFault, findKeys, FoundKeys } from './credentials';
import { ObjectStore, ReadResult } from './object-store';
import { StorageAnswer, StorageClient } from './s3-client';
import { ActionError } from '../../contract/action-error';
import { diagnoseStorage } from '../../contract/diagnosis/diagnose';
import { isKind, isRetriedByBackups, rejectsCredentials } from '../../contract/diagnosis/error-kinds';
import { Bounds, Fault, StorageContext, StorageOperation } from '../../contract/diagnosis/fault';
import { faultLine } from '../../contract/diagnosis/fault-line';
import { OperationResult, OwnCode } from '../../contract/diagnosis/operation-result';
import { StorageSettings } from '../../contract/storage-settings';
import { Log } from '../log';
import { Secrets } from '../secrets';

/** The details of a StorageFault. */
export interface StorageFaultDetails extends Fault {
  /** The object that was asked for. */
  readonly key?: string;
}

export interface ObjectStoreOptions {
  readonly secrets: Secrets;
  readonly log: Log;
  /** Region of the program, for the remedy of a network fault. */
  readonly region?: string;
  /** @default - {@link BACKUP_BOUNDS} */
  readonly bounds?: Bounds;
  /** Waits so many milliseconds. @default - a timer */
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
}

/** A part is large and a store may be slow to accept it, but a connection on which nothing moves is dead. */
export const BACKUP_BOUNDS: Bounds = { connectMs: 3_000, socketMs: 30_000, requestMs: 300_000 };

/** Longest object that is read: a part is a few tens of MiB, a manifest of very many files less. */
export const MAXIMUM_OBJECT_BYTES = 256 * 1024 * 1024;

/** HTTP status. */
const RANGE_NOT_SATISFIABLE = 416;

/** Pauses before the second and later attempts of one operation, in milliseconds. */
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
      throw storageFault(error.fault, settings);
    }
    throw error;
  }
}

class S3ObjectStore implements ObjectStore {
  retries = 0;
  private client: StorageClient;
  /** What the store answers as a digest is one, as far as is known. */
  private answersDigests = true;

  constructor(
    private readonly context: StorageContext,
    private readonly settings: StorageSettings,
    private found: FoundKeys,
    private readonly options: ObjectStoreOptions,
  ) {
    this.client = this.open();
  }

  async put(key: string, body: Buffer, sha256?: string): Promise<void> {
    const { result } = await this.withCurrentKeys(async (client) => {
      const answer = await client.put(key, body, undefined, sha256);
      return answer.otherDigest && this.answersDigests ? this.readBack(client, key, body) : answer;
    });
    this.requireDone('PUT', key, result);
  }

  /** What a PUT whose digest was contradicted has stored. An `ETag` is often no digest where the store encrypts. */
  private async readBack(client: StorageClient, key: string, body: Buffer): Promise<StorageAnswer> {
    const { result, bytes } = await client.get(key, body.length);
    const isStored = bytes?.equals(body) === true;
    if (isStored) this.answersDigests = false;
    const isUnknown = result.kind === 'no-answer' && result.code !== ('ANSWER_TOO_LONG' satisfies OwnCode);
    return { result: isStored || isUnknown ? result : { kind: 'other-bytes' } };
  }

  async get(key: string, into?: Buffer): Promise<ReadResult> {
    const { result, bytes } = await this.withCurrentKeys((client) =>
      client.get(key, MAXIMUM_OBJECT_BYTES, undefined, into),
    );
    if (isKind(result, 'missing')) {
      return { kind: 'missing' };
    }
    if (isKind(result, 'denied')) {
      return { kind: 'denied', fault: diagnoseStorage({ GET: result }, this.context)! };
    }
    this.requireDone('GET', key, result);
    return { kind: 'found', body: bytes! };
  }

  async sizeOf(key: string): Promise<number | undefined> {
    const { result, size } = await this.withCurrentKeys((client) => client.size(key));
    if (isKind(result, 'missing', 'denied')) return undefined;
    // An empty object has no first byte.
    if (result.kind === 'answer' && result.status === RANGE_NOT_SATISFIABLE) return 0;
    this.requireDone('GET', key, result);
    if (size !== undefined) return size;
    // The answer was in chunks, or had no total, as some proxies make it.
    const whole = await this.get(key);
    return whole.kind === 'found' ? whole.body.length : undefined;
  }

  async delete(key: string): Promise<void> {
    const { result } = await this.withCurrentKeys((client) => client.delete(key));
    this.requireDone('DELETE', key, result);
  }

  clockOffsetMs(): number | undefined {
    return this.client.clockOffsetMs;
  }

  /** One operation; refused keys are replaced once by those of the secret's current version. */
  private async withCurrentKeys(operation: (client: StorageClient) => Promise<StorageAnswer>): Promise<StorageAnswer> {
    let answer = await this.withRetries(operation);
    if (rejectsCredentials(answer.result) && (await this.switchKeys())) {
      answer = await this.withRetries(operation);
    }
    return answer;
  }

  private async withRetries(operation: (client: StorageClient) => Promise<StorageAnswer>): Promise<StorageAnswer> {
    const wait = this.options.sleep ?? sleep;
    let answer = await operation(this.client);
    for (const pause of PAUSES) {
      if (!isRetriedByBackups(answer.result)) {
        return answer;
      }
      // Scattered, so that parts which were refused at the same time are not sent again at the same time.
      await wait(pause * (0.5 + Math.random()));
      this.retries += 1;
      answer = await operation(this.client);
    }
    return answer;
  }

  /** Whether there are other keys now. Requests under way with the old ones are not stopped. */
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

  private requireDone(operation: StorageOperation, key: string, result: OperationResult): void {
    const fault = diagnoseStorage({ [operation]: result }, this.context);
    if (fault !== undefined) {
      throw storageFault(fault, this.settings, key);
    }
  }
}

function storageFault(fault: Fault, settings: StorageSettings, key?: string): ActionError {
  const details: StorageFaultDetails = { ...fault, ...(key === undefined ? {} : { key }) };
  return new ActionError('StorageFault', faultLine(fault, { ...settings, key }), details);
}
