import { PlanSize } from '../../contract/database-settings';

/** Memory for index builds: a share of the server's memory for all sessions together, within these bounds for each. */
const INDEX_MEMORY = { share: 1 / 8, leastMib: 64, mostMib: 1024 };

/**
 * Processes that help to build one index, even where there are fewer processors: each sorts a smaller share, which
 * costs less in all. The server starts no more than it has room for.
 */
const LEAST_INDEX_WORKERS = 4;

/**
 * Settings that make a load faster, for its own sessions alone; every user may set them. A load that the server loses in
 * a crash starts again, so that no commit waits for the disk; the commit that ends the restore does, and with it all
 * before it.
 */
export function loadSettings({ memoryGib, vcpu }: Pick<PlanSize, 'memoryGib' | 'vcpu'>, sessions: number): string[] {
  const { share, leastMib, mostMib } = INDEX_MEMORY;
  const indexMib = Math.min(Math.max(Math.floor((memoryGib * 1024 * share) / sessions), leastMib), mostMib);
  const indexWorkers = Math.max(vcpu, LEAST_INDEX_WORKERS);
  return [
    'synchronous_commit=off',
    `maintenance_work_mem=${indexMib}MB`,
    `max_parallel_maintenance_workers=${indexWorkers}`,
    'jit=off',
  ];
}
