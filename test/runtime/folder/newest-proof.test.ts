import { CATALOG_FORMAT } from '../../../src/contract/catalog';
import { ObjectKeys } from '../../../src/contract/object-keys';
import { PROOF_FORMAT } from '../../../src/contract/proof';
import { BackupFolder } from '../../../src/runtime/folder/backup-folder';
import { seal } from '../../../src/runtime/storage/sealed-json';
import { MemoryStore } from '../memory-store';

const KEYS = new ObjectKeys('production', 'orders');
const OWNER = { account: '123456789012', region: 'eu-central-1', database: 'orders' };
const [OLDER, NEWER] = ['20261121T030000Z', '20261122T030000Z'];

test('the newest proof is that of the list as it was read last, which is not read again', async () => {
  // GIVEN two completed backups, the older one proved and the newer one disproved
  const store = new MemoryStore();
  const entries = [OLDER, NEWER].map((id) => {
    const startedAt = `2026-11-${id.slice(6, 8)}T03:00:00Z`;
    return { id, state: 'Completed' as const, startedAt, endedAt: startedAt.replace(':00Z', ':09Z'), reservedParts: 1 };
  });
  const catalog = seal({ format: CATALOG_FORMAT, generation: 1, owner: OWNER, entries });
  KEYS.catalogs.forEach((key) => store.objects.set(key, catalog));
  for (const [backup, state] of [
    [OLDER, 'Proved'],
    [NEWER, 'Disproved'],
  ]) {
    store.objects.set(KEYS.proof(backup), seal({ format: PROOF_FORMAT, backup, state }));
  }
  const log = { info: () => undefined, warn: () => undefined };
  const folder = new BackupFolder(store, KEYS, { log, now: () => new Date('2026-11-22T04:00:00Z') });

  // THEN it knows none before the list was read
  expect(await folder.newestProof()).toBeUndefined();

  // WHEN the list was read
  await folder.readCatalog();
  store.calls.length = 0;
  // THEN it reads the proofs alone
  expect(await folder.newestProof()).toMatchObject({ backup: OLDER, state: 'Proved' });
  expect(store.calls).toEqual([NEWER, OLDER].map((id) => `GET ${KEYS.proof(id)}`));
});
