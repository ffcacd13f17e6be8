import { NodeHttpHandler } from '@smithy/node-http-handler';
import { ActionError } from '../../contract/action-error';

/** For calls of AWS that answer at once, in milliseconds. */
const QUICK = { connectionTimeout: 5_000, socketTimeout: 30_000 };

/** Options of an SDK client; region, endpoint and credentials come from where every AWS tool takes them. */
export function quickClient() {
  return { maxAttempts: 3, requestHandler: new NodeHttpHandler(QUICK) };
}

/** Asks AWS. @throws NotFound or an error that says what was asked, what AWS said and what to do */
export async function ask<T>(what: string, answer: () => Promise<T>): Promise<T> {
  try {
    return await answer();
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'ResourceNotFoundException') {
      throw new ActionError(
        'NotFound',
        `AWS could not ${what}: ${message}. Check the name, the account and AWS_REGION.`,
      );
    }
    throw new Error(
      `AWS could not ${what}: ${name}: ${message}. Check AWS_REGION, the AWS credentials and what they may do.`,
    );
  }
}
