import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { UnpackedCode } from './code';
import { Isolation } from './isolation';
import { exited, INIT_SECONDS, outOfMemory, responseTooLarge, SandboxFault, timedOut } from './limits';
import { Processes } from './processes';
import { Answer, RuntimeApi } from './runtime-api';
import { LambdaConfiguration, lambdaVariables, nodeArguments } from './variables';

/** How often the memory of the program is looked at, milliseconds. */
const MEMORY_INTERVAL_MS = 50;

const MIB = 1024 * 1024;

/** The result of an invocation. */
export interface InvocationResult {
  readonly status: 'ok' | 'error';
  /** JSON: the program's answer, or the description of what went wrong */
  readonly payload: string;
  readonly functionError?: 'Unhandled';
  /** what the program wrote, between the lines that Lambda writes */
  readonly log: string;
  /** from the hand-over of the payload to the answer */
  readonly durationMs: number;
  /** the most seen, of the program and its children together */
  readonly maxMemoryMiB?: number;
}

export interface ExecutionEnvironmentProps {
  readonly isolation: Isolation;
  readonly code: UnpackedCode;
  readonly configuration: LambdaConfiguration;
  readonly region: string;
  /** over what Lambda itself gives */
  readonly environment: Record<string, string>;
  readonly clockOffsetMs: number;
  /** an absent file, for what the program writes */
  readonly outputFile: string;
}

type Event =
  | { readonly kind: 'ready' | 'timed-out' | 'out-of-memory' }
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'exited'; readonly how: string };

/**
 * One process that runs a function, for one invocation at a time, warm in between.
 */
export class ExecutionEnvironment {
  /**
   * Starts the program.
   */
  public static async start(props: ExecutionEnvironmentProps): Promise<ExecutionEnvironment> {
    const environment = new ExecutionEnvironment(props);
    await environment.spawn();
    return environment;
  }

  private readonly api = new RuntimeApi({
    ready: () => this.emit({ kind: 'ready' }),
    answered: (answer) => this.emit({ kind: 'answered', answer }),
  });
  private readonly output: number;
  private child!: ChildProcess;
  private processes!: Processes;
  private hasExited = false;
  private isLoaded = false;
  private handedOverAt = 0;
  private lastEventAt = 0;
  private maxMemoryBytes = 0;
  private invocation?: Promise<InvocationResult>;
  private ending?: Promise<void>;
  private events: Event[] = [];
  private listener?: (event: Event) => void;

  private constructor(private readonly props: ExecutionEnvironmentProps) {
    this.output = fs.openSync(props.outputFile, 'a+', 0o666);
  }

  /** Whether it can take another invocation. */
  public get isAlive(): boolean {
    return !this.hasExited;
  }

  /**
   * Runs the program once. After an end that is not the program's own answer, the program is ended.
   */
  public async invoke(requestId: string, payload: string): Promise<InvocationResult> {
    const invocation = this.invokeOnce(requestId, payload);
    this.invocation = invocation;
    return invocation;
  }

  /** Ends the program and all its children, and waits for that and for the result of a running invocation. */
  public end(): Promise<void> {
    this.ending ??= this.endOnce();
    return this.ending;
  }

  private async endOnce(): Promise<void> {
    if (!this.hasExited) {
      this.processes.kill();
      await once(this.child, 'exit');
    }
    await this.invocation?.catch(() => {});
    await this.api.close();
    fs.closeSync(this.output);
    fs.rmSync(this.props.outputFile, { force: true });
  }

  private async invokeOnce(requestId: string, payload: string): Promise<InvocationResult> {
    const { timeoutSeconds } = this.props.configuration;
    const outputStart = this.isLoaded ? fs.fstatSync(this.output).size : 0;
    const loading = this.isLoaded ? undefined : await this.load(requestId);
    this.handedOverAt = performance.now();
    const outcome = loading ?? (await this.run(requestId, payload));
    const durationMs = Math.max(0, this.lastEventAt - this.handedOverAt);

    const output = fs.readFileSync(this.props.outputFile).subarray(outputStart).toString();
    const maxMemoryMiB = Math.ceil(this.maxMemoryBytes / MIB);
    const late = 'errorType' in outcome && outcome.errorType === 'Sandbox.Timedout';
    const log = [
      `START RequestId: ${requestId} Version: ${this.props.configuration.version}\n`,
      output.endsWith('\n') || output === '' ? output : `${output}\n`,
      late
        ? `${new Date().toISOString()} ${requestId} Task timed out after ${timeoutSeconds.toFixed(2)} seconds\n`
        : '',
      `END RequestId: ${requestId}\n`,
      this.report(requestId, durationMs, maxMemoryMiB),
    ].join('');
    const measured = { log, durationMs, maxMemoryMiB };
    return 'errorType' in outcome
      ? { status: 'error', functionError: 'Unhandled', payload: JSON.stringify(outcome), ...measured }
      : outcome.kind === 'response'
        ? { status: 'ok', payload: outcome.body, ...measured }
        : { status: 'error', functionError: 'Unhandled', payload: outcome.body, ...measured };
  }

