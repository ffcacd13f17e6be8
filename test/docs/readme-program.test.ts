import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { blocksOf } from './pages';

const ROOT = path.resolve(__dirname, '../..');

test('the program of README.md is whole and has at most 35 lines: it synthesizes a database and its schedule', () => {
  // GIVEN a folder that finds the packages of this repository
  const cache = path.join(ROOT, '.cache');
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(path.join(cache, 'readme-program-'));
  const [program] = blocksOf('README.md', 'ts');
  writeFileSync(path.join(directory, 'main.ts'), program);

  // WHEN
  const { status, stderr } = spawnSync(
    path.join(ROOT, 'node_modules/.bin/tsx'),
    ['--tsconfig', path.join(ROOT, 'tsconfig.dev.json'), 'main.ts'],
    { cwd: directory, encoding: 'utf8' },
  );

  // THEN
  expect([status, stderr]).toEqual([0, '']);
  const stack = JSON.parse(readFileSync(path.join(directory, 'cdktf.out/stacks/production/cdk.tf.json'), 'utf8'));
  expect(Object.keys(stack.resource)).toEqual(
    expect.arrayContaining(['aws_db_instance', 'aws_scheduler_schedule', 'aws_lambda_invocation']),
  );
  expect(program.trimEnd().split('\n').length).toBeLessThanOrEqual(35);
  rmSync(directory, { recursive: true });
});
