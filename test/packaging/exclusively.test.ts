import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { exclusively } from '../../packaging/exclusively';

const work = mkdtempSync(path.join(tmpdir(), 'exclusively-'));
const lockFile = path.join(work, 'lock');
afterAll(() => rmSync(work, { recursive: true }));

describe('exclusively', () => {
  test('lets one in at a time and gives each its own answer', async () => {
    // GIVEN
    let inside = 0;
    const lines: string[] = [];
    const alone = async (answer: number) => {
      inside += 1;
      await new Promise(setImmediate);
      expect(inside).toBe(1);
      inside -= 1;
      return answer;
    };
    // WHEN
    const answers = await Promise.all(
      [1, 2, 3].map(async (n) =>
        exclusively(
          lockFile,
          (line) => lines.push(line),
          () => alone(n),
        ),
      ),
    );
    // THEN
    expect(answers).toEqual([1, 2, 3]);
    expect(lines).toEqual(Array(2).fill(`waiting for the process that holds ${lockFile}`));
  });

  test('takes over from a process that has died', async () => {
    const { pid } = spawnSync('true');
    symlinkSync(String(pid), lockFile);
    await expect(
      exclusively(
        lockFile,
        () => undefined,
        async () => 'in',
      ),
    ).resolves.toBe('in');
  });

  test('lets go when the work fails', async () => {
    const failing = exclusively(
      lockFile,
      () => undefined,
      async () => Promise.reject(new Error('broken')),
    );
    await expect(failing).rejects.toThrow('broken');
    expect(existsSync(lockFile)).toBe(false);
  });
});
