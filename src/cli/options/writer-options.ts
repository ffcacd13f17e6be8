import { Command, Option } from 'commander';
import { PlanOptions, planOptions, ServerOptions, serverOptions, serverSettings } from './database-options';
import { addAll, rejectCombinedWith, Source } from './source-options';
import { usageError, wholeNumber } from './usage';

interface WriterOptions extends ServerOptions, PlanOptions {
  readonly retentionDays?: number;
}

/** Options of a command that writes to the list of backups, under the lock of the database. */
export function addWriterOptions(command: Command): void {
  addAll(command.optionsGroup('Its database, without --schedule:'), writerOptions());
}

/** The database and the retention, from the schedule if there is one. @throws InvalidRequest */
export function writerSettings(command: Command, { schedule, database }: Source & { readonly database: string }) {
  if (schedule !== undefined) {
    rejectCombinedWith(command, writerOptions());
    return { database: schedule.request.database, retentionDays: schedule.request.retentionDays };
  }
  const options = command.opts<WriterOptions>();
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
