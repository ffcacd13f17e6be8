import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { compareDatabases } from '../../../sandbox/compare-databases';
import { restore } from '../../../src/runtime/actions/restore';
import { RealWorld } from '../real-world';
import { RestoreWorld } from '../restore/restore-world';
import { backedUp } from '../restore/sample-backup';

const MASTER = { username: 'shopmaster', password: "An0ther's" };
const MIB = 1024 * 1024;

/** Random bytes, which do not compress: more than two parts of a function of this size. */
const FUNCTION_MB = '512';
const LARGE_BYTES = 20 * MIB;
const RANDOM = (bytes: number) =>
  `(SELECT string_agg(sha512(n::text::bytea), '') FROM generate_series(1, ${Math.ceil(bytes / 64)}) AS n)`;

let source: RealWorld;

beforeAll(async () => {
  process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE = FUNCTION_MB;
  source = await RealWorld.start(17);
});
afterAll(async () => {
  delete process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE;
  await source?.stop();
});

test('files larger than a part come back whole without being on the disk, and in several sessions', async () => {
  await source.sql(
    'shop',
    `CREATE TABLE large (id int PRIMARY KEY, bytes bytea UNIQUE, digest text GENERATED ALWAYS AS (md5(bytes)) STORED);
     INSERT INTO large SELECT n, sha512(n::text::bytea) FROM generate_series(1, ${LARGE_BYTES / 64}) AS n;
     CREATE INDEX ON large (digest); CREATE INDEX by_half ON large ((id / 2)); ALTER TABLE large CLUSTER ON by_half;
     CREATE TABLE small (id int PRIMARY KEY, large int REFERENCES large); INSERT INTO small VALUES (1, 2);
     CREATE TABLE empty (n int);
     SELECT lo_from_bytea(0, ${RANDOM(LARGE_BYTES)}), lo_from_bytea(0, 'small')`,
  );
  await backedUp(source, '2026-11-22T03:00:00Z');
  const world = await RestoreWorld.start(source, 17, MASTER);
  try {
    const runtime = world.runtime();
    await mkdir(runtime.workDirectory);
    let mostBytes = 0;
    const looking = setInterval(() => {
      void bytesOnDisk(runtime.workDirectory).then((bytes) => (mostBytes = Math.max(mostBytes, bytes)));
    }, 20);
    await restore(world.request(), runtime).finally(() => clearInterval(looking));

    expect(await compareDatabases(...world.compared)).toEqual([]);
    expect(mostBytes).toBeGreaterThan(0);
    expect(mostBytes).toBeLessThan(4 * MIB);
    const [{ settings }] = await world.sql(
      'postgres',
      `SELECT count(*)::int AS settings FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole WHERE r.rolname !~ '^rds'`,
    );
    expect(settings).toBe(0);
  } finally {
    await world.stop();
  }
});

async function bytesOnDisk(directory: string): Promise<number> {
  const { stdout } = await promisify(execFile)('du', ['--block-size=1', '--summarize', directory]).catch(
    ({ stdout: partly }) => ({ stdout: partly }),
  );
  return Number.parseInt(stdout, 10) || 0;
}
