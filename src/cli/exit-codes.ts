import { ActionErrorKind } from '../contract/action-error';

/** A kind of failure; Unexpected is what no action throws on purpose. */
export type FailureKind = ActionErrorKind | 'Unexpected';

interface Ending {
  readonly meaning: string;
  /** The kinds of failure that end so. */
  readonly kinds: readonly FailureKind[];
}

/** How the command line ends, by exit code: a contract with scripts. */
const ENDINGS = {
  0: { meaning: 'ok', kinds: [] },
  1: {
    meaning: 'the action failed, for the reason that is printed',
    kinds: ['Unexpected', 'StorageFault', 'DatabaseFault', 'BackupFailed'],
  },
  2: { meaning: 'an option or an argument is missing or wrong', kinds: ['InvalidRequest'] },
  3: { meaning: 'the connection test failed', kinds: ['ConnectionTestFailed'] },
  4: { meaning: 'no such backup or schedule', kinds: ['NotFound'] },
  5: { meaning: 'verification failed: a backup is not whole', kinds: ['VerificationFailed'] },
  6: { meaning: 'refused for safety; nothing was changed', kinds: ['Refused'] },
  7: { meaning: 'locked: another run is under way', kinds: ['Locked'] },
  8: {
    meaning: 'no backup was made here yet, or reading is denied: the storage does not say which',
    kinds: ['MissingOrDenied'],
  },
} as const satisfies Record<number, Ending>;

export type ExitCode = keyof typeof ENDINGS;

const endings = Object.entries(ENDINGS).map(([code, ending]) => ({ ...(ending as Ending), code: +code as ExitCode }));

export function exitCodeOf(kind: FailureKind): ExitCode {
  return endings.find(({ kinds }) => kinds.includes(kind))?.code ?? 1;
}

/** The kind with this name, such as the error type in an answer of the function. */
export function failureKindOf(name: string | undefined): FailureKind {
  return endings.flatMap(({ kinds }) => kinds).find((kind) => kind === name) ?? 'Unexpected';
}

/** For the help of the command line. */
export function exitCodeHelp(): string {
  return ['Exit codes:', ...endings.map(({ code, meaning }) => `  ${code}  ${meaning}`)].join('\n');
}
