import { transferLimits } from '../../../src/runtime/archive/transfer-limits';

const MIB = 1024 * 1024;

test.each([
  ['a function of 128 MB', 0.07, 128, { jobs: 2, parts: 4, partBytes: 4 * MIB }],
  ['a function of 512 MB', 0.29, 512, { jobs: 2, parts: 4, partBytes: 6 * MIB }],
  ['a function of 1769 MB', 1, 1769, { jobs: 2, parts: 4, partBytes: 6 * MIB }],
  ['a function of 10 GB', 5.8, 10_240, { jobs: 6, parts: 8, partBytes: 6 * MIB }],
  ['a large machine', 64, 262_144, { jobs: 8, parts: 8, partBytes: 6 * MIB }],
])('limits of %s', (_, processors, mib, limits) => {
  expect(transferLimits({ processors, memoryBytes: mib * MIB })).toEqual(limits);
});
