import { ActionErrorKind } from '../contract/action-error';

/** How the command line ends: a contract with scripts. */
export const EXIT_CODES = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  connectionTestFailed: 3,
  notFound: 4,
  verificationFailed: 5,
  refused: 6,
  locked: 7,
  missingOrDenied: 8,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** The same in words, in the order of the codes. */
export const EXIT_CODE_MEANINGS: Record<ExitCode, string> = {
  0: 'ok',
  1: 'unexpected: the action failed, for the reason that is printed',
  2: 'usage: an option or an argument is missing or wrong',
  3: 'the connection test failed',
  4: 'not found: no such backup or schedule',
  5: 'verification failed: a backup is not whole',
  6: 'refused for safety; nothing was changed',
  7: 'locked: another run is under way',
  8: 'no backup was made here yet, or reading is denied: the storage does not say which',
};

/** A kind of failure; Unexpected is what no action throws on purpose. */
export type FailureKind = ActionErrorKind | 'Unexpected';

const CODES: Record<FailureKind, ExitCode> = {
  Unexpected: EXIT_CODES.unexpected,
  StorageFault: EXIT_CODES.unexpected,
  DatabaseFault: EXIT_CODES.unexpected,
  BackupFailed: EXIT_CODES.unexpected,
  InvalidRequest: EXIT_CODES.usage,
  ConnectionTestFailed: EXIT_CODES.connectionTestFailed,
  NotFound: EXIT_CODES.notFound,
  MissingOrDenied: EXIT_CODES.missingOrDenied,
  VerificationFailed: EXIT_CODES.verificationFailed,
  Refused: EXIT_CODES.refused,
  Locked: EXIT_CODES.locked,
};

export function exitCodeOf(kind: FailureKind): ExitCode {
  return CODES[kind];
}

/** The kind that a name stands for, such as the error type in an answer of the function. */
export function failureKindOf(name: string | undefined): FailureKind {
  return name !== undefined && Object.hasOwn(CODES, name) ? (name as FailureKind) : 'Unexpected';
}

/** For the help of the command line. */
export function exitCodeHelp(): string {
  const lines = Object.entries(EXIT_CODE_MEANINGS).map(([code, meaning]) => `  ${code}  ${meaning}`);
  return ['Exit codes:', ...lines].join('\n');
}
