import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleCommandLine } from '../../packaging/function-bundle';

const directory = mkdtempSync(join(tmpdir(), 'young-generation-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A function's own limit is of this order: five hundredths of its memory. */
const NODE_OF_LAMBDA = ['--max-semi-space-size=88'];

/** Loads a program, then makes many objects that live on for a while; prints how large their space became. */
const LIVE = `
  const { getHeapSpaceStatistics } = require('node:v8');
  require(process.argv[1]);
  const living = [];
  let highest = 0;
  for (let n = 0; n < 3e6; n++) {
    living[n % 100_000] = { n, again: [n] };
    if (n % 10_000 !== 0) continue;
    const { space_size } = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    highest = Math.max(highest, space_size);
  }
  require('node:fs').writeSync(3, String(highest / 1024 ** 2));
  process.exit(0);`;

function highestMb(program: string, nodeArguments: readonly string[]): number {
  const { output } = spawnSync(process.execPath, [...nodeArguments, '-e', LIVE, program], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  return Number(output[3]);
}

test.each([
  ['the function', 'src/runtime/handler.ts'],
  ['the command line', 'src/cli/main.ts'],
])('of %s does not grow, whatever limit Node.js was started with', async (_, source) => {
  const program = await bundleCommandLine({
    entry: join(__dirname, '../..', source),
    file: join(directory, 'program.js'),
  });

  for (const nodeArguments of [[], NODE_OF_LAMBDA]) {
    const other = highestMb('node:path', nodeArguments);
    expect(other).toBeGreaterThanOrEqual(16);
    expect(highestMb(program, nodeArguments)).toBeLessThanOrEqual(other / 4);
  }
});
