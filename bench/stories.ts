import { readFile } from 'node:fs/promises';

/** How many of the stories of settings A and broken settings B were told, and how many held. */
export interface Stories {
  readonly held: number;
  readonly total: number;
}

/**
 * What the acceptance tests recorded of the stories of an existing database whose settings break and are mended again.
 * Undefined where they have not been run: they deploy for many minutes, so no measurement runs them by itself.
 */
export async function stories(record = 'test-reports/stories.json'): Promise<Stories | undefined> {
  const text = await readFile(record, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Stories);
}
