import { missedBars } from './missed-bars';
import { backupKills } from '../../../bench/kills/backup-kills';

/** Figures that only a full run reaches. */
const OF_A_FULL_RUN = ['kills', 'faults', 'restored'];

/** A storm ends with the scenario that its minutes end in; the longest waits for a time limit of the function. */
const BOUND_MS = 1_800_000;

test(
  'a few kills and faults leave every completed backup restorable, and nothing behind',
  async () => {
    const options = { seed: 1, minutes: 1, lanes: 2, kills: 10, faults: 10 };
    expect(await missedBars(backupKills, options, [...OF_A_FULL_RUN, 'phases-missed'])).toEqual([]);
  },
  BOUND_MS,
);

test.each(['disk full', 'same event twice', 'ends the session of the lock'])(
  '%s: a run fails for its own reason, and nothing is left behind',
  async (only) => {
    const options = { seed: 1, minutes: 10, lanes: 1, kills: 0, faults: 0, only };
    expect(await missedBars(backupKills, options, OF_A_FULL_RUN)).toEqual([]);
  },
  BOUND_MS,
);
