import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeWorkDirectory } from '../../src/runtime/work-directory';

test('the directories of runs that were killed are deleted at the next start, those of others are not', async () => {
  // GIVEN the directory of a process that has ended, of one with our id that began at another time, and a run's own
  const parent = await mkdtemp(join(tmpdir(), 'work-directory-'));
  const { pid } = spawnSync('true');
  await mkdir(join(parent, `cdktf-managed-database-${pid}-1-dead/dump`), { recursive: true });
  await mkdir(join(parent, `cdktf-managed-database-${process.pid}-1-dead`));
  await mkdir(join(parent, 'of-somebody-else'));
  const running = await makeWorkDirectory(parent);

  // WHEN
  const next = await makeWorkDirectory(parent);

  // THEN
  const left = (await readdir(parent)).map((name) => join(parent, name)).sort();
  expect(left).toEqual([running, next, join(parent, 'of-somebody-else')].sort());
  await rm(parent, { recursive: true });
});
