import { Command } from 'commander';
import { DeployedSchedule } from '../deployed/schedule';
import { Session } from '../session';

export const SCHEDULE_OPTION = '--schedule <name>';

/** Adds the option of a command that works on a deployed schedule only. */
export function addScheduleOption(command: Command): Command {
  return command.requiredOption(SCHEDULE_OPTION, 'the deployed schedule (required)');
}

/** @throws NotFound */
export async function findSchedule(command: Command, session: Session): Promise<DeployedSchedule> {
  return session.services.findSchedule(command.opts<{ schedule: string }>().schedule);
}
