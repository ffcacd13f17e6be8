import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { CodeStore, LambdaCode } from './code';
import { ExecutionEnvironment, InvocationResult } from './execution-environment';
import { Isolation, isolationIn } from './isolation';
import { LambdaRefusal, MAX_REQUEST_BYTES } from './limits';
import { LambdaConfiguration } from './variables';

export { type LambdaCode, refuseTooLarge } from './code';
export type { InvocationResult } from './execution-environment';
export { LambdaRefusal } from './limits';
export type { LambdaConfiguration } from './variables';

/** An idle process ends after this time, milliseconds. */
const IDLE_MS = 60_000;

export interface LambdaHostOptions {
  /** for prepared roots, unpacked code and logs; outside any repository */
  readonly directory: string;
  readonly region: string;
  /** what AWS itself would give every function here: endpoints, credentials */
  readonly hostEnvironment: Record<string, string>;
  /**
   * Absolute paths of files that every function sees at the same path. One that is absent when a process starts is not
   * shown to it.
   *
   * @default - none
   */
  readonly readOnlyFiles?: string[];
  /**
   * How far the functions' clock is ahead of the machine's.
   *
   * @default - not at all
   */
  readonly clockOffsetMs?: () => number;
}

/**
 * Runs published functions as Lambda does, and holds them to what Lambda holds them to. Processor shares are not
 * modelled: a function has the machine's.
 */
export class LambdaHost {
  /** `directory` where the machine allows no namespaces: then a function can see the machine's files. */
  public readonly isolation: 'namespace' | 'directory';
  private readonly means: Isolation;
  private readonly store: CodeStore;
  private readonly living = new Set<ExecutionEnvironment>();
  /** by the ARN of the function's version */
  private readonly idle = new Map<string, IdleEnvironment>();
  private closed = false;

  constructor(private readonly options: LambdaHostOptions) {
    fs.mkdirSync(path.join(options.directory, 'logs'), { recursive: true });
    this.means = isolationIn(options.directory, options.readOnlyFiles ?? []);
    this.isolation = this.means.kind;
    this.store = new CodeStore(this.means.codeDirectory);
  }

  /**
   * Invokes a function and waits for its end. Whatever the program does, there is a result.
   *
   * @param payload JSON
   * @throws LambdaRefusal when Lambda would not have begun: code or request too large, a payload that is not JSON
   */
  public async invoke(
    code: LambdaCode,
    configuration: LambdaConfiguration,
    payload: string,
    options: { requestId?: string; environment?: Record<string, string> } = {},
  ): Promise<InvocationResult> {
    refuseRequest(payload);
    const unpacked = await this.store.unpack(code);
    const clockOffsetMs = this.options.clockOffsetMs?.() ?? 0;
    const environment = { ...this.options.hostEnvironment, ...configuration.environment, ...options.environment };
    const identity = JSON.stringify([unpacked.digest, configuration, environment, clockOffsetMs]);

    const warm = await this.takeIdle(configuration.functionArn, identity);
    const running =
      warm ??
      (await this.start({
        isolation: this.means,
        code: unpacked,
        configuration,
        region: this.options.region,
        environment,
        clockOffsetMs,
        outputFile: path.join(this.options.directory, 'logs', `${randomUUID()}.running`),
      }));
    const result = await running.invoke(options.requestId ?? randomUUID(), payload);
    fs.appendFileSync(path.join(this.options.directory, 'logs', `${configuration.functionName}.log`), result.log);
    await this.keep(configuration.functionArn, identity, running);
    return result;
  }

  /** Ends every process, also of invocations that are going on, and removes all but the logs. */
  public async close(): Promise<void> {
    this.closed = true;
    for (const { timer } of this.idle.values()) clearTimeout(timer);
    this.idle.clear();
    await Promise.all([...this.living].map((environment) => this.end(environment)));
    this.means.close();
  }

  private async start(props: Parameters<typeof ExecutionEnvironment.start>[0]): Promise<ExecutionEnvironment> {
    const environment = await ExecutionEnvironment.start(props);
    this.living.add(environment);
    if (!this.closed) return environment;
    await this.end(environment);
    throw new Error('This Lambda host is closed: make another.');
  }

  private async end(environment: ExecutionEnvironment): Promise<void> {
    await environment.end();
    this.living.delete(environment);
  }

  private async takeIdle(functionArn: string, identity: string): Promise<ExecutionEnvironment | undefined> {
    const found = this.idle.get(functionArn);
    if (!found) return undefined;
    clearTimeout(found.timer);
    this.idle.delete(functionArn);
    if (found.identity === identity && found.environment.isAlive) return found.environment;
    await this.end(found.environment);
    return undefined;
  }

  private async keep(functionArn: string, identity: string, environment: ExecutionEnvironment): Promise<void> {
    if (this.closed || !environment.isAlive || this.idle.has(functionArn)) return this.end(environment);
    const timer = setTimeout(() => {
      this.idle.delete(functionArn);
      void this.end(environment);
    }, IDLE_MS).unref();
    this.idle.set(functionArn, { identity, environment, timer });
  }
}

interface IdleEnvironment {
  /** everything that a process is started with */
  readonly identity: string;
  readonly environment: ExecutionEnvironment;
  readonly timer: NodeJS.Timeout;
}

function refuseRequest(payload: string): void {
  const bytes = Buffer.byteLength(payload);
  if (bytes > MAX_REQUEST_BYTES) {
    throw new LambdaRefusal(
      'RequestTooLargeException',
      `Request must be smaller than ${MAX_REQUEST_BYTES} bytes for the InvokeFunction operation, this one has ${bytes}`,
    );
  }
  try {
    JSON.parse(payload);
  } catch (error) {
    throw new LambdaRefusal('InvalidRequestContentException', `Could not parse request body into json: ${error}`);
  }
}
