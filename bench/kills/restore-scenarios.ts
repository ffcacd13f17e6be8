import { StoreFault, StoreRequest } from './hostile-store';

/** A phase of a restore: by what it asks the storage, or by a statement of one of its sessions. */
export type RestorePhase =
  | { readonly at: 'storage'; readonly isMoment: (request: StoreRequest) => boolean; readonly earliest: number }
  | { readonly at: 'server'; readonly statement: string };

/** What happens to a restore. */
export interface RestoreScenario {
  readonly name: string;
  readonly phase: RestorePhase;
  readonly event:
    | { readonly kind: 'kill' }
    /** Requests of the phase meet the fault from its moment on. */
    | { readonly kind: 'storage'; readonly fault: StoreFault; readonly share: number }
    | { readonly kind: 'connections cut' }
    | { readonly kind: 'session ended by the server' };
}

const isPart = ({ operation, key }: StoreRequest) => operation === 'GET' && /\/\d{6}$/.test(key);
const isGet =
  (name: string) =>
  ({ operation, key }: StoreRequest) =>
    operation === 'GET' && key.endsWith(name);

/** As many parts are read before anything is written; see `sample.ts`. */
const SAMPLE = 5;

/** In their order. */
const STORAGE_PHASES: Record<string, Extract<RestorePhase, { at: 'storage' }>> = {
  'reading the list': { at: 'storage', isMoment: isGet('catalog.a.json'), earliest: 1 },
  'reading the manifest': { at: 'storage', isMoment: isGet('manifest.json'), earliest: 1 },
  'reading a sample of the parts': { at: 'storage', isMoment: isPart, earliest: 1 },
  'reading the parts': { at: 'storage', isMoment: isPart, earliest: SAMPLE + 1 },
};

/** In their order, each by a statement as a regular expression of PostgreSQL. */
const SERVER_PHASES: Record<string, string> = {
  'taking the lock': 'pg_try_advisory_lock',
  'making roles': '^(CREATE ROLE|COMMENT ON ROLE|GRANT "?keeper"? TO)',
  'making databases': '^CREATE DATABASE',
  'making schemas and tables': 'CREATE (SCHEMA|TABLE) ',
  'loading rows': '^COPY ',
  'building indexes': 'CREATE INDEX|PRIMARY KEY',
  'adding foreign keys': 'FOREIGN KEY',
  'refreshing materialized views': 'REFRESH MATERIALIZED VIEW',
  analyzing: '^ANALYZE',
  'counting rows': 'count\\(\\*\\)',
  'giving back rights': '^REVOKE .* FROM CURRENT_USER',
};

const STORAGE_FAULTS: readonly { readonly fault: StoreFault; readonly share: number }[] = [
  { fault: '500', share: 1 },
  { fault: '503', share: 0.3 },
  { fault: 'denied', share: 1 },
  { fault: 'answer cut', share: 0.3 },
  { fault: 'flipped', share: 0.3 },
  { fault: 'flipped', share: 1 },
  { fault: 'late', share: 1 },
];

const KILLS_OF_A_PHASE = 4;

/** Every phase with every fault, and several kills of each; without end, in a random order. */
export function restoreScenarios(): RestoreScenario[] {
  const phases: [string, RestorePhase][] = [
    ...Object.entries(STORAGE_PHASES),
    ...Object.entries(SERVER_PHASES).map(([name, statement]): [string, RestorePhase] => [
      name,
      { at: 'server', statement },
    ]),
  ];
  const of = (name: string, phase: RestorePhase, event: RestoreScenario['event'], what: string): RestoreScenario => ({
    name: `${what} while ${name}`,
    phase,
    event,
  });
  return phases.flatMap(([name, phase]) => [
    ...Array<RestoreScenario>(KILLS_OF_A_PHASE).fill(of(name, phase, { kind: 'kill' }, 'killed')),
    ...(phase.at === 'storage'
      ? STORAGE_FAULTS.map(({ fault, share }) =>
          of(name, phase, { kind: 'storage', fault, share }, `storage: ${fault} at ${share * 100} %`),
        )
      : [
          of(name, phase, { kind: 'connections cut' }, 'connections cut'),
          of(name, phase, { kind: 'session ended by the server' }, 'session ended'),
        ]),
  ]);
}
