import { Command } from 'commander';
import { usageError } from './usage';
import { DeployedSchedule } from '../deployed/schedule';
import { Session } from '../session';

export const SCHEDULE_OPTION = '--schedule <name>';

/** Adds the option of a command that works on a deployed schedule only. */
export function addScheduleOption(command: Command): Command {
  return command.requiredOption(SCHEDULE_OPTION, 'the deployed schedule (required)');
}

/** Takes the schedule from the argument or from the option. @throws InvalidRequest without exactly one of them */
export function requireSchedule(command: Command, argument: string | undefined): void {
  const { schedule } = command.opts<{ schedule?: string }>();
  if ((argument === undefined) === (schedule === undefined)) {
    throw usageError(
      `Name one deployed schedule; got ${argument === undefined ? 'none' : `${argument} and --schedule ${schedule}`}.`,
      'The command databases lists the schedules.',
    );
  }
  command.setOptionValue('schedule', schedule ?? argument);
}

/** @throws NotFound */
export async function findSchedule(command: Command, session: Session): Promise<DeployedSchedule> {
  return session.services.findSchedule(command.opts<{ schedule: string }>().schedule);
}
