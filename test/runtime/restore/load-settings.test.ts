import { loadSettings } from '../../../src/runtime/restore/load-settings';

test.each([
  [1, 2, 64],
  [8, 2, 512],
  [8, 4, 256],
  [256, 8, 1024],
])('a server of %d GiB and %d sessions: %d MB for each index', (memoryGib, sessions, mib) => {
  expect(loadSettings({ memoryGib, vcpu: 2 }, sessions)).toContain(`maintenance_work_mem=${mib}MB`);
});

test.each([
  [1, 4],
  [16, 16],
])('a server of %d vCPU: %d processes for an index', (vcpu, workers) => {
  expect(loadSettings({ memoryGib: 8, vcpu }, 2)).toContain(`max_parallel_maintenance_workers=${workers}`);
});
