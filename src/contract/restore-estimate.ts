import { BackupId } from './backup-id';

/** How long a restore will take, by what the last drill took. */
export interface RestoreEstimate {
  readonly milliseconds: number;
  /** Processors of the server that is restored into. */
  readonly processors: number;
  readonly drill: PastDrill;
}

/** A drill that restored a backup of the same database. */
export interface PastDrill {
  readonly backup: BackupId;
  /** Size of the restored databases. */
  readonly databaseBytes: number;
  readonly restoreMs: number;
  readonly processors: number;
}

/** More processors than this are not used by one restore. */
const MOST_PROCESSORS = 8;

/** The time of a restore is in proportion to the size, and in inverse proportion to the processors. */
export function estimateRestore(databaseBytes: number, processors: number, drill: PastDrill): RestoreEstimate {
  const used = (count: number) => Math.min(Math.max(count, 1), MOST_PROCESSORS);
  const perSize = drill.databaseBytes > 0 ? databaseBytes / drill.databaseBytes : 1;
  const milliseconds = Math.round((drill.restoreMs * perSize * used(drill.processors)) / used(processors));
  return { milliseconds, processors, drill };
}
