const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The exit code that a shell gives a program ended by Ctrl-C. */
const INTERRUPTED = 130;

/**
 * Ctrl-C while an action runs. The first one aborts the signal that the action was given: the action stops its children,
 * records that it failed and releases its lock. The second one, or the first where the action only reads, ends the
 * program at once; its children end with it, and the next run removes what it left.
 */
export class Interruption {
  private readonly controller = new AbortController();

  constructor(
    private readonly stopsInOrder: boolean,
    private readonly print: (line: string) => void,
    private readonly removeTemporaryFiles: () => void,
  ) {
    SIGNALS.forEach((signal) => process.on(signal, this.interrupted));
  }

  /** Aborted when a person interrupts the run. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  end(): void {
    SIGNALS.forEach((signal) => process.off(signal, this.interrupted));
  }

  private readonly interrupted = (): void => {
    if (!this.stopsInOrder || this.signal.aborted) {
      this.removeTemporaryFiles();
      process.exit(INTERRUPTED);
    }
    this.print('Stopping; press Ctrl-C again to stop at once.');
    this.controller.abort();
  };
}
