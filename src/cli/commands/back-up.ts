import { Command, Option } from 'commander';
import { BackUpAnswer } from '../../contract/requests';
import { PlanOptions, planOptions, ServerOptions, serverOptions, serverSettings } from '../database-options';
import { EXIT_CODES } from '../exit-codes';
import { durationText, sizeText } from '../format';
import { Session } from '../session';
import { addAll, addSourceOptions, openDatabaseSource, refuseBeside, Source } from '../source-options';
import { factLines } from '../table';
import { usageError, wholeNumber } from '../usage';
import { pruneLines } from './prune';

interface BackUpOptions extends ServerOptions, PlanOptions {
  readonly retentionDays?: number;
}

export function addBackUp(program: Command, session: Session): void {
  const command = program
    .command('back-up')
    .description('make a backup now, then delete what the retention lets go')
    .action(async () => {
      const source = await openDatabaseSource(command, session);
      const answer = await source.performer.perform({
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

/** Options of a command that writes to the list of backups, under the lock of the database. */
export function addWriterOptions(command: Command): void {
  addAll(command.optionsGroup('Its database, without --schedule:'), writerOptions());
}

/** The database and the retention, from the schedule if there is one. @throws InvalidRequest */
export function writerSettings(command: Command, { schedule, database }: Source & { readonly database: string }) {
  if (schedule !== undefined) {
    refuseBeside(command, writerOptions());
    return { database: schedule.request.database, retentionDays: schedule.request.retentionDays };
  }
  const options = command.opts<BackUpOptions>();
  if (options.retentionDays === undefined) {
    throw usageError(
      'Old backups are kept for a number of days; --retention-days was not given.',
      'Give --retention-days <number>.',
    );
  }
  return { database: serverSettings(database, options), retentionDays: options.retentionDays };
}

function writerOptions(): Option[] {
  return [
    ...serverOptions(),
    ...planOptions(),
    new Option('--retention-days <number>', 'days that completed backups are kept; the newest always is').argParser(
      wholeNumber('--retention-days', 1, 36_500),
    ),
  ];
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
        ...factLines([
          ['took', durationText(durationMs)],
          ['stored', storedBytes === undefined ? undefined : sizeText(storedBytes)],
          ['database', databaseBytes === undefined ? undefined : sizeText(databaseBytes)],
        ]),
        ...(pruned === undefined ? [] : pruneLines(pruned)),
      ];
  }
}
