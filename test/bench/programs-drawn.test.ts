import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { drawPrograms, validate } from '../../bench/aws/programs-drawn';
import { Terraform } from '../../sandbox/terraform';

const ROOT = path.resolve(__dirname, '..', '..');

describe('Drawn programs', () => {
  test('that synth accepts, Terraform accepts; what synth refuses, it refuses with a path', async () => {
    const lines: string[] = [];
    const result = await drawPrograms({ programs: 16, seed: 4, progress: (line) => lines.push(line) });
    expect(result).toMatchObject({ drawn: 16, acceptedThenInvalid: [], refusedWithoutPath: [] });
    expect(result.accepted).toBeGreaterThan(2);
    expect(result.accepted).toBeLessThan(16);
    expect(lines[0]).toBe('seed 4');
  });

  test('that Terraform refuses are reported by the program that they are', async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'drawn-programs-'));
    try {
      const provider = createRequire(__filename)('@cdktf/provider-aws/package.json').cdktf.provider;
      const cacheDirectory = path.join(ROOT, '.cache');
      const terraform = await Terraform.locate({ directory, cacheDirectory, provider });
      const program = (name: string, groupName: string) => ({
        name,
        edges: ['group'],
        text: JSON.stringify({
          terraform: { required_providers: { aws: { source: provider.name, version: provider.version } } },
          resource: { aws_security_group: { group: { name_prefix: groupName } } },
        }),
      });
      const faults = await validate(terraform, directory, [program('one', 'database-'), program('two', 'sg-')]);
      expect(faults).toEqual([expect.stringMatching(/^two \(group\): .*sg-/)]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
