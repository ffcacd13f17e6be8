import { createHash } from 'node:crypto';
import { FaultyStore, RequestFault } from './faulty-store';
import { Manifest, Part } from '../../../src/contract/manifest';
import { ObjectKeys } from '../../../src/contract/object-keys';
import { StoredBackup } from '../../../src/runtime/folder/stored-backup';

const KEYS = new ObjectKeys('/path', 'shop');
const BODY = Buffer.from('the bytes of a part');
const PART: Part = { number: 1, size: BODY.length, sha256: createHash('sha256').update(BODY).digest('hex') };

const store = new FaultyStore();
const backup = new StoredBackup(store, KEYS, { backup: '20261122T030000Z', parts: [PART] } as unknown as Manifest, '');
store.objects.set(backup.partKey(PART), BODY);

test.each<RequestFault>(['lie', 'missing', 'denied'])('a part that arrives wrong (%s) is read again', async (fault) => {
  store.begin([fault]);
  expect(await backup.readPart(PART)).toEqual(BODY);
  store.begin([fault, fault]);
  expect(await backup.damagedParts([PART], AbortSignal.timeout(60_000))).toEqual([]);
});

test('a part that is wrong whenever it is read is damaged', async () => {
  store.begin(Array<RequestFault>(20).fill('lie'));
  await expect(backup.readPart(PART)).rejects.toMatchObject({ kind: 'VerificationFailed' });
});
