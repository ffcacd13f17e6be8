import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { buildOptions } from '../../packaging/build-options';

const ROOT = path.resolve(__dirname, '../..');

interface Step {
  readonly exec?: string;
  readonly execArgs?: readonly string[];
  readonly spawn?: string;
}

const { tasks } = JSON.parse(readFileSync(path.join(ROOT, '.projen/tasks.json'), 'utf8'));

/** The commands of a task and of those that it starts, in order. */
function commandsOf(task: string): string[] {
  return (tasks[task].steps ?? []).flatMap(({ exec, execArgs, spawn }: Step) =>
    spawn === undefined ? [exec ?? execArgs?.join(' ') ?? ''] : commandsOf(spawn),
  );
}

describe('projen release', () => {
  const commands = commandsOf('release');

  test('builds the assets that it tests and packs from the locks alone, as a development build does not', () => {
    const building = commands.filter((command) => command.startsWith('tsx packaging/build.ts'));
    expect(building).toEqual(['tsx packaging/build.ts', 'tsx packaging/build.ts']);
    expect(buildOptions([], tasks.release.env)).toEqual({ release: true });
    expect(buildOptions(['--release'], {})).toEqual({ release: true });
    expect(buildOptions([], {})).toEqual({ release: false });
    expect(commands.findLastIndex((command) => building.includes(command))).toBeLessThan(
      commands.findIndex((command) => command.startsWith('tsx packaging/packages.ts')),
    );
  });

  test.each([
    ['compiles the samples of README.md strictly', /^tsx packaging\/samples\.ts$/],
    ['compares the public API with that of the last release', /^jsii-diff npm:cdktf-managed-database /],
  ])('%s', (_promise, command) => {
    expect(commands.filter((each) => command.test(each))).toHaveLength(1);
  });

  test('is what the release workflow runs, with a mirror that has the packages of the layers', () => {
    const workflow = readFileSync(path.join(ROOT, '.github/workflows/release.yml'), 'utf8');
    expect(workflow).toContain('run: npx projen release\n');
    expect(workflow).toContain('CLIENT_LAYER_MIRROR: ');
    for (const registry of ['npm', 'pypi', 'maven', 'nuget', 'golang']) {
      expect(workflow).toContain(`publib-${registry}`);
    }
  });
});
