import { BenchOptions, chooseParts, Progress, runBench, timeLimit } from './bench';
import { atLeast, atMost, exactly, Figure, notMeasured } from './figures';
import { runStories } from '../test/acceptance/stories/run';
import { CaseResult, ConformanceCase, runCase, runCases, StoreName } from '../test/conformance/conformance';
import { faultServerCases } from '../test/conformance/fault-server-cases';
import { fuzz } from '../test/conformance/fuzz';
import { MOTO_HABITS, startMotoStore } from '../test/conformance/moto-store';
import { RealStore, storeCases, StoreHabits } from '../test/conformance/store-cases';
import { partsNotStored } from '../test/conformance/stored-parts';
import { CEPH_HABITS, startCephStore } from '../test/second-tier/ceph-store';
import { startVersitygwStore, VERSITYGW_HABITS } from '../test/second-tier/versitygw-store';

/** Connection tests against random answers. */
const FUZZED = 10_000;

/** The parts by the name for `--only`. */
const PARTS = ['moto', 'ceph', 'versitygw', 'fault-server', 'fuzz', 'stories'] as const;

/**
 * `npm run conformance [-- --only PART] [--seed N] [--minutes N] [--json]`: the connection test against every store of the
 * contract and against random answers. A part that has not begun when the minutes are over is not measured.
 */
async function conformance(options: BenchOptions, progress: Progress): Promise<Figure[]> {
  const isOver = timeLimit(options);
  const figures: Figure[] = [];
  const cases: CaseResult[] = [];
  for (const part of chooseParts(PARTS, options.only)) {
    progress(part);
    if (isOver()) figures.push(notMeasured(part, 'measured'));
    else if (part === 'fuzz') figures.push(...(await fuzzFigures(options.seed, isOver, progress)));
    else if (part === 'stories') figures.push(...(await storyFigures(progress)));
    else figures.push(...(await storeFigures(part, cases, progress)));
  }
  return [...figures, ...(cases.length > 0 ? caseFigures(cases) : [])];
}

/** The least number of cases of each store. */
const CASES: Record<StoreName, number> = { moto: 20, ceph: 20, versitygw: 20, 'fault-server': 30 };

/** A store that does not start is a figure that does not hold, not the end of the others. */
async function storeFigures(store: StoreName, cases: CaseResult[], progress: Progress): Promise<Figure[]> {
  const name = `cases/${store}`;
  try {
    const { results, notStored, further = [] } = await runStore[store]();
    cases.push(...results);
    for (const { fault, wrong } of results.filter((each) => each.wrong.length > 0)) {
      progress(`  ${fault}: ${wrong.join('; ')}`);
    }
    for (const each of notStored ?? []) progress(`  ${each}`);
    const parts = notStored ? [exactly(`parts-not-stored/${store}`, notStored.length, 0)] : [];
    return [atLeast(name, results.length, CASES[store]), ...parts, ...further];
  } catch (error) {
    progress(`  did not run: ${(error as Error).message}`);
    return [notMeasured(name, `at least ${CASES[store]}`)];
  }
}

interface StoreRun {
  readonly results: CaseResult[];
  /** Parts that a real store refused, or gave back as something else. */
  readonly notStored?: string[];
  readonly further?: Figure[];
}

const runStore: Record<StoreName, () => Promise<StoreRun>> = {
  moto: async () => runTable(await startMotoStore(), MOTO_HABITS),
  ceph: async () => runTable(await startCephStore(), CEPH_HABITS),
  versitygw: async () => runTable(await startVersitygwStore(), VERSITYGW_HABITS),
  'fault-server': async () => {
    const faultServer = await faultServerCases();
    const results = await runCases(faultServer, 16);
    const seconds = await medianOfPasses(faultServer.find(({ fault }) => fault === 'no fault')!);
    return { results, further: [atMost('pass-s', rounded(seconds), 1)] };
  },
};

async function runTable(store: RealStore & { stop(): Promise<void> }, habits: StoreHabits): Promise<StoreRun> {
  try {
    const results = await runCases(storeCases(store, habits), 4);
    return { results, notStored: await partsNotStored(store, habits) };
  } finally {
    await store.stop();
  }
}

/** What holds of the cases of all stores together. */
function caseFigures(cases: readonly CaseResult[]): Figure[] {
  const failures = cases.filter(({ verdict }) => verdict?.state === 'Failed').map(({ seconds }) => seconds);
  const objectsLeft = cases.reduce((sum, each) => sum + each.objectsLeft, 0);
  return [
    exactly('wrong-verdicts', cases.filter(({ wrong }) => wrong.length > 0).length, 0),
    atMost('slowest-failure-s', rounded(Math.max(0, ...failures)), 10),
    exactly('late', cases.filter(({ late }) => late).length, 0),
    exactly('objects-left', objectsLeft, 0),
  ];
}

async function fuzzFigures(seed: number, isOver: () => boolean, progress: Progress): Promise<Figure[]> {
  const { fuzzed, wrong, slowestSeconds } = await fuzz(FUZZED, seed, { isOver });
  wrong.forEach((each) => progress(`  ${each}`));
  return [
    atLeast('fuzzed', fuzzed, FUZZED),
    exactly('fuzzed-wrong', wrong.length, 0),
    atMost('fuzzed-slowest-s', rounded(slowestSeconds), 10),
  ];
}

/** Stories that cannot be run are a figure that does not hold. */
async function storyFigures(progress: Progress): Promise<Figure[]> {
  try {
    const { held, total, stories } = await runStories((step) => progress(`  ${step}`));
    for (const { breakage, kind, faults } of stories.filter((story) => story.faults.length > 0)) {
      progress(`  ${breakage} broken, of the database with ${kind}: ${faults.join('; ')}`);
    }
    return [atLeast('stories', total, 1), exactly('stories-held', held, total)];
  } catch (error) {
    progress(`  did not run: ${(error as Error).message}`);
    return [notMeasured('stories', 'at least 1'), notMeasured('stories-held', 'all')];
  }
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

runBench(conformance);
