import { Command, Option } from 'commander';
import { ActionRunner } from '../action-runner';
import { Session } from '../session';
import { StorageOptions, storageOptions, storageSettings } from './storage-options';
import { usageError } from './usage';
import { faultOfSettings } from '../../contract/diagnosis/settings-fault';
import { StorageSettings } from '../../contract/storage-settings';
import { DeployedSchedule } from '../deployed/schedule';

/** Where the backups are, as it is told on the command line. */
export interface SourceOptions extends StorageOptions {
  readonly database?: string;
  readonly schedule?: string;
  readonly local?: boolean;
}

/** Where the backups are, and who does what is asked. */
export interface Source {
  readonly storage: StorageSettings;
  /** Identifier of the database; absent only for a test of the path itself. */
  readonly database?: string;
  readonly runner: ActionRunner;
  /** Where settings were taken from. */
  readonly schedule?: DeployedSchedule;
  /** The function does it, not this process. */
  readonly remote: boolean;
}

export const SCHEDULE_OPTION = '--schedule <name>';

/** Options of a command that works on a storage, alone or as a deployed schedule has it. */
export function addSourceOptions(command: Command, inFunction = true): Command {
  command
    .optionsGroup('A deployed schedule:')
    .option(SCHEDULE_OPTION, 'take all settings from it' + (inFunction ? ', and let its function do the work' : ''));
  if (inFunction) {
    command.option('--local', 'with --schedule: do the work in this process');
  }
  return addAll(command.optionsGroup('Or a storage, with the work in this process:'), [
    ...storageOptions(),
    new Option('--database <identifier>', 'identifier of the database, which names the folder of its backups'),
  ]);
}

export function addAll(command: Command, options: readonly Option[]): Command {
  options.forEach((option) => command.addOption(option));
  return command;
}

/** Finds out where the backups are. @throws InvalidRequest, NotFound */
export async function openSource(command: Command, session: Session): Promise<Source> {
  const options = command.opts<SourceOptions>();
  const { log } = session.terminal;
  if (options.schedule === undefined) {
    const storage = storageSettings(options);
    const runner = session.world.thisProcess({ region: storage.region }, log);
    return { storage, database: options.database, runner, remote: false };
  }
  rejectCombinedWith(command, [...storageOptions(), new Option('--database <identifier>')]);
  const schedule = await session.world.findSchedule(options.schedule);
  const { storage, database } = schedule.request;
  const { identifier } = database;
  if (options.local || !command.options.some(({ long }) => long === '--local')) {
    const runner = session.world.thisProcess(schedule.place, log);
    // What is known of the function's network says nothing of this machine's.
    return { storage: { ...storage, network: undefined }, database: identifier, runner, schedule, remote: false };
  }
  const runner = session.world.deployedFunction(schedule.functionArn, log);
  return { storage, database: identifier, runner, schedule, remote: true };
}

/** The same for commands on one database's backups: settings that cannot be right never leave this process. */
export async function openDatabaseSource(
  command: Command,
  session: Session,
): Promise<Source & { readonly database: string }> {
  const source = await openSource(command, session);
  const { storage, database } = source;
  if (database === undefined) {
    throw usageError(
      'Backups belong to a database; --database was not given.',
      `Give --database <identifier>, or name a deployed schedule with ${SCHEDULE_OPTION}.`,
    );
  }
  const fault = faultOfSettings(storage, database);
  if (fault !== undefined) {
    const { endpoint, region, bucket, path } = storage;
    throw usageError(
      fault.summary,
      `${fault.remedy} Got ${JSON.stringify({ endpoint, region, bucket, path, database })}.`,
    );
  }
  return { ...source, database };
}

/** @throws InvalidRequest where one of these options was typed beside a schedule */
export function rejectCombinedWith(command: Command, options: readonly Option[]): void {
  const typed = options.filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli');
  if (typed.length > 0) {
    throw usageError(
      `With --schedule, all settings come from the schedule; also given: ${typed.map(({ long }) => long).join(', ')}.`,
      'Leave out the one or the other.',
    );
  }
}
