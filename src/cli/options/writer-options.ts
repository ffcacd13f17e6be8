import { Command, Option } from 'commander';
import { PlanOptions, planOptions, planSize, ServerOptions, serverOptions, serverSettings } from './database-options';
import { addAll, rejectCombinedWithSchedule, Source } from './source-options';
import { requireAll, required, wholeNumber } from './usage';
import { DatabaseSettings } from '../../contract/database-settings';

interface WriterOptions extends ServerOptions, PlanOptions {
  readonly retentionDays?: number;
}

type DatabaseSource = Source & { readonly database: string };

/** Adds the options of a command that changes the list of backups, under the lock of the database server. */
export function addServerOptions(command: Command): void {
  addAll(command.optionsGroup('And the database server, without --schedule:'), writerServerOptions());
}

/** The same, for a command that deletes expired backups. */
export function addWriterOptions(command: Command): void {
  addServerOptions(command);
  command.addOption(retentionOption());
}

/** The database server, from the schedule if there is one. @throws InvalidRequest */
export function databaseOf(command: Command, source: DatabaseSource, databaseGone = false): DatabaseSettings {
  const options = command.opts<WriterOptions>();
  if (source.schedule !== undefined) {
    rejectCombinedWithSchedule(command, writerServerOptions());
    return source.schedule.request.database;
  }
  if (databaseGone) {
    // Without the lock, nothing connects to the server.
    const credentials = { kind: 'environment' } as const;
    return { identifier: source.database, endpoint: 'gone:5432', credentials, plan: planSize(options) };
  }
  return serverSettings(source.database, options);
}

/** The retention, from the schedule if there is one. @throws InvalidRequest */
export function retentionDaysOf(command: Command, { schedule }: Source): number {
  if (schedule !== undefined) {
    rejectCombinedWithSchedule(command, [retentionOption()]);
    return schedule.request.retentionDays;
  }
  const { retentionDays } = command.opts<WriterOptions>();
  requireAll(
    'Completed backups are kept for a number of days',
    { '--retention-days': retentionDays },
    'Add --retention-days <number>.',
  );
  return retentionDays!;
}

function writerServerOptions(): Option[] {
  return [...serverOptions('--schedule'), ...planOptions()];
}

function retentionOption(): Option {
  const days = new Option(
    '--retention-days <number>',
    'days that completed backups are kept; the newest one is always kept',
  ).argParser(wholeNumber('--retention-days', 1, 36_500));
  return required(days, '--schedule');
}
