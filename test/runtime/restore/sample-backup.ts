import { readFile } from 'node:fs/promises';
import { fillSampleDatabase, SampleFacts } from '../../../sandbox/sample-database';
import { backUp } from '../../../src/runtime/actions/back-up';
import { RealWorld } from '../real-world';

/** The backup that is made below. */
export const BACKUP = '20261122T030000Z';

/** Fills the source with the sample and backs it up. */
export async function filledAndBackedUp(source: RealWorld): Promise<SampleFacts> {
  const { host, port, master, caFile } = source.server;
  const facts = await fillSampleDatabase({
    host,
    port,
    user: master.username,
    password: master.password,
    database: 'shop',
    ssl: { ca: await readFile(caFile, 'utf8') },
  });
  await backedUp(source, '2026-11-22T03:00:00Z');
  return facts;
}

/** Makes a backup of the source that was due at a time. */
export async function backedUp(source: RealWorld, dueAt: string): Promise<void> {
  await backUp(
    {
      action: 'back-up',
      storage: source.storageSettings,
      database: source.databaseSettings,
      retentionDays: 7,
      dueAt,
    },
    source.runtime(),
  );
}
