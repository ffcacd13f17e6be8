import { Agent as HttpAgent } from 'node:http';
import { Agent } from 'node:https';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { callAws } from './aws';
import { ActionError } from '../../contract/action-error';
import { Answers, Request } from '../../contract/requests';
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
          LogType: 'Tail',
          Payload: Buffer.from(JSON.stringify(request)),
        }),
      ),
    );
    const payload = JSON.parse(Buffer.from(answer.Payload ?? []).toString('utf8') || 'null');
    if (answer.FunctionError !== undefined) {
      throw failureOf(payload, Buffer.from(answer.LogResult ?? '', 'base64').toString('utf8'));
    }
    return payload;
  }
}

/** The error that the function threw. */
export function failureOf(payload: { errorType?: string; errorMessage?: string } | null, logTail: string): Error {
  const message = payload?.errorMessage ?? 'The function failed without a message; its log says more.';
  const kind = failureKindOf(payload?.errorType);
  if (kind === 'Unexpected') {
    return new Error(message);
  }
  return new ActionError(kind, message, kind === 'ConnectionTestFailed' ? failedVerdictIn(logTail) : undefined);
}

/** An error of a function is a text alone; the verdict behind it is in the log's last lines, unless it was cut off. */
function failedVerdictIn(logTail: string): unknown {
  for (const line of logTail.split('\n')) {
    const start = line.indexOf('{"level":"warn","event":"connection-test"');
    if (start >= 0) {
      try {
        const { level, event, ...verdict } = JSON.parse(line.slice(start));
        return verdict;
      } catch {
        return undefined;
      }
    }
  }
  return undefined;
}
