import { Command } from 'commander';
import { ageAlarmName } from '../../contract/deployed-names';
import { endpointOf } from '../../contract/storage-settings';
import { AlarmState } from '../deployed/alarms';
import { DeployedSchedule } from '../deployed/schedule';
import { CellStyle, tableLines } from '../output/table';
import { Session } from '../session';

/** A database with scheduled backups. */
interface BackedUpDatabase {
  readonly database: string;
  readonly schedule: string;
  readonly state: 'Active' | 'Paused';
  /** The alarm on missing backups. */
  readonly alarm: AlarmState['state'];
  /** Whether backups are active and the newest one is fresh: its alarm is on and OK. */
  readonly shield: boolean;
  readonly storage: string;
}

export function addDatabases(program: Command, session: Session): void {
  program
    .command('databases')
    .description('list the databases of this AWS account and region that have scheduled backups')
    .action(async () => {
      const schedules = await session.services.findSchedules();
      const databases: BackedUpDatabase[] = [];
      for (const schedule of schedules) {
        const [alarm] = await session.services.readAlarms([ageAlarmName(schedule.name)]);
        databases.push(describe(schedule, alarm));
      }
      const style: CellStyle = (text, column) => (column === SHIELD ? session.terminal.good(text) : text);
      session.show({ answer: { databases }, lines: databaseLines(databases, style) });
    });
}

function describe(schedule: DeployedSchedule, alarm: AlarmState): BackedUpDatabase {
  const { storage, database } = schedule.request;
  return {
    database: database.identifier,
    schedule: schedule.name,
    state: schedule.state,
    alarm: alarm.state,
    shield: schedule.state === 'Active' && alarm.state === 'OK' && alarm.actionsEnabled,
    storage: `${endpointOf(storage)}/${storage.bucket}/${storage.path}`,
  };
}

const HEAD = ['', 'database', 'schedule', 'state', 'alarm', 'storage'];
const SHIELD = 0;

function databaseLines(databases: readonly BackedUpDatabase[], style: CellStyle): string[] {
  if (databases.length === 0) {
    return ['No database of this AWS account and region has scheduled backups.'];
  }
  const rows = databases.map(({ database, schedule, state, alarm, shield, storage }) => [
    ...[shield ? '🛡' : '', database, schedule, state, alarm, storage],
  ]);
  return [...tableLines([HEAD, ...rows], style), '', '🛡  backups are active, and the newest one is fresh'];
}