  private async spawn(): Promise<void> {
    const { isolation, code, configuration, region, environment, clockOffsetMs } = this.props;
    const places = isolation.places(code);
    const variables = lambdaVariables(configuration, places, region, await this.api.listen());
    const { command, args, options } = isolation.start(
      code,
      configuration.ephemeralStorageMiB,
      [
        ...nodeArguments(configuration.memoryMiB),
        path.posix.join(places.runtime, 'bootstrap.cjs'),
        String(clockOffsetMs),
      ],
      { ...variables, ...environment },
    );
    this.child = spawn(command, args, { ...options, stdio: ['ignore', this.output, this.output] });
    this.child.once('exit', (code_, signal) => {
      this.hasExited = true;
      this.emit({ kind: 'exited', how: describeExit(code_, signal) });
    });
    await once(this.child, 'spawn');
    this.processes = new Processes(this.child.pid!, isolation.kind === 'namespace');
  }

  private async load(requestId: string): Promise<EndOfInvocation | undefined> {
    const end = await this.follow(requestId, INIT_SECONDS + this.props.configuration.timeoutSeconds);
    this.isLoaded = true;
    return end;
  }

  private async run(requestId: string, payload: string): Promise<EndOfInvocation> {
    const { timeoutSeconds, functionArn } = this.props.configuration;
    const deadlineMs = Date.now() + this.props.clockOffsetMs + timeoutSeconds * 1000;
    this.processes.thaw();
    this.handedOverAt = performance.now();
    this.api.give({ requestId, deadlineMs, functionArn, payload });
    const end = await this.follow(requestId, timeoutSeconds);
    if (end === undefined) throw new Error('The program asked for another task before it had answered.');
    return end;
  }

  /**
   * Waits until the program asks for its next task, or has come to an end.
   *
   * @returns what it answered meanwhile, if anything, or what ended it
   */
  private async follow(requestId: string, seconds: number): Promise<EndOfInvocation | undefined> {
    const timer = setTimeout(() => this.emit({ kind: 'timed-out' }), seconds * 1000);
    const watch = setInterval(() => this.watchMemory(), MEMORY_INTERVAL_MS);
    try {
      let answer: EndOfInvocation | undefined;
      for (;;) {
        const event = await this.nextEvent();
        this.lastEventAt = performance.now();
        switch (event.kind) {
          case 'answered':
            answer = event.answer.kind === 'too-large' ? responseTooLarge() : event.answer;
            break;
          case 'ready':
            this.measureMemory();
            this.processes.freeze();
            this.events = [];
            return answer;
          case 'exited':
            return answer ?? exited(requestId, event.how);
          case 'timed-out':
            return answer ?? (await this.kill(timedOut(requestId, this.props.configuration.timeoutSeconds)));
          case 'out-of-memory':
            return await this.kill(outOfMemory(requestId));
        }
      }
    } finally {
      clearTimeout(timer);
      clearInterval(watch);
    }
  }

  private async kill(fault: SandboxFault): Promise<SandboxFault> {
    this.processes.kill();
    if (!this.hasExited) await once(this.child, 'exit');
    return fault;
  }

  private watchMemory(): void {
    if (this.measureMemory() > this.props.configuration.memoryMiB * MIB) this.emit({ kind: 'out-of-memory' });
  }

  private measureMemory(): number {
    const bytes = this.processes.memoryBytes();
    this.maxMemoryBytes = Math.max(this.maxMemoryBytes, bytes);
    return bytes;
  }

  private emit(event: Event): void {
    if (!this.listener) return void this.events.push(event);
    this.listener(event);
    this.listener = undefined;
  }

  private nextEvent(): Promise<Event> | Event {
    return this.events.shift() ?? new Promise<Event>((resolve) => (this.listener = resolve));
  }

  private report(requestId: string, durationMs: number, maxMemoryMiB: number): string {
    return [
      `REPORT RequestId: ${requestId}`,
      `Duration: ${durationMs.toFixed(2)} ms`,
      `Billed Duration: ${Math.ceil(durationMs)} ms`,
      `Memory Size: ${this.props.configuration.memoryMiB} MB`,
      `Max Memory Used: ${maxMemoryMiB} MB\n`,
    ].join('\t');
  }
}

type EndOfInvocation = Exclude<Answer, { kind: 'too-large' }> | SandboxFault;

/** A shell runs between the program and the host; it reports a signal as a status above 128. */
const SIGNAL_STATUSES: Record<number, NodeJS.Signals> = {
  134: 'SIGABRT',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  143: 'SIGTERM',
};

const SIGNAL_WORDS: Partial<Record<NodeJS.Signals, string>> = {
  SIGABRT: 'aborted',
  SIGKILL: 'killed',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
};

function describeExit(status: number | null, signal: NodeJS.Signals | null): string {
  const ending = signal ?? SIGNAL_STATUSES[status ?? 0];
  if (ending) return `with error: signal: ${SIGNAL_WORDS[ending] ?? ending}`;
  return status === 0 ? 'without providing a reason' : `with error: exit status ${status}`;
}
