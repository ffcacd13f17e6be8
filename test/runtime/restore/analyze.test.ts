import { takeTogether } from '../../../src/runtime/restore/analyze';

const MIB = 1024 * 1024;

test('tables that take long are analyzed one by one, small ones together', () => {
  const tables = [
    { name: 'partitioned', bytes: Infinity },
    { name: 'large', bytes: 900 * MIB },
    { name: 'middle', bytes: MIB / 2 },
    { name: 'as_large', bytes: MIB / 2 },
    ...Array.from({ length: 21 }, (_, index) => ({ name: `small_${index}`, bytes: 8192 })),
  ];
  const taken: string[][] = [];
  for (let some = takeTogether(tables); some.length > 0; some = takeTogether(tables)) taken.push(some);
  expect(taken.slice(0, 3)).toEqual([['partitioned'], ['large'], ['middle', 'as_large']]);
  expect(taken.slice(3).map(({ length }) => length)).toEqual([20, 1]);
});
