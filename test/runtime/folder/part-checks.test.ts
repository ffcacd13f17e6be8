import { createHash } from 'node:crypto';
import { FaultyStore } from './faulty-store';
import { Part } from '../../../src/contract/manifest';
import { ObjectKeys } from '../../../src/contract/object-keys';
import { PartChecks } from '../../../src/runtime/folder/part-checks';
import { StoredParts } from '../../../src/runtime/folder/stored-backup';
import { ReadResult } from '../../../src/runtime/storage/object-store';

const ID = '20261122T030000Z';
const KEYS = new ObjectKeys('production', 'orders');
const bodyOf = (number: number) => Buffer.from(`part ${number}`);

let store: FaultyStore;
let checks: PartChecks;

beforeEach(() => {
  store = new FaultyStore();
  checks = new PartChecks(new StoredParts(store, KEYS, ID), new AbortController().signal);
});

/** The store takes parts, each of which is checked from then on. */
function send(count: number): Part[] {
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1;
    store.objects.set(KEYS.part(ID, number), bodyOf(number));
    const sha256 = createHash('sha256').update(bodyOf(number)).digest('hex');
    const part = { number, size: bodyOf(number).length, sha256 };
    void checks.begin(part, Buffer.from(bodyOf(number)));
    return part;
  });
}

test.each([
  [0, 0],
  [1, 1],
  [5, 5],
  [6, 5],
  [8, 5],
  [100, 9],
])('of %p parts %p are read back, the last one among them', async (count, readBack) => {
  expect(await checks.finish(send(count))).toEqual({ damaged: [], readBack });
});

test('a part that the storage took and does not hold is found, read back or not', async () => {
  const parts = send(30);
  for (const number of [4, 17, 30]) store.objects.delete(KEYS.part(ID, number));
  const { damaged } = await checks.finish(parts);
  expect(damaged.map((text) => text.split(' ')[0])).toEqual([4, 17, 30].map((number) => KEYS.part(ID, number)));
});

test('a part that is read back is compared byte by byte', async () => {
  const parts = send(9);
  store.objects.set(KEYS.part(ID, 8), Buffer.from('part X'));
  expect((await checks.finish(parts)).damaged).toEqual([expect.stringContaining(`${KEYS.part(ID, 8)} has SHA-256`)]);
});

test('a check counts for the bytes that it was of: a manifest with others has its parts looked at again', async () => {
  const parts = send(9).map((part) => ({ ...part, sha256: '0'.repeat(64) }));
  expect((await checks.finish(parts)).damaged).not.toEqual([]);
});

test('what a passing fault hid is looked at once more', async () => {
  store.begin(Array(3).fill('refused'));
  expect((await checks.finish(send(9))).damaged).toEqual([]);
});

test('a part that was never checked is looked at', async () => {
  const parts = send(3);
  store.objects.clear();
  const fresh = new PartChecks(new StoredParts(store, KEYS, ID), new AbortController().signal);
  expect((await fresh.finish(parts)).damaged).toHaveLength(3);
});

test('what was sent does not pass for what comes back, which is read into the same memory', async () => {
  const forgetful = Object.assign(store, {
    get: async (_: string, into?: Buffer): Promise<ReadResult> => ({ kind: 'found', body: into! }),
  });
  checks = new PartChecks(new StoredParts(forgetful, KEYS, ID), new AbortController().signal);
  const body = bodyOf(1);
  const part = { number: 1, size: body.length, sha256: createHash('sha256').update(body).digest('hex') };

  await checks.begin(part, body);

  expect((await checks.finish([part])).damaged).toEqual([expect.stringContaining('has SHA-256')]);
});
