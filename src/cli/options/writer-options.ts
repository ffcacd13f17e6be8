import { Command, Option } from 'commander';
import { PlanOptions, planOptions, ServerOptions, serverOptions, serverSettings } from './database-options';
import { addAll, rejectCombinedWithSchedule, Source } from './source-options';
import { requireAll, required, wholeNumber } from './usage';

interface WriterOptions extends ServerOptions, PlanOptions {
  readonly retentionDays?: number;
}

/** Adds the options of a command that changes the list of backups, under the lock of the database. */
export function addWriterOptions(command: Command): void {
  addAll(command.optionsGroup('And the database server, without --schedule:'), writerOptions());
}

/** The database and the retention, from the schedule if there is one. @throws InvalidRequest */
export function writerSettings(command: Command, { schedule, database }: Source & { readonly database: string }) {
  if (schedule !== undefined) {
    rejectCombinedWithSchedule(command, writerOptions());
    return { database: schedule.request.database, retentionDays: schedule.request.retentionDays };
  }
  const options = command.opts<WriterOptions>();
  requireAll(
    'Completed backups are kept for a number of days',
    { '--retention-days': options.retentionDays },
    'Add --retention-days <number>.',
  );
  return { database: serverSettings(database, options), retentionDays: options.retentionDays! };
}

function writerOptions(): Option[] {
  return [
    ...serverOptions('--schedule'),
    ...planOptions(),
    required(
      new Option(
        '--retention-days <number>',
        'days that completed backups are kept; the newest one is always kept',
      ).argParser(wholeNumber('--retention-days', 1, 36_500)),
      '--schedule',
    ),
  ];
}
