import { BackupSummary } from '../../contract/requests';
import { DAY_MS } from '../../contract/retention';

/** Until when a completed backup is kept. */
export interface Keeping {
  /** ISO 8601, UTC. The newest completed backup is kept longer, until a newer one is completed. */
  readonly keptUntil: string;
  readonly isNewest: boolean;
}

/** Until when each completed backup is kept, by its id. */
export function keepingOf(backups: readonly BackupSummary[], retentionDays: number): ReadonlyMap<string, Keeping> {
  const completed = backups
    .filter(({ state, endedAt }) => state === 'Completed' && endedAt !== undefined)
    .map(({ backup, endedAt }) => ({ backup, completedAt: Date.parse(endedAt!) }))
    .sort((one, other) => other.completedAt - one.completedAt);
  return new Map(
    completed.map(({ backup, completedAt }, index) => {
      const keptUntil = new Date(completedAt + retentionDays * DAY_MS).toISOString();
      return [backup, { keptUntil, isNewest: index === 0 }] as const;
    }),
  );
}
