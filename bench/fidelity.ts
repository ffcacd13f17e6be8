import { BenchOptions, runBench, timeLimit } from './bench';
import { FidelityCase, fidelityCases } from './fidelity/cases';
import { majorFigures } from './fidelity/majors';
import { REGRESSION_MAJORS, REGRESSION_POWERS, regressionFigures } from './fidelity/regression';
import { truncationFigures } from './fidelity/truncation';
import { FidelityWorld } from './fidelity/world';
import { atLeast, exactly, Figure } from './figures';
import { POSTGRESQL_MAJORS } from '../sandbox/postgresql/program';

type Part = (progress: (line: string) => void) => Promise<Figure[]>;

/** Parts that are no cases, by their names for `--only`. */
const PARTS = new Map<string, Part>([
  ['truncation', truncationFigures],
  ...POSTGRESQL_MAJORS.map((major): [string, Part] => [`majors-${major}`, async (say) => majorFigures(major, say)]),
  ...REGRESSION_MAJORS.flatMap((major) =>
    REGRESSION_POWERS.map((power): [string, Part] => [
      `regression-${major}-${power}`,
      async (say) => regressionFigures(major, power, say),
    ]),
  ),
]);

/** Databases that are backed up and restored together. */
const BATCH = 24;

interface Results {
  readonly whole: FidelityCase[];
  readonly remarks: FidelityCase[];
  readonly refused: FidelityCase[];
  readonly different: string[];
  readonly refusedWrongly: string[];
  readonly notRun: FidelityCase[];
}

/**
 * `npm run fidelity [-- --only TEXT] [--seed N] [--minutes N] [--json]`: databases that are hard to dump go through a backup
 * and a restore of the product, as a master who is no superuser, and are compared by psql and pg_dump alone. `--only` takes
 * a part of the names of cases, a kind of them, `majors`, `regression` or `truncation`. The seed decides which bytes are flipped. No batch begins when the time is over.
 */
async function fidelity(options: BenchOptions): Promise<Figure[]> {
  const only = options.only ?? '';
  const ofParts = only !== '' && [...PARTS.keys()].some((name) => name.startsWith(only));
  const figures = ofParts ? [] : await caseFigures(only, options);
  for (const [name, part] of PARTS) {
    if (name.startsWith(only)) figures.push(...(await part(progress)));
  }
  return figures;
}

async function caseFigures(only: string, options: BenchOptions): Promise<Figure[]> {
  const isOver = timeLimit(options);
  const results: Results = { whole: [], remarks: [], refused: [], different: [], refusedWrongly: [], notRun: [] };
  const world = await FidelityWorld.start(17);
  try {
    const cases = fidelityCases(await world.encodings()).filter(
      ({ name, kind }) => kind === only || name.includes(only),
    );
    for (const batch of batchesOf(cases)) {
      if (isOver()) results.notRun.push(...batch);
      else await runBatch(world, batch, results);
    }
    for (const { name } of results.notRun) progress(`  not run: ${name}`);
    for (const { name } of results.refused) progress(`  refused at backup: ${name}`);
    const { flipped, unnoticed } = await world.flipBytes(options.seed, progress);
    return figuresOf(only, results, flipped, unnoticed);
  } finally {
    await world.stop();
  }
}

/** A run of some cases alone need not have all kinds of them. */
function figuresOf(only: string, results: Results, flipped: number, unnoticed: number): Figure[] {
  const least = (kind: FidelityCase['kind'], number: number) => (only === '' || only === kind ? number : 0);
  const count = (kind: FidelityCase['kind']) => results.whole.filter((each) => each.kind === kind).length;
  return [
    atLeast('plain', count('plain'), least('plain', 100)),
    atLeast('rds-like', count('rds-like'), least('rds-like', 1)),
    atLeast('remarks', results.remarks.length, least('remark', 1)),
    atLeast('refused', results.refused.length, least('refused', 1)),
    exactly('different', results.different.length, 0),
    exactly('refused-wrongly', results.refusedWrongly.length, 0),
    exactly('not-run', results.notRun.length, 0),
    atLeast('bytes-flipped', flipped, results.whole.length + results.remarks.length > 0 ? 1 : 0),
    exactly('flips-unnoticed', unnoticed, 0),
  ];
}

/** Cases of one kind run together; one that is refused runs alone, as do those of encodings. */
function batchesOf(cases: readonly FidelityCase[]): FidelityCase[][] {
  const batches: FidelityCase[][] = [];
  const groups = new Map<string, FidelityCase[]>();
  for (const each of cases) {
    if (each.kind === 'refused') {
      batches.push([each]);
      continue;
    }
    const group = each.kind + (each.encoding ? ' encoding' : '') + (each.power ? ' power' : '');
    groups.set(group, [...(groups.get(group) ?? []), each]);
  }
  for (const group of groups.values()) {
    for (let start = 0; start < group.length; start += BATCH) batches.push(group.slice(start, start + BATCH));
  }
  return batches;
}

async function runBatch(world: FidelityWorld, batch: readonly FidelityCase[], results: Results): Promise<void> {
  progress(`${batch.length === 1 ? batch[0].name : `${batch.length} cases from "${batch[0].name}"`}`);
  const outcome = await world.run(batch);
  if (outcome.error !== undefined && batch.length > 1) {
    progress(`  ${outcome.error.split('\n')[0]}`);
    // One stood in the way of all: half of them each, until it is alone.
    const middle = Math.ceil(batch.length / 2);
    await runBatch(world, batch.slice(0, middle), results);
    await runBatch(world, batch.slice(middle), results);
    return;
  }
  for (const each of batch) {
    const said = outcome.remarks.get(each) ?? '';
    const differences = outcome.differences.get(each) ?? [];
    if (each.kind === 'refused' && each.says!.test(outcome.error ?? '')) {
      results.refused.push(each);
    } else if (outcome.error !== undefined) {
      report(results.refusedWrongly, each, outcome.error);
    } else if (each.kind === 'refused') {
      report(results.different, each, 'it was backed up');
    } else if (each.kind === 'remark' && !each.says!.test(said)) {
      report(results.different, each, `no remark names it: ${said}`);
    } else if (differences.length > 0) {
      report(results.different, each, differences.join('\n    '));
    } else if (each.kind !== 'remark' && said !== '') {
      report(results.different, each, `a remark names what came back: ${said}`);
    } else if (each.kind === 'remark') {
      results.remarks.push(each);
    } else {
      results.whole.push(each);
    }
  }
  for (const difference of outcome.serverDifferences) {
    progress(`  different on the server: ${difference}`);
    results.different.push(difference);
  }
}

function report(list: string[], { name }: FidelityCase, what: string): void {
  list.push(name);
  progress(`  ${name}: ${what}`);
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

runBench(fidelity);
