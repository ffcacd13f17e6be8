import { backUp } from '../../src/runtime/actions/back-up';
import { restore } from '../../src/runtime/actions/restore';
import { RealWorld } from '../../test/runtime/real-world';
import { RestoreWorld } from '../../test/runtime/restore/restore-world';
import { atLeast, exactly, Figure } from '../figures';

/** Numbers of tables: one; within a server's room for locks; above it; far above it. */
const SIZES = [1, 740, 2140, 10_000];

/** Up to so many tables a server with default settings is backed up within two attempts. */
const ALWAYS_BACKED_UP = 2140;

/** What every table always holds. */
const ROWS = 5;

const WORKERS = 4;
const TABLES_PER_STATEMENT = 500;

interface Outcome {
  readonly tables: number;
  /** Dumps that were begun. */
  readonly attempts: number;
  /** Why the backup failed; absent where it was completed and restored. */
  readonly reason?: string;
  /** Tables of the restored database that do not hold what they always held. */
  readonly wrong: number;
}

/**
 * Backs up databases whose tables four workers empty and refill all the time, each in one transaction, on a server with
 * default settings. Restores every completed backup and looks into each table.
 */
export async function truncationFigures(progress: (line: string) => void): Promise<Figure[]> {
  const outcomes: Outcome[] = [];
  for (const tables of SIZES) {
    const source = await RealWorld.start(15);
    try {
      const outcome = await backUpUnderLoad(source, tables);
      progress(`truncation: ${JSON.stringify(outcome)}`);
      outcomes.push(outcome);
    } finally {
      await source.stop();
    }
  }
  const smaller = outcomes.filter(({ tables }) => tables <= ALWAYS_BACKED_UP);
  return [
    atLeast('truncated-restored', outcomes.filter(({ reason }) => reason === undefined).length, smaller.length),
    exactly(
      'truncated-wrong',
      outcomes.reduce((sum, { wrong }) => sum + wrong, 0),
      0,
    ),
    exactly('truncated-failed', smaller.filter(({ reason, attempts }) => reason || attempts > 2).length, 0),
  ];
}

async function backUpUnderLoad(source: RealWorld, tables: number): Promise<Outcome & Record<string, unknown>> {
  for (let from = 0; from < tables; from += TABLES_PER_STATEMENT) {
    const numbers = Array.from({ length: Math.min(TABLES_PER_STATEMENT, tables - from) }, (_, index) => from + index);
    await source.sql(
      'shop',
      numbers.map((n) => `CREATE TABLE t${n} AS SELECT generate_series(1, ${ROWS}) AS n`).join(';'),
    );
  }
  const load = startLoad(source, tables);
  const started = Date.now();
  const request = { storage: source.storageSettings, database: source.databaseSettings, retentionDays: 30 };
  const reason = await backUp({ action: 'back-up', ...request }, source.runtime()).then(
    () => undefined,
    (error: Error) => error.message.slice(0, 300),
  );
  const backupSeconds = (Date.now() - started) / 1000;
  const refills = await load.stop();
  const attempts = 1 + source.events.filter(({ event }) => event === 'dump-repeated').length;
  const wrong = reason === undefined ? await wrongTables(source, tables) : 0;
  return { tables, attempts, reason, wrong, refills, backupSeconds, seconds: (Date.now() - started) / 1000 };
}

/** Empties and refills the tables until it is stopped; then says how often it did. */
function startLoad(source: RealWorld, tables: number): { stop(): Promise<number> } {
  let stopped = false;
  let refills = 0;
  const workers = Array.from({ length: WORKERS }, async (_, worker) => {
    const client = await source.connect('shop');
    for (let n = worker % tables; !stopped; n = (n + WORKERS) % tables) {
      await client.query(`BEGIN; TRUNCATE t${n}; INSERT INTO t${n} SELECT generate_series(1, ${ROWS}); COMMIT`);
      refills += 1;
    }
    await client.end();
  });
  return {
    stop: async () => {
      stopped = true;
      await Promise.all(workers);
      return refills;
    },
  };
}

/** Restores the newest backup and counts the tables that are not as they always were, missing ones included. */
async function wrongTables(source: RealWorld, tables: number): Promise<number> {
  const target = await RestoreWorld.start(source, 15, source.server.master);
  try {
    await restore(target.request(), target.runtime());
    let right = 0;
    for (let from = 0; from < tables; from += TABLES_PER_STATEMENT) {
      const numbers = Array.from({ length: Math.min(TABLES_PER_STATEMENT, tables - from) }, (_, index) => from + index);
      const counts = numbers.map(
        (n) =>
          `SELECT count(*) = ${ROWS} AND count(DISTINCT n) = ${ROWS} AND sum(n) = ${(ROWS * (ROWS + 1)) / 2} AS whole FROM t${n}`,
      );
      const rows = await target.sql('shop', counts.join(' UNION ALL '));
      right += rows.filter(({ whole }) => whole === true).length;
    }
    return tables - right;
  } finally {
    await target.stop();
  }
}
