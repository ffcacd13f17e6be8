/**
 * What Lambda holds a function to, and the words in which it says so.
 */

/** Code and layers together, unzipped. */
export const MAX_UNZIPPED_BYTES = 262_144_000;

/** The payload of a synchronous invocation. */
export const MAX_REQUEST_BYTES = 6_291_456;

/** The answer of a synchronous invocation: Lambda leaves 100 bytes for its own wrapping. */
export const MAX_RESPONSE_BYTES = 6_291_556;

/** How long a program may take to load before an invocation's own time is used for it. */
export const INIT_SECONDS = 10;

/**
 * Lambda's control plane refuses: the invocation does not take place.
 */
export class LambdaRefusal extends Error {
  /**
   * @param name the name of the exception that the AWS SDK would throw
   */
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** A failure that Lambda itself reports, in place of the program. */
export interface SandboxFault {
  readonly errorType: string;
  readonly errorMessage: string;
}

export function timedOut(requestId: string, timeoutSeconds: number): SandboxFault {
  return {
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`,
  };
}

export function outOfMemory(requestId: string): SandboxFault {
  return {
    errorType: 'Runtime.OutOfMemory',
    errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`,
  };
}

export function exited(requestId: string, how: string): SandboxFault {
  return { errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${requestId} Error: Runtime exited ${how}` };
}

export function responseTooLarge(): SandboxFault {
  return {
    errorType: 'Function.ResponseSizeTooLarge',
    errorMessage: `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
  };
}
