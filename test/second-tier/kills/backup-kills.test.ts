import { backupKills } from '../../../bench/kills/backup-kills';

/** Figures that only a full run reaches. */
const OF_A_FULL_RUN = ['kills', 'faults', 'restored'];

/** A storm ends with the scenario that its minutes end in; the longest waits for a time limit of the function. */
const BOUND_MS = 1_800_000;

test(
  'a few kills and faults leave every completed backup restorable, and nothing behind',
  async () => {
    const options = { seed: 1, minutes: 1, lanes: 2, kills: 10, faults: 10 };
    const figures = await backupKills(options, () => undefined);
    const bounds = figures.filter(({ name }) => ![...OF_A_FULL_RUN, 'phases-missed'].includes(name));
    expect(bounds.filter(({ holds }) => !holds)).toEqual([]);
  },
  BOUND_MS,
);

test.each(['disk full', 'same event twice', 'ends the session of the lock'])(
  '%s: a run fails for its own reason, and nothing is left behind',
  async (only) => {
    const found: string[] = [];
    const options = { seed: 1, minutes: 10, lanes: 1, kills: 0, faults: 0, only };
    const figures = await backupKills(options, (line) => found.push(line));
    const bounds = figures.filter(({ name }) => !OF_A_FULL_RUN.includes(name));
    expect({ missed: bounds.filter(({ holds }) => !holds), found }).toMatchObject({ missed: [] });
  },
  BOUND_MS,
);
