/** Kinds of failure that a caller can act on; the command line turns them into exit codes. */
export type ActionErrorKind =
  | 'ConnectionTestFailed'
  | 'StorageFault'
  | 'DatabaseFault'
  | 'BackupFailed'
  | 'NotFound'
  | 'VerificationFailed'
  | 'Refused'
  | 'Locked'
  | 'InvalidRequest';

/**
 * A failure with a text made for a person: rule, value, remedy. Its stack is empty, since Terraform and Lambda print
 * it behind the message, where it would repeat it.
 */
export class ActionError extends Error {
  constructor(
    readonly kind: ActionErrorKind,
    message: string,
    /** The same facts for machines, such as a failed verdict. */
    readonly details?: unknown,
  ) {
    super(message);
    this.name = kind;
    this.stack = '';
  }
}
