import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import * as yauzl from 'yauzl';
import { bundleCommandLine, bundleFunction } from '../../packaging/function-bundle';

const [sources, work] = ['sources-', 'bundles-'].map((name) => mkdtempSync(path.join(tmpdir(), name)));
beforeAll(() => symlinkSync(path.resolve(__dirname, '../../node_modules'), path.join(sources, 'node_modules')));
afterAll(() => [sources, work].forEach((each) => rmSync(each, { recursive: true })));

function source(name: string, code: string): string {
  const entry = path.join(sources, name);
  writeFileSync(entry, code);
  return entry;
}

const HANDLER = `
  import { Client } from 'pg';
  export const handler = async (event: { user: string }) => new Client({ user: event.user }).user;
`;

describe('bundleFunction', () => {
  test('gives one index.js that runs with no package near it, and the licences of what it holds', async () => {
    // GIVEN
    const entry = source('handler.ts', HANDLER);
    // WHEN
    const file = await bundleFunction({ entry, file: path.join(work, 'function.zip') });
    // THEN
    const files = await readZip(file);
    expect([...files.keys()]).toEqual(['index.js']);
    writeFileSync(path.join(work, 'index.js'), files.get('index.js')!);
    const answer = execFileSync(
      process.execPath,
      ['-e', `require('./index.js').handler({ user: 'ada' }).then(console.log)`],
      { cwd: work, encoding: 'utf8', env: {} },
    );
    expect(answer).toBe('ada\n');
    expect(files.get('index.js')).not.toContain('sourceMappingURL');
    expect(readFileSync(`${file}.licenses.txt`, 'utf8')).toMatch(
      /^pg \d.* \(MIT\)\n\n.*Permission is hereby granted/ms,
    );
  });

  test('gives the same bytes again', async () => {
    const entry = source('handler.ts', HANDLER);
    const files = [1, 2].map((n) => path.join(work, `${n}.zip`));
    for (const file of files) await bundleFunction({ entry, file });
    expect(readFileSync(files[0]).equals(readFileSync(files[1]))).toBe(true);
  });

  test('fails when a package would be left out', async () => {
    const entry = source('handler.ts', `export { Client } from 'no-such-package';`);
    await expect(bundleFunction({ entry, file: path.join(work, 'x.zip') })).rejects.toThrow(/no-such-package/);
  });

  test('fails when a try would hide a package that is left out', async () => {
    const entry = source('handler.ts', `try { require('no-such-package'); } catch {}; export const handler = 1;`);
    await expect(bundleFunction({ entry, file: path.join(work, 'x.zip') })).rejects.toThrow(
      /must contain every package.*no-such-package/,
    );
  });

  test('fails without its entry', async () => {
    const entry = path.join(sources, 'missing.ts');
    await expect(bundleFunction({ entry, file: path.join(work, 'x.zip') })).rejects.toThrow(
      /entry point of a bundle is missing: .*missing\.ts/,
    );
  });
});

test('a bundle with a PostgreSQL client does not load the fetch of Node.js', async () => {
  const loaded = `console.log(process.moduleLoadList.some((name) => /undici|fetch/.test(name)))`;
  const entry = source('loaded.ts', `import { Client } from 'pg'; new Client(); ${loaded}`);
  const file = await bundleCommandLine({ entry, file: path.join(work, 'loaded.js') });
  expect(execFileSync(file, { encoding: 'utf8' })).toBe('false\n');
  // The list does name it where it is loaded.
  const used = execFileSync(process.execPath, ['-e', `Response; ${loaded}`], { encoding: 'utf8' });
  expect(used).toBe('true\n');
});

describe('bundleCommandLine', () => {
  test.each(['', '#!/usr/bin/env node\n'])(
    'gives a file that runs as a command (entry starts with %j)',
    async (start) => {
      // GIVEN
      const entry = source('main.ts', `${start}console.log(process.argv[2] as string);`);
      // WHEN
      const file = await bundleCommandLine({ entry, file: path.join(work, 'cli', 'command.js') });
      // THEN
      expect(execFileSync(file, ['hello'], { encoding: 'utf8' })).toBe('hello\n');
      expect(readFileSync(file, 'utf8').split('#!/usr/bin/env node\n')).toHaveLength(2);
      expect((statSync(file).mode % 0o1000).toString(8)).toBe('755');
    },
  );
});

async function readZip(file: string): Promise<Map<string, string>> {
  const zip = await yauzl.openPromise(file, { lazyEntries: true });
  const files = new Map<string, string>();
  for await (const entry of zip.eachEntry()) {
    files.set(entry.fileName, await text(await zip.openReadStreamPromise(entry)));
  }
  return files;
}
