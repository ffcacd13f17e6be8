import { readFileSync } from 'node:fs';
import * as path from 'node:path';

test('API.md describes every construct, prop, attribute and parameter', () => {
  const lines = readFileSync(path.join(__dirname, '..', 'API.md'), 'utf8').split('\n');
  expect(lines.filter((line) => line.includes('No description'))).toEqual([]);
});
