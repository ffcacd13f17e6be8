import { fidelityCases } from './cases';
import { FidelityWorld } from './world';
import { POSTGRESQL_MAJORS, PostgreSqlMajor } from '../../sandbox/postgresql/program';
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

/** Backs up a major and restores it into itself and into the newest. */
export async function majorFigures(major: PostgreSqlMajor, progress: (line: string) => void): Promise<Figure[]> {
  const cases = fidelityCases([]).filter(({ name }) => CASES.includes(name));
  const targets = [...new Set([major, POSTGRESQL_MAJORS.at(-1)!])];
  let restored = 0;
  let different = 0;
  const world = await FidelityWorld.start(major);
  try {
    for (const target of targets) {
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
  return [
    exactly(`majors-${major}-restored`, restored, targets.length),
    exactly(`majors-${major}-different`, different, 0),
  ];
}
