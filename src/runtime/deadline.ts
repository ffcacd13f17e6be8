import { Runtime } from './runtime';
import { ActionError, ActionErrorKind } from '../contract/action-error';

/** What a run needs at its end to stop its children and to write down that it failed. */
export const CLOSING_MS = 10_000;

/** The longest delay that a timer takes. */
const MAXIMUM_DELAY_MS = 2 ** 31 - 1;

/**
 * Does the work with a signal that is aborted shortly before the program would be stopped from outside, so that it
 * ends in good order.
 */
export async function withinDeadline<T>(
  runtime: Pick<Runtime, 'remainingMs'>,
  kind: ActionErrorKind,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const available = runtime.remainingMs() - CLOSING_MS;
  const timer =
    available < MAXIMUM_DELAY_MS
      ? setTimeout(() => controller.abort(outOfTime(kind, available)), Math.max(available, 0))
      : undefined;
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

function outOfTime(kind: ActionErrorKind, available: number): ActionError {
  return new ActionError(
    kind,
    `The time of the function was about to end after ${Math.round(available / 1000)} s of work. ` +
      'Give the function more time (15 minutes is the most that Lambda has) or memory, or run the same action from a ' +
      'terminal with the command line.',
  );
}
