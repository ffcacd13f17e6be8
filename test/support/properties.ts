import * as fc from 'fast-check';

export * from 'fast-check';

/** The variables that a soak sets, and CI. */
const { CI, PROPERTY_SEED, PROPERTY_RUNS_FACTOR = '1' } = process.env;

/** Where a change is judged, every machine draws the same cases; elsewhere each run draws others. */
const seed = PROPERTY_SEED ?? (CI ? '20261122' : undefined);

/** As of fast-check, with a seed and a number of runs that can be set from outside. A failure names its seed. */
export const assert = ((property: fc.IRawProperty<unknown>, { numRuns = 100, ...more }: fc.Parameters<unknown> = {}) =>
  fc.assert(property, {
    ...(seed !== undefined && { seed: Number(seed) }),
    numRuns: numRuns * Number(PROPERTY_RUNS_FACTOR),
    ...more,
  })) as typeof fc.assert;
