import { fidelityCases } from '../../bench/fidelity/cases';
import { FidelityWorld } from '../../bench/fidelity/world';

let world: FidelityWorld;
beforeAll(async () => {
  world = await FidelityWorld.start(17);
});
afterAll(async () => world?.stop());

const named = (...names: string[]) => fidelityCases(['EUC_TW']).filter(({ name }) => names.includes(name));

test('databases that are hard to dump come back whole', async () => {
  const cases = named('circular foreign keys', 'hostile settings', 'values: floats', 'names with everything in them');
  const { error, differences, serverDifferences } = await world.run(cases);
  expect({ cases: cases.length, error, differences: [...differences.values()], serverDifferences }).toEqual({
    cases: 4,
    error: undefined,
    differences: [],
    serverDifferences: [],
  });
});

test('a database in another encoding comes back whole', async () => {
  const { error, differences } = await world.run(named('encoding: EUC_TW'));
  expect({ error, differences: [...differences.values()] }).toEqual({ error: undefined, differences: [] });
});

test('every changed byte is noticed', async () => {
  const { flipped, unnoticed } = await world.flipBytes(7, () => undefined);
  expect(flipped).toBeGreaterThan(3);
  expect(unnoticed).toBe(0);
});
