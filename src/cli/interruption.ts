import { ChildProcess } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { signalGroup } from '../runtime/postgres/process-group';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The exit code that a shell gives to a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/**
 * The first Ctrl-C ends the PostgreSQL clients that this process has started, with their workers. The action then fails,
 * records that, and releases its lock. Without such clients, or at the second Ctrl-C, the program exits at once; the
 * next run removes what it left.
 */
export class Interruption {
  private readonly children = new Set<ChildProcess>();
  private stopping = false;

  constructor(
    private readonly print: (line: string) => void,
    private readonly removeTemporaryFiles: () => void,
  ) {
    channel('child_process').subscribe(this.onStart);
    SIGNALS.forEach((signal) => process.on(signal, this.onSignal));
  }

  end(): void {
    channel('child_process').unsubscribe(this.onStart);
    SIGNALS.forEach((signal) => process.off(signal, this.onSignal));
  }

  private readonly onStart = (message: unknown): void => {
    const { process: child } = message as { process: ChildProcess };
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
    if (this.stopping) child.once('spawn', () => signalGroup(child, 'SIGTERM'));
  };

  private readonly onSignal = (): void => {
    if (this.stopping || this.children.size === 0) {
      this.children.forEach((child) => signalGroup(child, 'SIGKILL'));
      this.removeTemporaryFiles();
      process.exit(INTERRUPTED);
    }
    this.stopping = true;
    this.print('Stopping. Press Ctrl-C again to exit at once.');
    this.children.forEach((child) => signalGroup(child, 'SIGTERM'));
  };
}
