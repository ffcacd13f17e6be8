import { Command } from 'commander';
import { BackUpAnswer } from '../../contract/requests';
import { EXIT_CODES } from '../exit-codes';
import { pruneLines } from './prune';
import { addSourceOptions, openDatabaseSource } from '../options/source-options';
import { addWriterOptions, writerSettings } from '../options/writer-options';
import { durationText, sizeText } from '../output/format';
import { fieldLines } from '../output/table';
import { Session } from '../session';

export function addBackUp(program: Command, session: Session): void {
  const command = program
    .command('back-up')
    .description('make a backup now, then delete what the retention lets go')
    .action(async () => {
      const source = await openDatabaseSource(command, session);
      const answer = await source.runner.run({
        action: 'back-up',
        storage: source.storage,
        ...writerSettings(command, source),
      });
      session.show({
        answer,
        lines: backUpLines(answer),
        exitCode: answer.outcome === 'Locked' ? EXIT_CODES.locked : EXIT_CODES.ok,
      });
    });
  addSourceOptions(command);
  addWriterOptions(command);
}

export function backUpLines(answer: BackUpAnswer): string[] {
  const { backup, outcome, storedBytes, databaseBytes, durationMs, pruned } = answer;
  switch (outcome) {
    case 'Locked':
      return ['Nothing was done: another run for this database is under way. Try again when it has ended.'];
    case 'AlreadyCompleted':
      return [`Backup ${backup} was completed before; nothing was done.`];
    case 'Completed':
      return [
        `Backup ${backup} is completed.`,
        ...fieldLines([
          ['took', durationText(durationMs)],
          ['stored', storedBytes === undefined ? undefined : sizeText(storedBytes)],
          ['database', databaseBytes === undefined ? undefined : sizeText(databaseBytes)],
        ]),
        ...(pruned === undefined ? [] : pruneLines(pruned)),
      ];
  }
}
