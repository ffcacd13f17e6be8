import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { READ_AGAIN_PAUSES_MS, readAgain } from './read-again';
import { ActionError } from '../../contract/action-error';
import { BackupId } from '../../contract/backup-id';
import { Manifest, Part } from '../../contract/manifest';
import { ObjectKeys } from '../../contract/object-keys';
import { bodyOf, ObjectStore, ReadResult } from '../storage/object-store';

/** Parts whose size is asked for at the same time. */
const CONCURRENT_QUESTIONS = 8;

/** Parts that are read and compared at the same time, each in memory as a whole. */
const CONCURRENT_READS = 3;

/** The parts of a backup in its folder, each compared with what the manifest says before it is used. */
export class StoredParts {
  constructor(
    private readonly store: ObjectStore,
    private readonly keys: ObjectKeys,
    private readonly backup: BackupId,
  ) {}

  partKey({ number }: Pick<Part, 'number'>): string {
    return this.keys.part(this.backup, number);
  }

  /**
   * @param into the part is read into this buffer
   * @throws VerificationFailed where the part is missing, or its size or digest is not the manifest's
   */
  async readPart(part: Part, into?: Buffer): Promise<Buffer> {
    const read = await this.read(part, into);
    const damage = partDamage(part, read);
    if (damage !== undefined) throw partError(this.partKey(part), damage);
    return bodyOf(read)!;
  }

  /**
   * Reads parts and compares them with the manifest.
   *
   * @throws VerificationFailed at one that is missing or damaged
   */
  async requireParts(parts: readonly Part[], signal: AbortSignal): Promise<void> {
    const left = parts.values();
    const readInTurn = async () => {
      for (const part of left) {
        signal.throwIfAborted();
        await this.readPart(part);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_READS }, readInTurn));
  }

  /**
   * Reads a part into a buffer, where it fits.
   *
   * @returns the key of the part with what is wrong with it; undefined where it is what it should be
   */
  async damageOf(part: Part, into: Buffer): Promise<string | undefined> {
    const damage = partDamage(part, await this.read(part, into));
    return damage === undefined ? undefined : `${this.partKey(part)} ${damage}`;
  }

  /** Reads parts. @returns the key of each that is missing or damaged, with what is wrong with it */
  async damagedParts(parts: readonly Part[], signal: AbortSignal): Promise<string[]> {
    const damages: (string | undefined)[] = [];
    const left = parts.entries();
    const readInTurn = async () => {
      const buffer = Buffer.allocUnsafe(Math.max(0, ...parts.map(({ size }) => size)));
      for (const [index, part] of left) {
        signal.throwIfAborted();
        damages[index] = await this.damageOf(part, buffer);
      }
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENT_READS, parts.length) }, readInTurn));
    return damages.filter((damage) => damage !== undefined);
  }

  /**
   * Reads a sample of the parts, and asks for the size of the others: a store may take a part and keep nothing.
   *
   * @returns the key of each that is missing or damaged, with what is wrong with it
   */
  async findDamage(parts: readonly Part[], sample: readonly Part[], signal: AbortSignal): Promise<string[]> {
    const others: string[] = [];
    const left = parts.filter((part) => !sample.includes(part)).values();
    const askInTurn = async () => {
      for (const part of left) {
        signal.throwIfAborted();
        if (!(await this.hasItsSize(part))) others.push(`${this.partKey(part)} is missing, or has another size`);
      }
    };
    const asking = Array.from({ length: CONCURRENT_QUESTIONS }, askInTurn);
    const [damaged] = await Promise.all([this.damagedParts(sample, signal), ...asking]);
    return [...damaged, ...others];
  }

  async hasItsSize(part: Part): Promise<boolean> {
    for (const pause of [0, ...READ_AGAIN_PAUSES_MS]) {
      if (pause > 0) await sleep(pause);
      if ((await this.store.sizeOf(this.partKey(part))) === part.size) return true;
    }
    return false;
  }

  private async read(part: Part, into?: Buffer): Promise<ReadResult> {
    return readAgain(this.store, this.partKey(part), (read) => partDamage(part, read) === undefined, into);
  }
}

/** A backup in its folder: its manifest and its parts. */
export class StoredBackup extends StoredParts {
  constructor(
    store: ObjectStore,
    keys: ObjectKeys,
    readonly manifest: Manifest,
    /** SHA-256 of the manifest, as it states it itself. */
    readonly manifestDigest: string,
  ) {
    super(store, keys, manifest.backup);
  }
}

/** A part that cannot be used, and what to do. */
export function partError(key: string, damage: string): ActionError {
  return new ActionError(
    'VerificationFailed',
    `The part ${key} ${damage}. The backup cannot be restored whole: choose another one, or put the part back.`,
  );
}

function partDamage(part: Part, read: ReadResult): string | undefined {
  if (read.kind === 'missing') return 'is missing';
  if (read.kind === 'denied') return `is missing, or reading it is denied: ${read.fault.summary}`;
  const { body } = read;
  if (body.length !== part.size) return `has ${body.length} bytes, not the ${part.size} of the manifest`;
  const digest = createHash('sha256').update(body).digest('hex');
  return digest === part.sha256 ? undefined : `has SHA-256 ${digest}, not the ${part.sha256} of the manifest`;
}
