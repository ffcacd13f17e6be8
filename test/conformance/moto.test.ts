import { runCases } from './conformance';
import { MOTO_HABITS, startMotoStore } from './moto-store';
import { storeCases } from './store-cases';
import { partsNotStored } from './stored-parts';

test('connection test against moto: every fault leads to its verdict and leaves nothing behind, and parts are stored', async () => {
  const store = await startMotoStore();
  try {
    const results = await runCases(storeCases(store, MOTO_HABITS), 4);
    expect(await partsNotStored(store, MOTO_HABITS)).toEqual([]);
    expect(results.length).toBeGreaterThanOrEqual(20);
    expect(results.filter(({ wrong }) => wrong.length > 0).map(({ fault, wrong }) => ({ fault, wrong }))).toEqual([]);
  } finally {
    await store.stop();
  }
});
