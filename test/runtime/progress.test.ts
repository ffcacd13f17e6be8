import { progressText } from '../../src/cli/output/progress-text';
import { Action } from '../../src/contract/requests';
import { StorageSettings } from '../../src/contract/storage-settings';
import { withinDeadline } from '../../src/runtime/deadline';
import { Log } from '../../src/runtime/log';
import { withProgress } from '../../src/runtime/progress';
import { Progress, Runtime } from '../../src/runtime/runtime';
import { ObjectStore } from '../../src/runtime/storage/object-store';

const FOLDER = 'nightly/orders/20261122T030000Z';
const MANIFEST = Buffer.from(JSON.stringify({ parts: [{ size: 3_000 }, { size: 5_000 }] }));

/** A storage with one manifest and parts of 1,000 bytes. */
const storage: ObjectStore = {
  put: async () => undefined,
  get: async (key) => ({ kind: 'found', body: key.endsWith('manifest.json') ? MANIFEST : Buffer.alloc(1_000) }),
  sizeOf: async () => 1_000,
  delete: async () => undefined,
  clockOffsetMs: () => 7,
};

async function open(action: Action, progressIntervalMs?: number) {
  const events: unknown[] = [];
  const log: Log = {
    info: (event, fields) => events.push({ event, ...fields }),
    warn: () => undefined,
    progressIntervalMs,
  };
  const runtime = { log, openStorage: async () => storage } as unknown as Runtime;
  const reporting = withProgress(runtime, action);
  return { events, reporting, store: await reporting.openStorage({} as StorageSettings) };
}

test('a restore reports the bytes that it has read, of how many', async () => {
  const { events, store } = await open('restore', 0);
  await store.get(`${FOLDER}/manifest.json`);
  await store.get(`${FOLDER}/000001`);
  await store.get(`${FOLDER}/000002`);
  expect(events).toMatchObject([
    { event: 'progress', direction: 'read', doneBytes: 1_000, totalBytes: 8_000 },
    { event: 'progress', direction: 'read', doneBytes: 2_000, totalBytes: 8_000 },
  ]);
});

test('a backup reports the bytes that it has stored; what it reads back does not count', async () => {
  const { events, store } = await open('back-up', 0);
  await store.put(`${FOLDER}/000001`, Buffer.alloc(400));
  await store.put(`${FOLDER}/manifest.json`, MANIFEST);
  await store.get(`${FOLDER}/000001`);
  expect(events).toMatchObject([{ event: 'progress', direction: 'stored', doneBytes: 400, totalBytes: undefined }]);
});

test('a backup tells its share as far as the last one tells, and never that it is done', async () => {
  const { events, reporting, store } = await open('back-up', 0);
  reporting.reportWork!({ tablesLeft: 3, expectedBytes: 500 });
  await store.put(`${FOLDER}/000001`, Buffer.alloc(400));
  await store.put(`${FOLDER}/000002`, Buffer.alloc(400));
  expect(events).toMatchObject([
    { doneBytes: 400, totalBytes: 500, tablesLeft: 3 },
    { doneBytes: 800, totalBytes: 500, tablesLeft: 3 },
  ]);
  expect(events.map((event) => progressText(event as unknown as Progress).split(', ')[0])).toEqual([
    'stored 80 %',
    'stored 99 %',
  ]);
});

test('a log has one report a minute, with the average rate', async () => {
  const now = jest.spyOn(Date, 'now').mockReturnValue(0);
  const { events, store } = await open('verify');
  for (const seconds of [0, 30, 59, 60, 90, 119, 120]) {
    now.mockReturnValue(seconds * 1_000);
    await store.get(`${FOLDER}/000001`);
  }
  now.mockRestore();
  expect(events).toMatchObject([
    { doneBytes: 4_000, bytesPerSecond: 4_000 / 60 },
    { doneBytes: 7_000, bytesPerSecond: 7_000 / 120 },
  ]);
});

test('a run reports what it works on, also while no part is read', async () => {
  const { events, reporting, store } = await open('restore', 0);
  reporting.reportWork!({ tablesLeft: 2, current: ['TABLE public a'] });
  expect(events).toEqual([]);
  await store.get(`${FOLDER}/000001`);
  reporting.reportWork!({ tablesLeft: 0, current: ['INDEX public b'] });
  expect(events).toMatchObject([
    { doneBytes: 1_000, tablesLeft: 2, current: ['TABLE public a'] },
    { doneBytes: 1_000, tablesLeft: 0, current: ['INDEX public b'] },
  ]);
});

test('a short action reports nothing, and its storage is the same', async () => {
  const { store } = await open('list', 0);
  expect(store).toBe(storage);
});

test('a run that is out of time says which share of the parts it has done', async () => {
  const { reporting, store } = await open('restore');
  await store.get(`${FOLDER}/manifest.json`);
  for (let part = 0; part < 2; part++) await store.get(`${FOLDER}/000001`);
  const late = withinDeadline(
    { ...reporting, remainingMs: () => 0 },
    'DatabaseFault',
    async (signal) => new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  await expect(late).rejects.toThrow('s of work, with 0 MB of parts read of 0 MB (25 %). Give the function more time');
});
