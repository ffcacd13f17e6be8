import { run } from '../../packaging/run';

describe('a program that fails', () => {
  const failing = async (script: string) => run('sh', ['-c', script]).catch(({ message }: Error) => message);

  test('is reported with its standard error', async () => {
    expect(await failing('echo progress; echo why >&2; exit 3')).toMatch(/failed \(3\): why$/);
  });

  test('is reported with its standard output where it says nothing else but colours', async () => {
    expect(await failing("echo why; printf '\\033[0m' >&2; exit 1")).toMatch(/failed \(1\): why$/);
  });
});
