/** Parts that are read and compared, unless there are fewer. */
const SAMPLE_SIZE = 5;

/** The first, the last, and some evenly between them. */
export function sampleOf<T>(parts: readonly T[], size = SAMPLE_SIZE): T[] {
  const last = parts.length - 1;
  const steps = Math.min(size, parts.length);
  const indexes = Array.from({ length: steps }, (_, step) => Math.round((step * last) / Math.max(steps - 1, 1)));
  return [...new Set(indexes)].map((index) => parts[index]);
}
