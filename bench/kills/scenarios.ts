import { RelayFault } from './hostile-relay';
import { StoreFault, StoreRequest } from './hostile-store';

/** What happens to a run. */
export type Scenario = { readonly name: string } & (
  | { readonly kind: 'killed at a request'; readonly isMoment: (request: StoreRequest) => boolean }
  | { readonly kind: 'killed after a time'; readonly afterMs: number }
  | {
      readonly kind: 'storage';
      readonly fault: StoreFault;
      readonly share: number;
      readonly on?: StoreRequest['operation'];
    }
  | { readonly kind: 'one request without an answer' }
  | { readonly kind: 'server'; readonly fault: RelayFault['kind'] }
  | { readonly kind: 'session ended by the server'; readonly session: 'lock' | 'dump' }
  | { readonly kind: 'disk full' }
  | { readonly kind: 'eight at once' }
  | { readonly kind: 'same event twice'; readonly isKilled: boolean }
);

const part = /\/\d{6}$/;

/** Moments of a run by what the storage is asked, in the order in which they come. */
const MOMENTS: Record<string, (request: StoreRequest) => boolean> = {
  'reading the list': ({ operation, key }) => operation === 'GET' && key.endsWith('catalog.a.json'),
  'writing the list': ({ operation, key }) => operation === 'PUT' && key.includes('/catalog.'),
  'storing a part': ({ operation, key }) => operation === 'PUT' && part.test(key),
  'reading a part back': ({ operation, key }) => operation === 'GET' && part.test(key),
  'storing the manifest': ({ operation, key }) => operation === 'PUT' && key.endsWith('manifest.json'),
  'reading the manifest back': ({ operation, key }) => operation === 'GET' && key.endsWith('manifest.json'),
  deleting: ({ operation }) => operation === 'DELETE',
};

/** Phases that no request marks: about so many milliseconds after the start. */
const TIMES = { 'starting and waiting for the lock': 500, dumping: 1_600 };

/** How often each phase is among the scenarios: most of them are kills. */
const KILLS_OF_A_PHASE = 10;

const SHARES = [0.05, 0.2, 1];

const STORAGE_FAULTS: readonly { fault: StoreFault; shares: readonly number[]; on?: StoreRequest['operation'] }[] = [
  { fault: '500', shares: SHARES },
  { fault: '503', shares: SHARES },
  { fault: 'request cut', shares: SHARES },
  { fault: 'answer cut', shares: SHARES },
  { fault: 'not done', shares: SHARES, on: 'PUT' },
  { fault: 'kept altered', shares: SHARES, on: 'PUT' },
  { fault: 'flipped', shares: SHARES, on: 'GET' },
  { fault: 'denied', shares: SHARES, on: 'GET' },
  { fault: 'denied', shares: [1], on: 'DELETE' },
  { fault: 'late', shares: [0.05, 0.2] },
];

/** All scenarios, once in their order; they are shuffled and drawn until there were enough. */
export function allScenarios(): Scenario[] {
  const kills = [
    ...Object.entries(MOMENTS).map(([name, isMoment]) => ({ kind: 'killed at a request', name, isMoment }) as const),
    ...Object.entries(TIMES).map(([name, afterMs]) => ({ kind: 'killed after a time', name, afterMs }) as const),
  ];
  const storage = STORAGE_FAULTS.flatMap(({ fault, shares, on }) =>
    shares.map(
      (share) =>
        ({ kind: 'storage', name: `storage: ${on ?? 'all'} ${fault} at ${share * 100} %`, fault, share, on }) as const,
    ),
  );
  return [
    ...kills.flatMap((kill) => Array<Scenario>(KILLS_OF_A_PHASE).fill(kill)),
    ...storage,
    { kind: 'one request without an answer', name: 'storage: silence' },
    ...(['cut', 'cut', 'cut', 'delayed', 'silent'] as const).map(
      (fault) => ({ kind: 'server', name: `server: connection ${fault}`, fault }) as const,
    ),
    ...(['lock', 'lock', 'dump', 'dump'] as const).map(
      (session) =>
        ({ kind: 'session ended by the server', name: `server: ends the session of the ${session}`, session }) as const,
    ),
    { kind: 'disk full', name: 'disk full' },
    { kind: 'disk full', name: 'disk full' },
    { kind: 'eight at once', name: 'eight at once' },
    { kind: 'same event twice', name: 'same event twice', isKilled: false },
    { kind: 'same event twice', name: 'same event twice, one killed', isKilled: true },
  ];
}

/** Numbers from 0 to 1 that a seed decides: a linear congruential generator (Numerical Recipes). */
export class Random {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return this.state / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }
}

/** Scenarios without end: all of them in a random order, then all again in another one. */
export function* shuffled<T>(scenarios: readonly T[], random: Random): Generator<T> {
  for (;;) {
    const left = [...scenarios];
    while (left.length > 0) yield left.splice(random.below(left.length), 1)[0];
  }
}

export const NONE: ReadonlySet<string> = new Set();

/** The next scenario that has none of these names: once there were enough kills and faults, those that have happened. */
export function nextOf<S extends { readonly name: string }>(scenarios: Iterator<S>, without: ReadonlySet<string>): S {
  for (;;) {
    const scenario = scenarios.next().value as S;
    if (!without.has(scenario.name)) return scenario;
  }
}
