import { Agent as HttpAgent } from 'node:http';
import { Agent } from 'node:https';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { callAws } from './aws';
import { ActionError } from '../../contract/action-error';
import { Answers, FailureAnswer, Invocation, Request } from '../../contract/requests';
import { Log } from '../../runtime/log';
import { ActionRunner } from '../action-runner';
import { failureKindOf } from '../exit-codes';

/** Lambda's longest time limit and a minute, in milliseconds. */
const LONGEST_RUN_MS = 16 * 60_000;

/** A NAT gateway drops a connection without traffic after some minutes. */
const KEEP_ALIVE = { keepAlive: true, keepAliveMsecs: 30_000 };

/** Runs actions in the deployed function, in the version that the schedule names. */
export class DeployedFunction implements ActionRunner {
  constructor(
    /** Includes the version. */
    private readonly arn: string,
    private readonly log: Log,
  ) {}

  async run<R extends Request>(request: R): Promise<Answers[R['action']]> {
    const [, , , region, , , name, version] = this.arn.split(':');
    this.log.info('function-invoked', { action: request.action, function: name, version });
    const lambda = new LambdaClient({
      region,
      // One attempt: a lost answer must not start the action a second time.
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({
        connectionTimeout: 5_000,
        socketTimeout: LONGEST_RUN_MS,
        httpAgent: new HttpAgent(KEEP_ALIVE),
        httpsAgent: new Agent(KEEP_ALIVE),
      }),
    });
    const answer = await callAws(`invoke ${this.arn}`, async () =>
      lambda.send(
        new InvokeCommand({
          FunctionName: this.arn,
          InvocationType: 'RequestResponse',
          Payload: Buffer.from(JSON.stringify({ ...request, failureAsAnswer: true } satisfies Invocation<R>)),
        }),
      ),
    );
    const payload = JSON.parse(Buffer.from(answer.Payload ?? []).toString('utf8') || 'null');
    if (answer.FunctionError !== undefined) {
      throw thrownError(payload);
    }
    if (isFailure(payload)) {
      throw failedError(payload);
    }
    return payload;
  }
}

function isFailure(payload: unknown): payload is FailureAnswer {
  return (payload as Partial<FailureAnswer> | null)?.failure !== undefined;
}

/** The error behind a failure that the function answered. */
function failedError({ failure: { kind, message, details } }: FailureAnswer): Error {
  return kind === undefined ? new Error(message) : new ActionError(kind, message, details);
}

/** The error of a function that was stopped from outside, such as by its time limit. */
function thrownError(payload: { errorType?: string; errorMessage?: string } | null): Error {
  const message = payload?.errorMessage ?? 'The function failed without a message; see its log.';
  const kind = failureKindOf(payload?.errorType);
  return kind === 'Unexpected' ? new Error(message) : new ActionError(kind, message);
}
