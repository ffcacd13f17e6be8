import { LoadUnit } from './load-plan';

/** What is done with each unit. */
export interface UnitWork<P> {
  /** Makes ready what a unit reads. Done for one unit ahead. */
  prepare(unit: LoadUnit, signal: AbortSignal): Promise<P>;
  run(unit: LoadUnit, prepared: P, signal: AbortSignal): Promise<void>;
}

/**
 * Runs units, so many at the same time: those with data before those without, large ones first. The first failure stops
 * the others.
 *
 * @throws the first failure, when all have ended
 */
export async function runUnits<P>(
  units: readonly LoadUnit[],
  sessions: number,
  work: UnitWork<P>,
  signal: AbortSignal,
): Promise<void> {
  const failure = new AbortController();
  const runner = new UnitRunner(units, work, AbortSignal.any([signal, failure.signal]));
  const session = async () => runner.work().catch((error) => failure.abort(error));
  await Promise.all(Array.from({ length: sessions }, session));
  await runner.settle();
  signal.throwIfAborted();
  failure.signal.throwIfAborted();
}

class UnitRunner<P> {
  private readonly waiting: LoadUnit[];
  private readonly ended = new Set<LoadUnit>();
  private readonly prepared = new Map<LoadUnit, Promise<P>>();
  private wake: () => void = () => undefined;
  private changed = this.nextChange();

  constructor(
    units: readonly LoadUnit[],
    private readonly unitWork: UnitWork<P>,
    private readonly signal: AbortSignal,
  ) {
    const hasData = ({ files }: LoadUnit) => Number(files.length > 0);
    this.waiting = [...units].sort((one, other) => hasData(other) - hasData(one) || other.bytes - one.bytes);
    signal.addEventListener('abort', () => this.wake(), { once: true });
  }

  /** One session's share. */
  async work(): Promise<void> {
    while (this.waiting.length > 0) {
      this.signal.throwIfAborted();
      const index = this.waiting.findIndex(({ waitsFor }) => waitsFor === undefined || this.ended.has(waitsFor));
      if (index < 0) {
        await this.changed;
        continue;
      }
      const [unit] = this.waiting.splice(index, 1);
      const prepared = await this.prepare(unit);
      this.prepared.delete(unit);
      const [next] = this.waiting;
      if (next?.files.length > 0 && this.prepared.size === 0) void this.prepare(next).catch(() => undefined);
      await this.unitWork.run(unit, prepared, this.signal);
      this.ended.add(unit);
      const wake = this.wake;
      this.changed = this.nextChange();
      wake();
    }
  }

  /** Waits for what was made ready and is not used after a failure. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.prepared.values());
  }

  private prepare(unit: LoadUnit): Promise<P> {
    const prepared = this.prepared.get(unit) ?? this.unitWork.prepare(unit, this.signal);
    this.prepared.set(unit, prepared);
    return prepared;
  }

  private nextChange(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }
}
