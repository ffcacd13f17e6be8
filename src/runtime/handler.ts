import { rm } from 'node:fs/promises';
import { runAction } from './actions';
import { libraryVersion } from './library-version';
import { JsonLog } from './log';
import { Runtime } from './runtime';
import { SecretsManager } from './secrets';
import { keepHeapSmall } from './small-heap';
import { ActionError } from '../contract/action-error';
import { Answers, FailureAnswer, Invocation, Request } from '../contract/requests';
import { openObjectStore } from './storage/s3-object-store';
import { makeWorkDirectory } from './work-directory';

keepHeapSmall();

/** What is used of Lambda's context of an invocation. */
export interface LambdaContext {
  readonly invokedFunctionArn: string;
  getRemainingTimeInMillis(): number;
}

/** Entry of the function: runs the action of one request. A failure is thrown, unless the request asks for an answer. */
export async function handler(
  request: Invocation,
  context: LambdaContext,
): Promise<Answers[Request['action']] | FailureAnswer> {
  const log = new JsonLog();
  const workDirectory = await makeWorkDirectory();
  try {
    return await runAction(request, lambdaRuntime(context, log, workDirectory));
  } catch (error) {
    const failed = presentable(error, log);
    if (request?.failureAsAnswer) {
      return failureAnswer(failed);
    }
    throw failed;
  } finally {
    await rm(workDirectory, { recursive: true, force: true });
  }
}

function lambdaRuntime(context: LambdaContext, log: JsonLog, workDirectory: string): Runtime {
  // arn:aws:lambda:region:account:function:name
  const [, , , region, account] = context.invokedFunctionArn.split(':');
  const secrets = new SecretsManager();
  return {
    now: () => new Date(),
    remainingMs: () => context.getRemainingTimeInMillis(),
    account,
    region,
    libraryVersion,
    log,
    secrets,
    workDirectory,
    openStorage: async (settings) => openObjectStore(settings, { secrets, log, region }),
  };
}

function failureAnswer(error: Error): FailureAnswer {
  const { message } = error;
  return {
    failure: error instanceof ActionError ? { kind: error.kind, message, details: error.details } : { message },
  };
}

/**
 * The error with its name in place of its stack, as an ActionError has it: the invoker is shown the stack, which would
 * repeat the message. The log has the real one.
 */
function presentable(error: unknown, log: JsonLog): Error {
  const presented = error instanceof Error ? error : new Error(String(error));
  log.warn('failed', {
    error: presented.name,
    message: presented.message,
    stack: presented instanceof ActionError ? undefined : presented.stack,
  });
  presented.stack = presented.name;
  return presented;
}
