import { readFile } from 'node:fs/promises';
import { RestoreWorld } from './restore-world';
import { compareDatabases } from '../../../sandbox/compare-databases';
import { fillSampleDatabase, SampleFacts } from '../../../sandbox/sample-database';
import { backUp } from '../../../src/runtime/actions/back-up';
import { restore } from '../../../src/runtime/actions/restore';
import { RealWorld } from '../real-world';

const MASTER = { username: 'shopmaster', password: "An0ther's" };

jest.setTimeout(240_000);

async function filledAndBackedUp(source: RealWorld): Promise<SampleFacts> {
  const { host, port, master, caFile } = source.server;
  const facts = await fillSampleDatabase({
    host,
    port,
    user: master.username,
    password: master.password,
    database: 'shop',
    ssl: { ca: await readFile(caFile, 'utf8') },
  });
  await backUp(
    {
      action: 'back-up',
      storage: source.storageSettings,
      database: source.databaseSettings,
      retentionDays: 7,
      dueAt: '2026-11-22T03:00:00Z',
    },
    source.runtime(),
  );
  return facts;
}

describe('a backup of PostgreSQL 15', () => {
  let source: RealWorld;
  let facts: SampleFacts;

  beforeAll(async () => {
    source = await RealWorld.start(15);
    facts = await filledAndBackedUp(source);
  });
  afterAll(async () => source?.stop());

  test.each([15, 17] as const)('comes back whole in PostgreSQL %d', async (major) => {
    const world = await RestoreWorld.start(source, major, MASTER);
    try {
      const answer = await restore(
        { action: 'restore', source: world.restoreSource(), target: world.targetSettings },
        world.runtime(),
      );

      expect(await compareDatabases(...world.compared)).toEqual([]);
      expect(answer).toMatchObject({ backup: '20261122T030000Z', outcome: 'Restored', ...facts });
    } finally {
      await world.stop();
    }
  });
});

describe('a backup of PostgreSQL 17', () => {
  let source: RealWorld;

  beforeAll(async () => {
    source = await RealWorld.start(17);
    await filledAndBackedUp(source);
  });
  afterAll(async () => source?.stop());

  test('comes back whole in PostgreSQL 17 under a master of another name', async () => {
    const world = await RestoreWorld.start(source, 17, { username: 'Other "master"', password: 'pass' });
    try {
      await restore(
        { action: 'restore', source: world.restoreSource(), target: world.targetSettings },
        world.runtime(),
      );

      expect(await compareDatabases(...world.compared)).toEqual([]);
    } finally {
      await world.stop();
    }
  });

  test('comes back whole in PostgreSQL 17', async () => {
    const world = await RestoreWorld.start(source, 17, MASTER);
    try {
      const request = { action: 'restore', source: world.restoreSource(), target: world.targetSettings } as const;
      await restore(request, world.runtime());

      expect(await compareDatabases(...world.compared)).toEqual([]);
    } finally {
      await world.stop();
    }
  });
});
