import { Command } from 'commander';
import { ActionError } from '../../contract/action-error';
import { BackUpAnswer } from '../../contract/requests';
import { leaveOutOption, leftOutOf } from '../options/leave-out-option';
import { addSourceOptions, openDatabaseSource } from '../options/source-options';
import { addWriterOptions, databaseOf, retentionDaysOf } from '../options/writer-options';
import { durationText, sizeText } from '../output/format';
import { pruneLines } from '../output/prune-lines';
import { remarkLines } from '../output/remark-lines';
import { fieldLines } from '../output/table';
import { Session } from '../session';

const LOCKED = 'Nothing was done: another run for this database is under way. Try again when it has ended.';

export function addBackUp(program: Command, session: Session): void {
  const command = program
    .command('back-up')
    .description('make a backup now, then delete expired ones')
    .action(async () => {
      const source = await openDatabaseSource(command, session);
      const answer = await source.runner.run({
        action: 'back-up',
        storage: source.storage,
        database: databaseOf(command, source),
        retentionDays: retentionDaysOf(command, source),
        schedule: source.schedule?.name,
        leaveOut: leftOutOf(command, source),
      });
      if (answer.outcome === 'Locked') {
        throw new ActionError('Locked', LOCKED, answer);
      }
      session.show({ answer, lines: backUpLines(answer) });
    });
  command.addOption(leaveOutOption());
  addSourceOptions(command);
  addWriterOptions(command);
}

function backUpLines(answer: BackUpAnswer): string[] {
  const { backup, outcome, storedBytes, databaseBytes, durationMs, pruned } = answer;
  if (outcome === 'AlreadyCompleted') {
    return [`Backup ${backup} was completed before; nothing was done.`];
  }
  return [
    `Backup ${backup} is completed.`,
    ...fieldLines([
      ['took', durationText(durationMs)],
      ['stored', storedBytes === undefined ? undefined : sizeText(storedBytes)],
      ['database', databaseBytes === undefined ? undefined : sizeText(databaseBytes)],
    ]),
    ...remarkLines(answer.remarks),
    ...(pruned === undefined ? [] : pruneLines(pruned)),
  ];
}
