import { backupKills } from '../../../bench/kills/backup-kills';

test('a few kills and faults leave every completed backup restorable, and nothing behind', async () => {
  const options = { seed: 1, minutes: 1, lanes: 2, kills: 10, faults: 10 };
  const figures = await backupKills(options, () => undefined);
  const bounds = figures.filter(({ name }) => !['kills', 'faults', 'restored', 'phases-missed'].includes(name));
  expect(bounds.filter(({ holds }) => !holds)).toEqual([]);
});
