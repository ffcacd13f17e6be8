import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Resolves as the work does; after so many milliseconds, aborts its signal and resolves to `otherwise()`. Work that
 * ignores the signal is no longer waited for.
 */
export async function withDeadline<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
  otherwise: () => T,
): Promise<T> {
  const deadline = new AbortController();
  const finished = new AbortController();
  const late = sleep(Math.max(0, milliseconds), undefined, { signal: finished.signal }).then(otherwise);
  const done = work(deadline.signal);
  try {
    return await Promise.race([done, late]);
  } finally {
    // The loser of the race has no one to hear of its failure.
    done.catch(() => undefined);
    late.catch(() => undefined);
    finished.abort();
    deadline.abort();
  }
}
