/** Kinds of failure that a caller can act on; the command line turns them into exit codes. */
export type ActionErrorKind =
  | 'ConnectionTestFailed'
  | 'StorageFault'
  | 'DatabaseFault'
  | 'BackupFailed'
  | 'NotFound'
  /** The storage denied the read, which is also how many stores answer for an object that does not exist. */
  | 'MissingOrDenied'
  | 'VerificationFailed'
  | 'Refused'
  | 'Locked'
  | 'InvalidRequest';

/**
 * A failure with a text made for a person: rule, value, remedy. Its stack is its name: Terraform and Lambda print the
 * stack behind the message, which it would repeat, and of an error without any stack Lambda drops the message
 * (aws/aws-lambda-nodejs-runtime-interface-client, src/Errors.js).
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
    this.stack = kind;
  }
}
