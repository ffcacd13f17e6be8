import { mkdir } from 'node:fs/promises';
import { backUp } from '../../../src/runtime/actions/back-up';
import { FaultServer, FaultServerProps, s3Error } from '../../support/fault-server';
import { RealWorld } from '../real-world';

// Lambda runs a failed backup once more. One that failed for good fails again, so that the destination for failures is
// sent to, and does so without working a second time.

const DUE_AT = '2026-11-01T03:00:00Z';

let world: RealWorld;
beforeAll(async () => {
  world = await RealWorld.start(17);
});
afterAll(async () => world.stop());

async function backUpInto(store: FaultServer) {
  const runtime = world.runtime({ now: () => new Date(DUE_AT) });
  await mkdir(runtime.workDirectory);
  const storage = { ...world.storageSettings, endpoint: store.url, allowUnencrypted: true, caCertificate: undefined };
  return backUp(
    { action: 'back-up', storage, database: world.databaseSettings, retentionDays: 30, dueAt: DUE_AT },
    runtime,
  );
}

async function failTwice(on: FaultServerProps['on']): Promise<string[]> {
  const store = await FaultServer.start({ on });
  try {
    await expect(backUpInto(store)).rejects.toMatchObject({ kind: 'StorageFault' });
    store.requests.splice(0);
    await expect(backUpInto(store)).rejects.toMatchObject({ kind: 'StorageFault' });
    expect(store.objects.size).toBe(0);
    return store.requests.map(({ operation, path }) => `${operation} ${path}`);
  } finally {
    await store.stop();
  }
}

test('with wrong keys, the second run fails after one GET', async () => {
  const fault = s3Error(403, 'InvalidAccessKeyId');
  expect(await failTwice({ GET: fault, PUT: fault, DELETE: fault })).toEqual([
    'GET /customer-backups/nightly/production/shop/folder.json',
  ]);
});

test.each(['GET', 'PUT'] as const)(
  'with a denied %s, the second run fails before it dumps anything',
  async (operation) => {
    world.events.splice(0);
    await failTwice({ [operation]: s3Error(403, 'AccessDenied') });
    expect(world.events.map(({ event }) => event)).not.toContain('backup-started');
  },
);
