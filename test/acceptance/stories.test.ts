import { runStories, STORIES, StoriesResult } from './stories/run';

describe('A change to broken settings leaves what runs as it was', () => {
  let told: StoriesResult;

  beforeAll(async () => {
    told = await runStories();
  }, 60 * 60_000);

  // GIVEN settings A, WHEN settings B fail twice and A come back, THEN nothing of this was seen to change:
  test.each([...STORIES])('$breakage broken, of the database with $kind', ({ breakage, kind }) => {
    const story = told.stories.find((each) => each.breakage === breakage && each.kind === kind);
    expect(story?.faults).toEqual([]);
  });

  test('counts every story, and each held', () => {
    expect(told).toMatchObject({ held: STORIES.length, total: STORIES.length });
  });
});
