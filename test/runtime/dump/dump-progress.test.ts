import { DumpProgress } from '../../../src/runtime/dump/dump-progress';
import { Work } from '../../../src/runtime/runtime';

test('the tables that are left are those of all databases that have begun; a dump that begins again counts anew', () => {
  const reports: Work[] = [];
  const progress = new DumpProgress((work) => reports.push(work), 1_000);
  progress.begin('shop', 3);
  progress.storedTable('shop');
  progress.begin('reports', 1);
  progress.begin('shop', 3);
  progress.storedTable('reports');
  progress.storedTable('shop');
  // Such as a table that has no rows of its own.
  progress.end('shop');
  expect(reports.map(({ tablesLeft }) => tablesLeft)).toEqual([3, 2, 3, 4, 3, 2, 0]);
  expect(new Set(reports.map(({ expectedBytes }) => expectedBytes))).toEqual(new Set([1_000]));
});
