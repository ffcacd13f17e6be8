import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';

/** The newest version of `@cdktf/provider-aws` in the range of the peer dependency; the tests use the oldest. */
const NEWEST = '21.22.1';

const ROOT = path.resolve(__dirname, '..');
const DIRECTORY = path.join(ROOT, '.cache', `provider-aws-${NEWEST}`);
const BINDINGS = path.join(DIRECTORY, 'node_modules/@cdktf/provider-aws');
/** Tests that only synthesize. */
const TESTS = ['database', 'function', 'backup/backup', 'backup/scheduled-backup', 'restore', 'storage'];

/** `npm run newest-provider`: types and synthesis of the library with the newest bindings of the AWS provider. */
function main(): void {
  install();
  const bindings = path.relative(ROOT, BINDINGS);
  const tsconfig = write('tsconfig.json', {
    extends: path.join(ROOT, 'tsconfig.dev.json'),
    compilerOptions: {
      ...{ baseUrl: ROOT, rootDir: ROOT },
      paths: { 'cdktf-managed-database': ['./src'], '@cdktf/provider-aws/*': [`./${bindings}/*`] },
    },
    include: [path.join(ROOT, 'src/index.ts'), path.join(ROOT, 'examples/**/*.ts')],
    exclude: [],
  });
  run('npx', ['tsc', '--noEmit', '-p', tsconfig], ROOT);
  const { jest } = require('../package.json'); // eslint-disable-line @typescript-eslint/no-require-imports
  const config = write('jest.json', {
    ...jest,
    rootDir: ROOT,
    moduleNameMapper: { ...jest.moduleNameMapper, '^@cdktf/provider-aws/(.*)$': `<rootDir>/${bindings}/$1` },
    cacheDirectory: path.join(DIRECTORY, 'jest'),
  });
  run('npx', ['jest', '-c', config, ...TESTS.map((test) => `test/${test}`)], ROOT);
}

/** Without the peer dependencies, which are those of the repository. */
function install(): void {
  if (existsSync(BINDINGS)) return;
  mkdirSync(DIRECTORY, { recursive: true });
  write('package.json', { private: true });
  const options = ['--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund'];
  run('npm', ['install', ...options, `@cdktf/provider-aws@${NEWEST}`], DIRECTORY);
}

function write(name: string, content: object): string {
  const file = path.join(DIRECTORY, name);
  writeFileSync(file, JSON.stringify(content));
  return file;
}

function run(command: string, words: string[], cwd: string): void {
  const { status } = spawnSync(command, words, { cwd, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${words[0]} ended with ${status}.`);
}

main();
