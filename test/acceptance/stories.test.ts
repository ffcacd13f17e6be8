import { mkdir, rm, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { runStories, STORIES, ToldStories } from './stories/run';

/** Where the figures of the conformance find what was told. */
const RECORD = path.resolve(__dirname, '..', '..', 'test-reports', 'stories.json');

describe('A change to broken settings leaves what runs as it was', () => {
  let told: ToldStories;

  beforeAll(async () => {
    await rm(RECORD, { force: true });
    told = await runStories();
    const { held, total } = told;
    await mkdir(path.dirname(RECORD), { recursive: true });
    await writeFile(RECORD, JSON.stringify({ held, total }));
  }, 30 * 60_000);

  // GIVEN settings A, WHEN settings B fail twice and A come back, THEN nothing of this was seen to change:
  test.each([...STORIES])('$breakage broken, of the database with $kind', ({ breakage, kind }) => {
    const story = told.stories.find((each) => each.breakage === breakage && each.kind === kind);
    expect(story?.faults).toEqual([]);
  });

  test('counts every story, and each held', () => {
    expect(told).toMatchObject({ held: STORIES.length, total: STORIES.length });
  });
});
