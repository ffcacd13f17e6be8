import { Command } from 'commander';
import { ActionError } from '../../contract/action-error';
import { readBackupId } from '../options/backup-options';
import { addScheduleOption, findSchedule } from '../options/schedule-option';
import { logLine } from '../output/terminal-log';
import { Session } from '../session';

export function addLogs(program: Command, session: Session): void {
  const command = program
    .command('logs <backup>')
    .description('show what the deployed function logged while it made a backup, or tried to')
    .action(async (id: string) => {
      const backup = readBackupId(id);
      const { name, functionArn } = await findSchedule(command, session);
      const events = await session.services.readRunLog(functionArn, backup);
      if (events.length === 0) {
        throw new ActionError(
          'NotFound',
          `The log of the function of ${name} has no run of backup ${backup}. The command list shows the ids of all ` +
            'backups; a backup that was made on another machine has its log there.',
        );
      }
      const shown = events.filter(({ event }) => event !== 'metric');
      session.show({
        answer: { schedule: name, backup, events: shown },
        lines: shown.map(({ time, level, event, ...fields }) => logLine(new Date(time), level, event, fields)),
      });
    });
  addScheduleOption(command);
}
