import { compareDatabases } from '../../../sandbox/compare-databases';
import { SampleFacts } from '../../../sandbox/sample-database';
import { restore } from '../../../src/runtime/actions/restore';
import { withProgress } from '../../../src/runtime/progress';
import { RealWorld } from '../real-world';
import { RestoreWorld } from '../restore/restore-world';
import { BACKUP, filledAndBackedUp } from '../restore/sample-backup';

const MASTER = { username: 'shopmaster', password: "An0ther's" };

describe.each([
  [15, [15, 17]],
  [17, [17]],
] as const)('a backup of PostgreSQL %d', (sourceMajor, targetMajors) => {
  let source: RealWorld;
  let facts: SampleFacts;

  beforeAll(async () => {
    source = await RealWorld.start(sourceMajor);
    facts = await filledAndBackedUp(source);
  });
  afterAll(async () => source?.stop());

  test.each(targetMajors)('comes back whole in PostgreSQL %d', async (major) => {
    const world = await RestoreWorld.start(source, major, MASTER);
    try {
      const answer = await restore(world.request(), world.runtime());

      expect(await compareDatabases(...world.compared)).toEqual([]);
      expect(answer).toMatchObject({ backup: BACKUP, outcome: 'Restored', ...facts });
      expect(answer.databases).toEqual(['Shop reports', 'postgres', 'shop']);
      expect(answer.passedOver).toEqual([
        'roles that can log in have no password until you set one: shop_admin, shop_app',
        ...(major < 17 ? ['ERROR:  unrecognized configuration parameter "transaction_timeout"'] : []),
        // Of the server's own settings.
        expect.stringMatching(/^WARNING:  "?wal_level"? is insufficient to publish logical changes$/),
      ]);
    } finally {
      await world.stop();
    }
  });

  test('comes back whole under a master of another name', async () => {
    const world = await RestoreWorld.start(source, 17, { username: 'Other "master"', password: 'pass' });
    try {
      const reports: object[] = [];
      const info = (event: string, report = {}) => void (event === 'progress' && reports.push(report));
      const log = { info, warn: () => undefined, progressIntervalMs: 0 };
      await restore(world.request(), withProgress(world.runtime({ log }), 'restore'));

      const isTable = expect.stringMatching(/^TABLE DATA shop /);
      expect(reports).toContainEqual(
        expect.objectContaining({ direction: 'read', current: expect.arrayContaining([isTable]) }),
      );
      expect(reports.at(-1)).toMatchObject({ tablesLeft: 0, current: [] });
      expect(await compareDatabases(...world.compared)).toEqual([]);
      const left = await world.sql('postgres', `SELECT FROM pg_roles WHERE rolname = 'shopmaster'`);
      expect(left).toHaveLength(0);
    } finally {
      await world.stop();
    }
  });
});
