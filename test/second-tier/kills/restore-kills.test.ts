import { restoreKills } from '../../../bench/kills/restore-kills';

/** Every scenario is a kill or a fault and two whole restores. */
const BOUND_MS = 1_800_000;

test.each(['killed while', 'connections cut while loading rows', 'flipped at 100 % while reading the parts'])(
  '%s: a second restore brings everything back',
  async (only) => {
    const found: string[] = [];
    const options = { seed: 1, minutes: 1, lanes: 2, kills: 1, faults: 1, only };
    const figures = await restoreKills(options, (line) => found.push(line));
    const bounds = figures.filter(({ name }) => !['kills', 'faults', 'phases-missed'].includes(name));
    expect({ missed: bounds.filter(({ holds }) => !holds), found }).toMatchObject({ missed: [] });
  },
  BOUND_MS,
);
