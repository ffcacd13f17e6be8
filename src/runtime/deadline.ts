import { Progress, Runtime, shareDone } from './runtime';
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
  runtime: Pick<Runtime, 'remainingMs' | 'interruption' | 'progress'>,
  kind: ActionErrorKind,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const available = availableMs(runtime);
  const timer =
    available < MAXIMUM_DELAY_MS
      ? setTimeout(() => controller.abort(outOfTime(kind, available, runtime.progress?.())), Math.max(available, 0))
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

/** Milliseconds that a run has for its work; infinite in a terminal. */
export function availableMs(runtime: Pick<Runtime, 'remainingMs'>): number {
  return runtime.remainingMs() - CLOSING_MS;
}

function outOfTime(kind: ActionErrorKind, available: number, progress: Progress | undefined): ActionError {
  return new ActionError(
    kind,
    `The time of the function was about to end after ${Math.round(available / 1000)} s of work` +
      `${progress ? `, with ${describeDone(progress)}` : ''}. ` +
      'Give the function more time (Lambda allows 15 minutes at most) or more memory, or run the same action from a ' +
      'terminal with the command line.',
  );
}

function describeDone(progress: Progress): string {
  const { direction, doneBytes, totalBytes } = progress;
  const done = `${Math.round(doneBytes / 1e6)} MB of parts ${direction}`;
  if (totalBytes === undefined) return done;
  const about = direction === 'stored' ? 'about ' : '';
  return `${done} of ${about}${Math.round(totalBytes / 1e6)} MB (${Math.floor(100 * shareDone(progress))} %)`;
}
