import { sampleOf } from './sample';
import { StoredParts } from './stored-backup';
import { Part } from '../../contract/manifest';

/** So many of the first parts are read back, and of the others those at which the number of parts has doubled. */
const FIRST_READ_BACK = 4;

interface Check {
  readonly part: Part;
  readonly isReadBack: boolean;
  readonly passed: Promise<boolean>;
}

/** Finds out whether the storage holds the parts of a backup while others are still on their way. */
export class PartChecks {
  private readonly checks = new Map<number, Check>();

  constructor(
    private readonly stored: StoredParts,
    private readonly signal: AbortSignal,
  ) {}

  /** The storage has said that it took this part. Resolves when `body` is needed no more: a part is read back into it. */
  async begin(part: Part, body: Buffer): Promise<void> {
    const count = this.checks.size + 1;
    const isReadBack = count <= FIRST_READ_BACK || Number.isInteger(Math.log2(count));
    const checking = isReadBack ? this.readBack(part, body) : this.stored.hasItsSize(part);
    const passed = checking.catch(() => false);
    this.checks.set(part.number, { part, isReadBack, passed });
    if (isReadBack) await passed;
  }

  /**
   * Waits for the checks of these parts. The last one is read back, and what did not pass is looked at once more.
   *
   * @returns the key of each that is missing or damaged, with what is wrong with it, and how many were read back
   */
  async finish(parts: readonly Part[]): Promise<{ readonly damaged: readonly string[]; readonly readBack: number }> {
    const again: Part[] = [];
    let readBack = 0;
    for (const part of parts) {
      const check = this.checks.get(part.number);
      const isSame = check?.part.sha256 === part.sha256 && check.part.size === part.size;
      const passed = isSame && (await check.passed);
      const isLast = part === parts.at(-1);
      if (!passed || (isLast && !check.isReadBack)) again.push(part);
      else if (check.isReadBack) readBack += 1;
    }
    const sample = sampleOf(again);
    const damaged = await this.stored.findDamage(again, sample, this.signal);
    return { damaged, readBack: readBack + sample.length };
  }

  private async readBack(part: Part, into: Buffer): Promise<boolean> {
    this.signal.throwIfAborted();
    // What was sent must not pass for what comes back.
    into.fill(0);
    return (await this.stored.damageOf(part, into)) === undefined;
  }
}
