import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { describeMissing, missingPrograms } from '../../packaging/packages';

const ROOT = path.resolve(__dirname, '../..');

describe('the languages of a package', () => {
  let programs: string;

  beforeEach(() => {
    programs = mkdtempSync(path.join(tmpdir(), 'programs-'));
  });

  afterEach(() => rmSync(programs, { recursive: true }));

  function install(name: string, mode = 0o755): void {
    writeFileSync(path.join(programs, name), '');
    chmodSync(path.join(programs, name), mode);
  }

  test('with Node.js alone, each other language names the programs that it lacks', () => {
    expect(describeMissing(missingPrograms(programs))).toEqual([
      'Java: javac and mvn not found on PATH.',
      'Python: python3 not found on PATH.',
      'C#: dotnet not found on PATH.',
      'Go: go not found on PATH.',
    ]);
  });

  test('a language is there with all of its programs; a file that cannot be executed is none', () => {
    install('go');
    install('mvn');
    install('python3', 0o644);
    expect([...missingPrograms(`${path.delimiter}${programs}`)]).toEqual([
      ['Java', ['javac']],
      ['Python', ['python3']],
      ['C#', ['dotnet']],
    ]);
  });

  test('package-all fails before it builds anything where one is missing, and names it', () => {
    symlinkSync(process.execPath, path.join(programs, 'node'));
    const { status, stderr } = spawnSync(
      process.execPath,
      [path.join(ROOT, 'node_modules/tsx/dist/cli.mjs'), 'packaging/packages.ts', '--all'],
      { cwd: ROOT, encoding: 'utf8', env: { PATH: programs } },
    );
    expect(status).toBe(1);
    expect(stderr).toContain('C#: dotnet not found on PATH.');
    expect(stderr).toContain('npx projen package');
  });
});
