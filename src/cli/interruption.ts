import { ChildProcess } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { signalGroup } from '../runtime/postgres/process-group';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What a shell makes of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/**
 * Ctrl-C ends the PostgreSQL clients that this process has started, each with its workers: the action then fails in
 * good order, writes that down and lets go of its lock. Where none runs, or at the second time, the program ends at
 * once; the next run clears up behind it.
 */
export class Interruption {
  private readonly children = new Set<ChildProcess>();
  private asked = false;

  constructor(
    private readonly say: (line: string) => void,
    /** Removes what must not stay behind. */
    private readonly clearUp: () => void,
  ) {
    channel('child_process').subscribe(this.started);
    SIGNALS.forEach((signal) => process.on(signal, this.interrupted));
  }

  end(): void {
    channel('child_process').unsubscribe(this.started);
    SIGNALS.forEach((signal) => process.off(signal, this.interrupted));
  }

  private readonly started = (message: unknown): void => {
    const { process: child } = message as { process: ChildProcess };
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
    if (this.asked) child.once('spawn', () => signalGroup(child, 'SIGTERM'));
  };

  private readonly interrupted = (): void => {
    if (this.asked || this.children.size === 0) {
      this.children.forEach((child) => signalGroup(child, 'SIGKILL'));
      this.clearUp();
      process.exit(INTERRUPTED);
    }
    this.asked = true;
    this.say('Stopping in good order; once more to stop at once.');
    this.children.forEach((child) => signalGroup(child, 'SIGTERM'));
  };
}
