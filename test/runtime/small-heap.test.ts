import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleCommandLine } from '../../packaging/function-bundle';

const directory = mkdtempSync(join(tmpdir(), 'small-heap-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A function's own limit is of this order: five hundredths of its memory. */
const NODE_OF_LAMBDA = ['--max-semi-space-size=88'];

/** Loads a program, then makes many objects that live on for a while; prints how large their spaces became. */
const LIVE = `
  const { getHeapSpaceStatistics } = require('node:v8');
  require(process.argv[1]);
  const living = [];
  const highest = {};
  for (let n = 0; n < 3e6; n++) {
    living[n % 100_000] = { n, again: [n] };
    if (n % 10_000 !== 0) continue;
    for (const { space_name, space_size } of getHeapSpaceStatistics()) {
      highest[space_name] = Math.max(highest[space_name] ?? 0, space_size / 1024 ** 2);
    }
  }
  require('node:fs').writeSync(3, JSON.stringify(highest));
  process.exit(0);`;

interface Highest {
  readonly new_space: number;
  readonly old_space: number;
}

function highestMb(program: string, nodeArguments: readonly string[]): Highest {
  const { output } = spawnSync(process.execPath, [...nodeArguments, '-e', LIVE, program], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  return JSON.parse(output[3]!);
}

test.each([
  ['the function', 'src/runtime/handler.ts'],
  ['the command line', 'src/cli/main.ts'],
])('of %s does not grow, whatever limit Node.js was started with', async (_, source) => {
  const program = await bundleCommandLine({
    entry: join(__dirname, '../..', source),
    file: join(directory, 'program.js'),
  });

  const plain = highestMb('node:path', []);
  const plainOnLambda = highestMb('node:path', NODE_OF_LAMBDA);
  expect(plain.old_space).toBeGreaterThanOrEqual(40);
  for (const [nodeArguments, other] of [
    [[], plain],
    [NODE_OF_LAMBDA, plainOnLambda],
  ] as const) {
    expect(other.new_space).toBeGreaterThanOrEqual(16);
    const own = highestMb(program, nodeArguments);
    expect(own.new_space).toBeLessThanOrEqual(other.new_space / 4);
    // With the program itself, some 15 MB.
    expect(own.old_space).toBeLessThan(plain.old_space);
  }
});
