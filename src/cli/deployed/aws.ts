import { NodeHttpHandler } from '@smithy/node-http-handler';
import { ActionError } from '../../contract/action-error';

/** Time limits for calls of AWS that answer at once, in milliseconds. */
const TIME_LIMITS = { connectionTimeout: 5_000, socketTimeout: 30_000 };

/** Options of an SDK client. Region, endpoint and credentials come from where every AWS tool reads them. */
export function clientOptions() {
  return { maxAttempts: 3, requestHandler: new NodeHttpHandler(TIME_LIMITS) };
}

/** @throws NotFound, or an error with the purpose of the call, the answer of AWS and the remedy */
export async function callAws<T>(purpose: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'ResourceNotFoundException') {
      throw new ActionError(
        'NotFound',
        `AWS could not ${purpose}: ${message}. Check the name, the account and AWS_REGION.`,
      );
    }
    throw new Error(
      `AWS could not ${purpose}: ${name}: ${message}. Check AWS_REGION, the AWS credentials and their permissions.`,
    );
  }
}
