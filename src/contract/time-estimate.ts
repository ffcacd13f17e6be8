/** A run that ended well, from which the time of another is estimated. */
export interface PastRun {
  /** Size of the databases. */
  readonly bytes: number;
  readonly durationMs: number;
  /** Memory of its function in MiB, which decides its processors; absent for a run from a terminal. */
  readonly memoryMib?: number;
}

/** What a run has to work with. */
export interface AvailableTime {
  /** Infinite in a terminal. */
  readonly milliseconds: number;
  readonly memoryMib?: number;
}

export interface TimeEstimate {
  readonly verdict: 'enough' | 'scarce' | 'too little';
  readonly estimatedMs: number;
}

/** A run is warned about above this share of its time. */
export const SCARCE_SHARE = 0.8;

/** In a shorter run, what every run needs weighs too much to say anything about larger databases. */
export const SHORTEST_PAST_RUN_MS = 60_000;

/** Measured on two processors: a load with its indexes takes so many times as long as the dump. */
export const LOAD_PER_DUMP = 2.3;

/**
 * Estimates the time of a run from one before. Undefined where that says nothing: it was short, or from a terminal. A run
 * with more memory than the past one may be faster than the estimate, so that its time is never called too little.
 */
export function estimateTime(bytes: number, past: PastRun, available: AvailableTime): TimeEstimate | undefined {
  const { memoryMib } = past;
  if (past.durationMs < SHORTEST_PAST_RUN_MS || past.bytes <= 0 || memoryMib === undefined) return undefined;
  if (available.memoryMib === undefined) return undefined;
  const estimatedMs = (past.durationMs / past.bytes) * bytes;
  const share = estimatedMs / available.milliseconds;
  const isComparable = available.memoryMib <= memoryMib;
  if (share > 1 && isComparable) return { verdict: 'too little', estimatedMs };
  return { verdict: share > SCARCE_SHARE ? 'scarce' : 'enough', estimatedMs };
}

/** The estimate in words, with what to change. */
export function describeEstimate(work: string, { estimatedMs }: TimeEstimate, { milliseconds }: AvailableTime): string {
  return (
    `${work} is estimated to take ${seconds(estimatedMs)}, and the function has ${seconds(milliseconds)}. Give the ` +
    'function more memory, and with it more processors, or run the same action from a terminal on a larger machine with ' +
    'the command line, which has no time limit.'
  );
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}
