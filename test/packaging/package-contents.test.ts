import { execFileSync } from 'node:child_process';
import * as path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');

const LARGEST_MB = 60;

test('the package carries each layer once, no source map, what its pages name, and not too much', () => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--silent'], { cwd: ROOT, encoding: 'utf8' });
  const [{ files, size }] = JSON.parse(output);
  const names: string[] = files.map((file: { path: string }) => file.path);

  expect(names.filter((name) => name.endsWith('.map'))).toEqual([]);
  expect(names.filter((name) => name.startsWith('assets/') && !name.startsWith('assets/cli/')).sort()).toEqual(
    expect.arrayContaining([
      'assets/client-layer-x86_64.json',
      'assets/client-layer-x86_64.zip',
      'assets/function.zip',
    ]),
  );
  expect(names.filter((name) => /^assets\/\w+-layer-x86_64\//.test(name))).toEqual([]);
  expect(names).toEqual(expect.arrayContaining(['NOTICE', 'LICENSE', 'README.md', 'API.md', 'docs/README.md']));
  expect(size / 1e6).toBeLessThan(LARGEST_MB);
  expect(names.filter((name) => /^(src|test|sandbox|bench|packaging|\.cache|\.ci)\//.test(name))).toEqual([]);
});
