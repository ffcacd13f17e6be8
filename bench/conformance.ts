import { atLeast, atMost, exactly, Figure, notMeasured, render } from './figures';
import { runStories, StoriesResult } from '../test/acceptance/stories/run';
import { CaseResult, ConformanceCase, runCase, runCases, StoreName } from '../test/conformance/conformance';
import { faultServerCases } from '../test/conformance/fault-server-cases';
import { fuzz } from '../test/conformance/fuzz';
import { MOTO_HABITS, startMotoStore } from '../test/conformance/moto-store';
import { storeCases } from '../test/conformance/store-cases';
import { CEPH_HABITS, startCephStore } from '../test/second-tier/ceph-store';

/**
 * `npm run conformance [-- --json]`: the connection test against every store of the contract and against random
 * answers. Progress goes to standard error, the figures last to standard output.
 */
async function main(): Promise<void> {
  const json = process.argv.includes('--json');
  const faultServer = await faultServerCases();
  const results: Record<StoreName, CaseResult[] | undefined> = {
    moto: await on('moto', async () => {
      const store = await startMotoStore();
      return runCases(storeCases(store, MOTO_HABITS), 4).finally(() => store.stop());
    }),
    ceph: await on('ceph', async () => {
      const store = await startCephStore();
      return runCases(storeCases(store, CEPH_HABITS), 4).finally(() => store.stop());
    }),
    'fault-server': await on('fault-server', () => runCases(faultServer, 16)),
  };
  const passSeconds = await medianOfPasses(faultServer.find(({ fault }) => fault === 'no fault')!);
  progress('fuzz');
  const fuzzed = await fuzz(10_000, Math.floor(Date.now() / 1000));
  fuzzed.wrong.forEach((wrong) => progress(`  ${wrong}`));

  const cases = Object.values(results).flatMap((each) => each ?? []);
  const failures = cases.filter(({ verdict }) => verdict?.state === 'Failed').map(({ seconds }) => seconds);
  const told = await runAllStories();
  const figures: Figure[] = [
    counted('cases/moto', results.moto, 20),
    counted('cases/ceph', results.ceph, 20),
    counted('cases/fault-server', results['fault-server'], 30),
    exactly('wrong-verdicts', cases.filter(({ wrong }) => wrong.length > 0).length, 0),
    atMost('slowest-failure-s', rounded(Math.max(...failures, fuzzed.slowestSeconds)), 10),
    atMost('pass-s', rounded(passSeconds), 1),
    exactly('late', cases.filter(({ late }) => late).length, 0),
    exactly(
      'objects-left',
      cases.reduce((sum, { objectsLeft }) => sum + objectsLeft, 0),
      0,
    ),
    atLeast('fuzzed', fuzzed.fuzzed, 10_000),
    exactly('fuzzed-wrong', fuzzed.wrong.length, 0),
    told === undefined ? notMeasured('stories', 'at least 1') : atLeast('stories', told.total, 1),
    told === undefined ? notMeasured('stories-held', 'all') : exactly('stories-held', told.held, told.total),
  ];
  process.stdout.write(`${render(figures, json)}\n`);
}

/** Runs the cases of one store; a store that does not start is a figure that does not hold, not the end of the others. */
async function on(store: StoreName, run: () => Promise<CaseResult[]>): Promise<CaseResult[] | undefined> {
  progress(store);
  try {
    const results = await run();
    for (const { fault, wrong } of results.filter((each) => each.wrong.length > 0)) {
      progress(`  ${fault}: ${wrong.join('; ')}`);
    }
    return results;
  } catch (error) {
    progress(`  did not run: ${(error as Error).message}`);
    return undefined;
  }
}

/** Stories that cannot be told are a figure that does not hold. */
async function runAllStories(): Promise<StoriesResult | undefined> {
  progress('stories');
  try {
    const told = await runStories((step) => progress(`  ${step}`));
    for (const { breakage, kind, faults } of told.stories.filter((story) => story.faults.length > 0)) {
      progress(`  ${breakage} broken, of the database with ${kind}: ${faults.join('; ')}`);
    }
    return told;
  } catch (error) {
    progress(`  were not told: ${(error as Error).message}`);
    return undefined;
  }
}

function counted(name: string, results: CaseResult[] | undefined, bar: number): Figure {
  return results === undefined ? notMeasured(name, `at least ${bar}`) : atLeast(name, results.length, bar);
}

async function medianOfPasses(passing: ConformanceCase): Promise<number> {
  const seconds: number[] = [];
  for (let run = 0; run < 21; run++) {
    seconds.push((await runCase(passing)).seconds);
  }
  return seconds.sort((one, other) => one - other)[10];
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
