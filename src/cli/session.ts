import { ActionRunner } from './action-runner';
import { DeployedFunction } from './deployed/deployed-function';
import { DeployedSchedule } from './deployed/schedule';
import { pause, resume, SwitchedSchedule } from './deployed/schedule-switch';
import { ExitCode, EXIT_CODES } from './exit-codes';
import { Result, Terminal } from './output/terminal';
import { Place, TerminalRuntime } from './terminal-runtime';
import { Log } from '../runtime/log';

/** What the commands reach outside: one seam, so that a test can hold it still. */
export interface World {
  findSchedule(name: string): Promise<DeployedSchedule>;
  pause(schedule: DeployedSchedule): Promise<SwitchedSchedule>;
  resume(schedule: DeployedSchedule): Promise<SwitchedSchedule>;
  thisProcess(place: Place, log: Log): ActionRunner;
  deployedFunction(arn: string, log: Log): ActionRunner;
}

const REAL_WORLD: World = {
  findSchedule: async (name) => DeployedSchedule.find(name),
  pause,
  resume,
  thisProcess: (place, log) => new TerminalRuntime(place, log),
  deployedFunction: (arn, log) => new DeployedFunction(arn, log),
};

/** One call of the command line. */
export class Session {
  /** How it ends, unless it fails. */
  exitCode: ExitCode = EXIT_CODES.ok;

  constructor(
    readonly terminal: Terminal,
    readonly world: World = REAL_WORLD,
  ) {}

  show(result: Result): void {
    this.exitCode = this.terminal.show(result);
  }
}
