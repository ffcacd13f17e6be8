import { LoadUnit } from '../../../src/runtime/restore/load-plan';
import { LoadProgress } from '../../../src/runtime/restore/load-progress';
import { Work } from '../../../src/runtime/runtime';

const DATA = ['3; 0 3 TABLE DATA public orders clerk', '4; 0 4 TABLE DATA public lines clerk'];
const INDEX = ['5; 1259 5 INDEX public orders by day clerk'];

const unit = (lines: readonly string[]): LoadUnit => ({ lines, files: [], bytes: 0 });

test('the sessions of a load report tables that are left and what is done now, again and again', async () => {
  const reports: Work[] = [];
  const progress = new LoadProgress([unit(DATA), unit(INDEX)], (work) => reports.push(work));
  let end = () => undefined as void;
  const loading = progress.during(DATA, async () => new Promise<void>((resolve) => (end = resolve)));
  while (reports.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(reports[1]).toEqual({ tablesLeft: 2, current: ['TABLE DATA public orders and 1 more'] });
  end();
  await loading;
  await progress.during(INDEX, async () => {
    while (reports.at(-1)!.current!.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  });
  expect(reports).toContainEqual({ tablesLeft: 0, current: ['INDEX public orders by day'] });
  expect(reports.at(-1)).toEqual({ tablesLeft: 0, current: [] });
});

test('rows that could not be loaded are left', async () => {
  const reports: Work[] = [];
  const progress = new LoadProgress([unit(DATA)], (work) => reports.push(work));
  const failing = progress.during(DATA, async () => Promise.reject(new Error('refused')));
  await expect(failing).rejects.toThrow('refused');
  expect(reports).toEqual([{ tablesLeft: 2, current: [] }]);
});
