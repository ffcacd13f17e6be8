import { fidelityCases } from './cases';
import { FidelityWorld } from './world';
import { POSTGRESQL_MAJORS } from '../../sandbox/postgresql/program';
import { exactly, Figure } from '../figures';

/** Cases that every major knows. */
const CASES = [
  'circular foreign keys',
  'triggers that would fire on load',
  'check constraints that call functions',
  'views on views',
  'materialized views on materialized views',
  'identity columns',
  'deferred constraints',
  'domains over domains',
  'composite types',
  'custom aggregates',
  'text search',
  'rules',
  'row security without FORCE',
  'roles with settings and memberships',
  'large objects',
  'extensions',
  'hostile settings',
  'values: floats',
  'values: hostile text',
  'values: dates',
  'names with everything in them',
  'names of 63 bytes',
];

/** Backs up each major and restores it into itself and into the newest. */
export async function majorFigures(progress: (line: string) => void): Promise<Figure[]> {
  const cases = fidelityCases([]).filter(({ name }) => CASES.includes(name));
  const newest = POSTGRESQL_MAJORS.at(-1)!;
  let restored = 0;
  let different = 0;
  for (const major of POSTGRESQL_MAJORS) {
    const world = await FidelityWorld.start(major);
    try {
      for (const target of new Set([major, newest])) {
        const { error, differences, serverDifferences } = await world.run(cases, target);
        const found = [...[...differences.values()].flat(), ...serverDifferences];
        progress(`majors: ${major} to ${target}: ${error ?? `${found.length} differences`}`);
        for (const difference of found) progress(`  ${difference}`);
        if (error === undefined) restored += 1;
        different += found.length;
      }
    } finally {
      await world.stop();
    }
  }
  return [
    exactly('majors-restored', restored, 2 * POSTGRESQL_MAJORS.length - 1),
    exactly('majors-different', different, 0),
  ];
}
