import { missedBars } from './missed-bars';
import { restoreKills } from '../../../bench/kills/restore-kills';

/** Every scenario is a kill or a fault and two whole restores. */
const BOUND_MS = 1_800_000;

test.each(['killed while', 'connections cut while loading rows', 'flipped at 100 % while reading the parts'])(
  '%s: a second restore brings everything back',
  async (only) => {
    const options = { seed: 1, minutes: 1, lanes: 2, kills: 1, faults: 1, only };
    expect(await missedBars(restoreKills, options, ['kills', 'faults', 'phases-missed'])).toEqual([]);
  },
  BOUND_MS,
);
