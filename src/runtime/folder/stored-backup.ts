import { createHash } from 'node:crypto';
import { readAgain } from './read-again';
import { ActionError } from '../../contract/action-error';
import { Manifest, Part } from '../../contract/manifest';
import { ObjectKeys } from '../../contract/object-keys';
import { bodyOf, ObjectStore, ReadResult } from '../storage/object-store';

/** A backup in its folder: its manifest, and its parts, each compared with the manifest before it is used. */
export class StoredBackup {
  constructor(
    private readonly store: ObjectStore,
    private readonly keys: ObjectKeys,
    readonly manifest: Manifest,
    /** SHA-256 of the manifest, as it states it itself. */
    readonly manifestDigest: string,
  ) {}

  partKey({ number }: Pick<Part, 'number'>): string {
    return this.keys.part(this.manifest.backup, number);
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

  /** Reads parts. @returns the key of each that is missing or damaged, with what is wrong with it */
  async damagedParts(parts: readonly Part[], signal: AbortSignal): Promise<string[]> {
    const damaged: string[] = [];
    for (const part of parts) {
      signal.throwIfAborted();
      const damage = partDamage(part, await this.read(part));
      if (damage !== undefined) damaged.push(`${this.partKey(part)} ${damage}`);
    }
    return damaged;
  }

  private async read(part: Part, into?: Buffer): Promise<ReadResult> {
    return readAgain(this.store, this.partKey(part), (read) => partDamage(part, read) === undefined, into);
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
