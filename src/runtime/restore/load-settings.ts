import { PlanSize } from '../../contract/database-settings';

/** Memory for index builds: a share of the server's memory for all sessions together, within these bounds for each. */
const INDEX_MEMORY = { share: 1 / 8, leastMib: 64, mostMib: 1024 };

/**
 * Settings that make a load faster, for its own sessions alone; every user may set them. A load that the server loses in
 * a crash starts again, so that no commit waits for the disk; the commit that ends the restore does, and with it all
 * before it.
 */
export function loadSettings({ memoryGib }: Pick<PlanSize, 'memoryGib'>, sessions: number): string[] {
  const { share, leastMib, mostMib } = INDEX_MEMORY;
  const indexMib = Math.min(Math.max(Math.floor((memoryGib * 1024 * share) / sessions), leastMib), mostMib);
  return ['synchronous_commit=off', `maintenance_work_mem=${indexMib}MB`, 'jit=off'];
}
