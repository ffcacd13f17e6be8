import { Log } from './log';
import { Progress, Runtime, Work } from './runtime';
import { Manifest } from '../contract/manifest';
import { Action } from '../contract/requests';
import { ObjectStore } from './storage/object-store';

/** Between two reports in a log, in milliseconds. */
const INTERVAL_MS = 60_000;

const PART_KEY = /\/\d{6}$/;
const MANIFEST_KEY = /\/manifest\.json$/;

/** The actions that take long, by what they do with the parts. */
const DIRECTIONS: { readonly [action in Action]?: 'stored' | 'read' } = {
  'back-up': 'stored',
  restore: 'read',
  drill: 'read',
  verify: 'read',
};

/** The same runtime; an action that takes long reports its progress to the log. */
export function withProgress(runtime: Runtime, action: Action): Runtime {
  const direction = DIRECTIONS[action];
  if (direction === undefined) return runtime;
  const report = new ProgressReport(runtime.log, direction);
  return {
    ...runtime,
    progress: () => report.latest,
    reportWork: (work) => report.workOn(work),
    openStorage: async (settings) => countingParts(await runtime.openStorage(settings), report),
  };
}

/** How far a run is, as `progress` in its log, as often as the log wants it. */
class ProgressReport {
  private doneBytes = 0;
  private totalBytes: number | undefined;
  private startedAt: number | undefined;
  private reportedAt = Date.now();
  private work: Work = {};

  constructor(
    private readonly log: Log,
    readonly direction: Progress['direction'],
  ) {}

  /** Undefined before the first part. */
  get latest(): Progress | undefined {
    if (this.doneBytes === 0) return undefined;
    const seconds = (Date.now() - this.startedAt!) / 1000;
    const bytesPerSecond = seconds > 0 ? this.doneBytes / seconds : 0;
    const { direction, doneBytes } = this;
    const { expectedBytes, ...work } = this.work;
    return { direction, doneBytes, totalBytes: this.totalBytes ?? expectedBytes, bytesPerSecond, ...work };
  }

  begin(): void {
    this.startedAt ??= Date.now();
  }

  expect(totalBytes: number | undefined): void {
    this.totalBytes = totalBytes ?? this.totalBytes;
  }

  add(bytes: number): void {
    this.doneBytes += bytes;
    this.report();
  }

  workOn(work: Work): void {
    this.work = work;
    this.report();
  }

  private report(): void {
    const { latest } = this;
    const time = Date.now();
    if (latest === undefined || time - this.reportedAt < (this.log.progressIntervalMs ?? INTERVAL_MS)) return;
    this.reportedAt = time;
    this.log.info('progress', { ...latest });
  }
}

/** The same storage; the parts that a run stores in it, or reads from it, are counted. */
function countingParts(store: ObjectStore, report: ProgressReport): ObjectStore {
  const { direction } = report;
  return {
    get retries() {
      return store.retries;
    },
    put: async (key, ...body) => {
      report.begin();
      await store.put(key, ...body);
      if (direction === 'stored' && PART_KEY.test(key)) report.add(body[0].length);
    },
    get: async (key, into) => {
      report.begin();
      const result = await store.get(key, into);
      if (direction === 'read' && result.kind === 'found') {
        if (PART_KEY.test(key)) report.add(result.body.length);
        else if (MANIFEST_KEY.test(key)) report.expect(sizeOfParts(result.body));
      }
      return result;
    },
    sizeOf: async (key) => store.sizeOf(key),
    delete: async (key) => store.delete(key),
    clockOffsetMs: () => store.clockOffsetMs(),
  };
}

function sizeOfParts(manifest: Buffer): number | undefined {
  try {
    const { parts }: Manifest = JSON.parse(manifest.toString('utf8'));
    return parts.reduce((sum, { size }) => sum + size, 0);
  } catch {
    // Whoever reads the manifest says what is wrong with it.
    return undefined;
  }
}
