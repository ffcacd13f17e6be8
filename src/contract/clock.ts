import { ActionError } from './action-error';

/** Most milliseconds by which two clocks may differ: Amazon S3 refuses requests that differ by 15 minutes. */
export const MAXIMUM_CLOCK_DIFFERENCE_MS = 10 * 60_000;

/**
 * @param aheadMs by how much the other clock is ahead; undefined where it is not known
 * @throws Refused where this machine's clock and the other one differ too much: ages and due times would be wrong.
 */
export function requireRightClock(
  aheadMs: number | undefined,
  whose: string,
  maximumMs = MAXIMUM_CLOCK_DIFFERENCE_MS,
): void {
  if (aheadMs !== undefined && Math.abs(aheadMs) > maximumMs) {
    const minutes = Math.round(Math.abs(aheadMs) / 60_000);
    throw new ActionError(
      'Refused',
      `The clock of this machine is ${minutes} minutes ${aheadMs > 0 ? 'behind' : 'ahead of'} that of ${whose}; at most ` +
        `${maximumMs / 60_000} are allowed. Set the clock that is wrong. Nothing was written or deleted.`,
    );
  }
}
