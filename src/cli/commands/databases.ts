import { Command } from 'commander';
import { lastDrilled, listAll } from './list';
import { ageAlarmName, drillScheduleName, failureAlarmName } from '../../contract/deployed-names';
import { Proof } from '../../contract/proof';
import { endpointOf } from '../../contract/storage-settings';
import { AlarmState, alarmStateText } from '../deployed/alarms';
import { DeployedSchedule } from '../deployed/schedule';
import { sourceOf } from '../options/source-options';
import { CellStyle, tableLines } from '../output/table';
import { Session } from '../session';

/** What drills say of the backups of a database. `not known`: neither the list nor the alarms say. */
type Proving = 'proved' | 'disproved' | 'no proof yet' | 'proof too old' | 'last drill failed' | 'not known';

/** A database with scheduled backups. */
interface BackedUpDatabase {
  readonly database: string;
  readonly schedule: string;
  readonly state: 'Active' | 'Paused';
  /** The alarm on missing backups. */
  readonly alarm: AlarmState['state'];
  /** Whether backups are active, the newest one is fresh (its alarm is on and OK), and the last drill did not disprove it. */
  readonly shield: boolean;
  /** Whether the last drill proved its backup, and that is not too long ago. Absent where no drills are scheduled. */
  readonly proved?: boolean;
  /** The same in words. */
  readonly drills?: Proving;
  readonly storage: string;
}

export function addDatabases(program: Command, session: Session): void {
  program
    .command('databases')
    .description('list the databases of this AWS account and region that have scheduled backups')
    .option('--local', 'read what drills found from this machine, not through the functions')
    .action(async ({ local = false }: { readonly local?: boolean }) => {
      const schedules = await session.services.findSchedules();
      const databases = await Promise.all(schedules.map(async (schedule) => describe(schedule, local, session)));
      const style: CellStyle = (text, column) =>
        column === SHIELD ? session.terminal.good(text) : column === ALARM ? session.terminal.state(text) : text;
      session.show({ answer: { databases }, lines: databaseLines(databases, style) });
    });
}

async function describe(schedule: DeployedSchedule, local: boolean, session: Session): Promise<BackedUpDatabase> {
  const { storage, database } = schedule.request;
  const drill = drillScheduleName(schedule.name);
  const names = [ageAlarmName(schedule.name), ageAlarmName(drill), failureAlarmName(drill)];
  const [alarm, ...ofDrills] = await session.services.readAlarms(names);
  const drills = schedule.drill && (await proving(schedule, ofDrills, local, session));
  return {
    database: database.identifier,
    schedule: schedule.name,
    state: schedule.state,
    alarm: alarm.state,
    shield: schedule.state === 'Active' && alarm.state === 'OK' && alarm.actionsEnabled && drills !== 'disproved',
    ...(drills && { proved: drills === 'proved', drills }),
    storage: `${endpointOf(storage)}/${storage.bucket}/${storage.path}`,
  };
}

/** By the list of backups; where it cannot be read, by the alarms alone. */
async function proving(
  schedule: DeployedSchedule,
  alarms: readonly AlarmState[],
  local: boolean,
  session: Session,
): Promise<Proving> {
  const [age, failure] = alarms.map(({ state }) => state);
  let proof: Proof['state'] | 'none' | 'not known';
  try {
    proof = lastDrilled((await listAll(sourceOf(schedule, local, session))).backups)?.proof!.state ?? 'none';
  } catch {
    proof = age === 'OK' && failure === 'OK' ? 'Proved' : 'not known';
  }
  if (proof === 'Disproved') return 'disproved';
  // The drill after the last proof could not be run.
  if (failure === 'ALARM') return 'last drill failed';
  if (proof === 'none') return 'no proof yet';
  if (age === 'ALARM') return 'proof too old';
  return proof === 'Proved' ? 'proved' : 'not known';
}

const HEAD = ['', 'database', 'schedule', 'state', 'alarm', 'drills', 'storage'];
const SHIELD = 0;
const ALARM = HEAD.indexOf('alarm');

function databaseLines(databases: readonly BackedUpDatabase[], style: CellStyle): string[] {
  if (databases.length === 0) {
    return ['No database of this AWS account and region has scheduled backups.'];
  }
  const rows = databases.map(({ database, schedule, state, alarm, shield, drills = 'none', storage }) => [
    ...[shield ? '🛡' : '', database, schedule, state, alarmStateText(alarm), drills, storage],
  ]);
  const legend = '🛡  backups are active, the newest one is fresh, and no drill disproved it';
  return [...tableLines([HEAD, ...rows], style), '', legend];
}
