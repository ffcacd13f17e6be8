import { functionMemoryMib } from './archive/transfer-limits';
import { availableMs } from './deadline';
import { Runtime } from './runtime';
import { ActionError, ActionErrorKind } from '../contract/action-error';
import { BackupId } from '../contract/backup-id';
import { describeEstimate, estimateTime, PastRun } from '../contract/time-estimate';

/** A run that is about to begin. */
interface PlannedRun {
  readonly backup: BackupId;
  /** What it is, as the beginning of a sentence. */
  readonly work: string;
  /** Size of its databases. */
  readonly bytes: number;
  /** A run before it, from which its time is estimated. */
  readonly past: PastRun;
}

/**
 * Warns where the function's time will hardly do.
 *
 * @throws an error of this kind where the run before says that the time will not do
 */
export function requireTime({ backup, work, bytes, past }: PlannedRun, kind: ActionErrorKind, runtime: Runtime): void {
  const available = { milliseconds: availableMs(runtime), memoryMib: functionMemoryMib() };
  const estimate = estimateTime(bytes, past, available);
  if (estimate === undefined || estimate.verdict === 'enough') return;
  const text = describeEstimate(work, estimate, available);
  if (estimate.verdict === 'too little') throw new ActionError(kind, text);
  runtime.log.warn('time-is-scarce', { backup, estimate: text });
}
