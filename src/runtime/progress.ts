import { Log } from './log';
import { Progress, Runtime } from './runtime';
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
  let latest: Progress | undefined;
  return {
    ...runtime,
    progress: () => latest,
    openStorage: async (settings) =>
      reportProgress(await runtime.openStorage(settings), runtime.log, direction, (progress) => (latest = progress)),
  };
}

/** The same storage; the parts that a run stores in it, or reads from it, are reported to the log as `progress`. */
export function reportProgress(
  store: ObjectStore,
  log: Log,
  direction: 'stored' | 'read',
  note: (progress: Progress) => void = () => undefined,
  now: () => number = Date.now,
): ObjectStore {
  let doneBytes = 0;
  let totalBytes: number | undefined;
  let startedAt: number | undefined;
  let reportedAt = now();

  const add = (bytes: number) => {
    doneBytes += bytes;
    const time = now();
    const seconds = (time - startedAt!) / 1000;
    const bytesPerSecond = seconds > 0 ? doneBytes / seconds : 0;
    const progress: Progress = { direction, doneBytes, totalBytes, bytesPerSecond };
    note(progress);
    if (time - reportedAt < (log.progressIntervalMs ?? INTERVAL_MS)) return;
    reportedAt = time;
    log.info('progress', { ...progress });
  };

  return {
    get retries() {
      return store.retries;
    },
    put: async (key, ...body) => {
      startedAt ??= now();
      await store.put(key, ...body);
      if (direction === 'stored' && PART_KEY.test(key)) add(body[0].length);
    },
    get: async (key, into) => {
      startedAt ??= now();
      const result = await store.get(key, into);
      if (direction === 'read' && result.kind === 'found') {
        if (PART_KEY.test(key)) add(result.body.length);
        else if (MANIFEST_KEY.test(key)) totalBytes = sizeOfParts(result.body) ?? totalBytes;
      }
      return result;
    },
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
