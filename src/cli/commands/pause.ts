import { Command } from 'commander';
import { SwitchedSchedule } from '../deployed/schedule-switch';
import { Session } from '../session';

export function addPause(program: Command, session: Session): void {
  program
    .command('pause <schedule>')
    .description('stop the backups of a schedule, its watch, and the alarm on their absence')
    .action(async (name: string) => {
      const { world } = session;
      const answer = await world.pause(await world.findSchedule(name));
      session.show({ answer, lines: switchLines(answer) });
    });
}

export function addResume(program: Command, session: Session): void {
  program
    .command('resume <schedule>')
    .description('let the backups of a schedule go on, and all that watches them')
    .action(async (name: string) => {
      const { world } = session;
      const answer = await world.resume(await world.findSchedule(name));
      session.show({ answer, lines: switchLines(answer) });
    });
}

function switchLines({ schedule, state, schedules, alarm }: SwitchedSchedule): string[] {
  return state === 'Paused'
    ? [
        `Paused ${schedule}: ${schedules.join(', ')}; alarm ${alarm} is silent.`,
        'It stays so over the next deployment, unless "paused" is set in the program.',
      ]
    : [`Running ${schedule}: ${schedules.join(', ')}; alarm ${alarm} may speak again.`];
}
