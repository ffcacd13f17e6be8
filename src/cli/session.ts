import { ActionRunner } from './action-runner';
import { AlarmState, readAlarms } from './deployed/alarms';
import { DeployedFunction } from './deployed/deployed-function';
import { LoggedEvent, readRunLog } from './deployed/run-log';
import { DeployedSchedule } from './deployed/schedule';
import { pause, resume, SwitchedSchedule } from './deployed/schedule-switch';
import { AccountAndRegion, LocalRunner } from './local-runner';
import { Result, Terminal } from './output/terminal';
import { BackupId } from '../contract/backup-id';
import { Log } from '../runtime/log';

/** What the commands reach outside of this process: one interface, which a test replaces. */
export interface Services {
  findSchedule(name: string): Promise<DeployedSchedule>;
  findSchedules(): Promise<DeployedSchedule[]>;
  readAlarms(names: readonly string[]): Promise<AlarmState[]>;
  readRunLog(functionArn: string, backup: BackupId): Promise<LoggedEvent[]>;
  pause(schedule: DeployedSchedule): Promise<SwitchedSchedule>;
  resume(schedule: DeployedSchedule): Promise<SwitchedSchedule>;
  localRunner(owner: AccountAndRegion, log: Log): ActionRunner;
  deployedFunction(arn: string, log: Log): ActionRunner;
}

const REAL_SERVICES: Services = {
  findSchedule: async (name) => DeployedSchedule.find(name),
  findSchedules: async () => DeployedSchedule.findAll(),
  readAlarms,
  readRunLog,
  pause,
  resume,
  localRunner: (owner, log) => new LocalRunner(owner, log),
  deployedFunction: (arn, log) => new DeployedFunction(arn, log),
};

/** One call of the command line. */
export class Session {
  constructor(
    readonly terminal: Terminal,
    readonly services: Services = REAL_SERVICES,
  ) {}

  show(result: Result): void {
    this.terminal.show(result);
  }
}
