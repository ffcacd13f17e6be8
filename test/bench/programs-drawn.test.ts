import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import * as ts from 'typescript';
import { DrawnProgram, Random } from '../../bench/aws/drawn-program';
import { drawPrograms, refusedByTerraform } from '../../bench/aws/programs-drawn';
import { Terraform } from '../../sandbox/terraform';

const ROOT = path.resolve(__dirname, '..', '..');

/** Every prop that users may give, such as `ManagedDatabaseProps.port`, as the source has it. */
function publicProps(): string[] {
  const program = ts.createProgram([path.join(ROOT, 'src/index.ts')], { noLib: true, types: [] });
  const checker = program.getTypeChecker();
  const index = checker.getSymbolAtLocation(program.getSourceFile(path.join(ROOT, 'src/index.ts'))!)!;
  return checker
    .getExportsOfModule(index)
    .filter((symbol) => symbol.declarations?.some(ts.isInterfaceDeclaration) && !/^I[A-Z]/.test(symbol.name))
    .flatMap((symbol) =>
      checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)).map((prop) => `${symbol.name}.${prop.name}`),
    );
}

describe('Drawn programs', () => {
  test('give a value to every prop of the library', () => {
    // Two draw the props that they inherit with those of others; the library itself makes a BackupAlarm.
    const isGivenElsewhere = (prop: string) => /^(BackupStorageProps|RestoredDatabaseProps|BackupAlarm)\./.test(prop);
    const undrawn = new Set(publicProps().filter((prop) => !isGivenElsewhere(prop)));
    expect(undrawn.size).toBeGreaterThan(100);
    for (let number = 1; number <= 100 && undrawn.size > 0; number++) {
      const program = new DrawnProgram(new Random(`1:${number}`));
      try {
        program.declare();
      } catch {
        // Refused; what came before it was drawn.
      }
      program.props.forEach((prop) => undrawn.delete(prop));
    }
    expect([...undrawn]).toEqual([]);
  });

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
      const faults = await refusedByTerraform(terraform, directory, [
        program('one', 'database-'),
        program('two', 'sg-'),
      ]);
      expect(faults).toEqual([expect.stringMatching(/^two \(group\): .*sg-/)]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
