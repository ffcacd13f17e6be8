import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAction } from './actions';
import { libraryVersion } from './library-version';
import { JsonLog } from './log';
import { Runtime } from './runtime';
import { SecretsManager } from './secrets';
import { ActionError } from '../contract/action-error';
import { Answers, Request } from '../contract/requests';
import { openObjectStore } from './storage/s3-object-store';

/** What Lambda tells of an invocation, as far as it is asked. */
export interface LambdaContext {
  readonly invokedFunctionArn: string;
  getRemainingTimeInMillis(): number;
}

/** Entry of the function: does what one request asks for; a failure is thrown, as a text for a person. */
export async function handler(request: Request, context: LambdaContext): Promise<Answers[Request['action']]> {
  const log = new JsonLog();
  const workDirectory = await mkdtemp(join(tmpdir(), 'run-'));
  try {
    return await runAction(request, lambdaRuntime(context, log, workDirectory));
  } catch (error) {
    throw presentable(error, log);
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

/**
 * With its name for a stack, as an ActionError has it: whoever invoked the function sees the stack, and it would repeat
 * the message. The log has the real one.
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
