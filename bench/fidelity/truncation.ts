import { mkdir, rm } from 'node:fs/promises';
import { RealWorld } from '../../test/runtime/real-world';

const ROWS = 5;
const WORKERS = 4;
const TABLES_PER_STATEMENT = 500;

/**
 * `tsx bench/backup/truncation.ts [tables …]`: dumps a database while four workers empty and refill its tables, on a
 * server with default settings, and compares what was counted with what every table always holds.
 */
async function main(): Promise<void> {
  const sizes = process.argv
    .slice(2)
    .filter((word) => /^\d+$/.test(word))
    .map(Number);
  for (const tables of sizes.length > 0 ? sizes : [1, 740, 2140, 10_000]) {
    const world = await RealWorld.start(15);
    try {
      console.log(JSON.stringify(await dumpUnderLoad(world, tables)));
    } finally {
      await world.stop();
    }
  }
}

async function dumpUnderLoad(world: RealWorld, tables: number) {
  const { backUp } = await import('../../src/runtime/actions/back-up');
  for (let from = 0; from < tables; from += TABLES_PER_STATEMENT) {
    const names = Array.from({ length: Math.min(TABLES_PER_STATEMENT, tables - from) }, (_, index) => from + index);
    await world.sql(
      'shop',
      names.map((n) => `CREATE TABLE t${n} AS SELECT generate_series(1, ${ROWS}) AS n`).join(';'),
    );
  }
  let stopped = false;
  let refills = 0;
  const workers = Array.from({ length: WORKERS }, async (_, worker) => {
    const client = await world.connect('shop');
    for (let n = worker % tables; !stopped; n = (n + WORKERS) % tables) {
      await client.query(`BEGIN; TRUNCATE t${n}; INSERT INTO t${n} SELECT generate_series(1, ${ROWS}); COMMIT`);
      refills += 1;
    }
    await client.end();
  });
  const runtime = world.runtime();
  await mkdir(runtime.workDirectory);
  const started = Date.now();
  const outcome = await backUp(
    { action: 'back-up', storage: world.storageSettings, database: world.databaseSettings, retentionDays: 30 },
    runtime,
  ).then(
    ({ backup, outcome: state }) => ({ state, backup }),
    (error: Error) => ({ state: 'Failed', reason: error.message.slice(0, 300), backup: undefined }),
  );
  const seconds = (Date.now() - started) / 1000;
  stopped = true;
  await Promise.all(workers);
  await rm(runtime.workDirectory, { recursive: true, force: true });
  const wrong = outcome.backup && (await wrongTables(world, outcome.backup));
  const attempts = 1 + world.events.filter(({ event }) => event === 'dump-repeated').length;
  return { tables, ...outcome, attempts, seconds, refills, wrong };
}

/** Tables of a backup whose count in the manifest is another than always, or that are not there. */
async function wrongTables(world: RealWorld, backup: string): Promise<number> {
  const manifest = JSON.parse((await world.fetch(world.keys.manifest(backup))).toString());
  const shop = manifest.databases.find(({ name }: { name: string }) => name === 'shop');
  return shop.tables.filter(({ rows }: { rows: number }) => rows !== ROWS).length;
}

void main();
