/** The props that were given. In JavaScript all of them may be missing, and one may be null: both count as not given. */
export function given<T extends object>(props: T | undefined | null): T {
  return Object.fromEntries(Object.entries(props ?? {}).filter(([, value]) => value !== null)) as T;
}
