import { Command } from 'commander';
import { SwitchedSchedule } from '../deployed/schedule-switch';
import { addScheduleOption, findSchedule } from '../options/schedule-option';
import { Session } from '../session';

export function addPause(program: Command, session: Session): void {
  const command = program
    .command('pause')
    .description('pause a schedule and its monitoring')
    .action(async () => {
      const answer = await session.services.pause(await findSchedule(command, session));
      session.show({ answer, lines: switchLines(answer) });
    });
  addScheduleOption(command);
}

export function addResume(program: Command, session: Session): void {
  const command = program
    .command('resume')
    .description('resume a paused schedule and its monitoring')
    .action(async () => {
      const answer = await session.services.resume(await findSchedule(command, session));
      session.show({ answer, lines: switchLines(answer) });
    });
  addScheduleOption(command);
}

function switchLines({ schedule, state, schedules, alarms }: SwitchedSchedule): string[] {
  const actions = `The actions of ${alarms.join(' and ')}`;
  return state === 'Paused'
    ? [
        `Paused ${schedule}: ${schedules.join(', ')}. ${actions} are off.`,
        'A deployment does not change that, unless the program sets "paused".',
      ]
    : [`Resumed ${schedule}: ${schedules.join(', ')}. ${actions} are on.`];
}
