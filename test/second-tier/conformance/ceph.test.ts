import { runCases } from '../../conformance/conformance';
import { storeCases } from '../../conformance/store-cases';
import { partsNotStored } from '../../conformance/stored-parts';
import { CEPH_HABITS, startCephStore } from '../ceph-store';

test("connection test against Ceph's gateway: every fault leads to its verdict and leaves nothing behind, and parts are stored", async () => {
  const store = await startCephStore();
  try {
    const results = await runCases(storeCases(store, CEPH_HABITS), 4);
    expect(await partsNotStored(store, CEPH_HABITS)).toEqual([]);
    expect(results.length).toBeGreaterThanOrEqual(20);
    expect(results.filter(({ wrong }) => wrong.length > 0).map(({ fault, wrong }) => ({ fault, wrong }))).toEqual([]);
  } finally {
    await store.stop();
  }
});
