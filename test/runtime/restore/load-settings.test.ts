import { loadSettings } from '../../../src/runtime/restore/load-settings';

test.each([
  [1, 2, 64],
  [8, 2, 512],
  [8, 4, 256],
  [256, 8, 1024],
])('a server of %d GiB and %d sessions: %d MB for each index', (memoryGib, sessions, mib) => {
  expect(loadSettings({ memoryGib }, sessions)).toContain(`maintenance_work_mem=${mib}MB`);
});
