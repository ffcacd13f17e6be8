import { Runtime } from './runtime';
import { ActionError, ActionErrorKind } from '../contract/action-error';

/** Milliseconds that a run needs at its end to stop its children and to record that it failed. */
export const CLOSING_MS = 10_000;

/** The longest delay that a timer takes. */
const MAXIMUM_DELAY_MS = 2 ** 31 - 1;

/**
 * Does the work of a run with a signal that is aborted when a person interrupts it, and shortly before the program
 * would be stopped from outside, so that it ends in good order.
 */
export async function withinDeadline<T>(
  runtime: Pick<Runtime, 'remainingMs' | 'interruption'>,
  kind: ActionErrorKind,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const available = runtime.remainingMs() - CLOSING_MS;
  const timer =
    available < MAXIMUM_DELAY_MS
      ? setTimeout(() => controller.abort(outOfTime(kind, available)), Math.max(available, 0))
      : undefined;
  const interrupted = () => controller.abort(new ActionError(kind, 'The run was interrupted.'));
  runtime.interruption?.addEventListener('abort', interrupted);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    runtime.interruption?.removeEventListener('abort', interrupted);
  }
}

function outOfTime(kind: ActionErrorKind, available: number): ActionError {
  return new ActionError(
    kind,
    `The time of the function was about to end after ${Math.round(available / 1000)} s of work. ` +
      'Give the function more time (Lambda allows 15 minutes at most) or more memory, or run the same action from a ' +
      'terminal with the command line.',
  );
}
