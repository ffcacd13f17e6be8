import { fuzz } from './fuzz';

test('connection test against random answers: one verdict each, and none passes without the bytes', async () => {
  const { answers, passed, classes, wrong } = await fuzz(400, 20_261_122, { atOnce: 16 });

  expect(wrong).toEqual([]);
  expect(answers).toBeGreaterThan(1_000);
  // Every kind of verdict was reached, so none of the promises above holds for want of an occasion.
  expect(Math.min(passed, ...Object.values(classes))).toBeGreaterThan(0);
});
