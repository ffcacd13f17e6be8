import { fuzz } from './fuzz';

test('connection test against thousands of random answers: one verdict each, and none passes without the bytes', async () => {
  const { answers, passed, classes, wrong } = await fuzz(700, 20_261_122);

  expect(wrong).toEqual([]);
  expect(answers).toBeGreaterThan(2_000);
  // Every kind of verdict was reached, so none of the promises above holds for want of an occasion.
  expect(Math.min(passed, ...Object.values(classes))).toBeGreaterThan(0);
});
