import { Command, Option } from 'commander';
import { ActionRunner } from '../action-runner';
import { Session } from '../session';
import { SCHEDULE_OPTION } from './schedule-option';
import { StorageOptions, storageOptions, storageSettings } from './storage-options';
import { required, usageError } from './usage';
import { diagnoseSettings } from '../../contract/diagnosis/diagnose-settings';
import { StorageSettings } from '../../contract/storage-settings';
import { DeployedSchedule } from '../deployed/schedule';

/** The options that name the backups to work on. */
export interface SourceOptions extends StorageOptions {
  readonly database?: string;
  readonly schedule?: string;
  readonly local?: boolean;
  /** Of a command whose work is done here unless this is given. */
  readonly inFunction?: boolean;
}

/** The backups to work on, and the runner of the action. */
export interface Source {
  readonly storage: StorageSettings;
  /** Identifier of the database. Absent only for a test of the path itself. */
  readonly database?: string;
  readonly runner: ActionRunner;
  /** The schedule that the settings come from. */
  readonly schedule?: DeployedSchedule;
  /** Whether the deployed function runs the action, not this process. */
  readonly remote: boolean;
}

/** Adds the options of a command on backups, which are found by a deployed schedule or in a storage. */
export function addSourceOptions(command: Command, { local = false, database = databaseOption() } = {}): Command {
  command
    .optionsGroup('A deployed schedule:')
    .option(SCHEDULE_OPTION, `take all settings from it${local ? '' : '; its function does the work'}`);
  if (!local) {
    command.option('--local', 'with --schedule: do the work on this machine');
  }
  return addAll(command.optionsGroup('Or a storage; this machine does the work:'), [
    ...storageOptions('--schedule'),
    database,
  ]);
}

function databaseOption(): Option {
  return required(
    new Option('--database <identifier>', 'identifier of the database: the name of the folder of its backups'),
    '--schedule',
  );
}

export function addAll(command: Command, options: readonly Option[]): Command {
  options.forEach((option) => command.addOption(option));
  return command;
}

/** @throws InvalidRequest, NotFound */
export async function openSource(command: Command, session: Session): Promise<Source> {
  const options = command.opts<SourceOptions>();
  if (options.schedule === undefined) {
    const storage = storageSettings(options);
    const runner = session.services.localRunner({ region: storage.region }, session.terminal.log);
    return { storage, database: options.database, runner, remote: false };
  }
  rejectCombinedWithSchedule(command, [...storageOptions('--schedule'), databaseOption()]);
  const schedule = await session.services.findSchedule(options.schedule);
  const isLocal = command.options.some(({ long }) => long === '--local') ? options.local : !options.inFunction;
  return sourceOf(schedule, isLocal ?? false, session);
}

/** The backups of a deployed schedule, worked on by this machine or by its function. */
export function sourceOf(
  schedule: DeployedSchedule,
  local: boolean,
  { services, terminal: { log } }: Session,
): Source & { readonly database: string } {
  const { storage, database } = schedule.request;
  const source = { database: database.identifier, schedule, remote: !local };
  return local
    ? // The network of the function is not the network of this machine.
      { ...source, storage: { ...storage, network: undefined }, runner: services.localRunner(schedule.owner, log) }
    : { ...source, storage, runner: services.deployedFunction(schedule.functionArn, log) };
}

/** Like openSource, for a command on the backups of one database: wrong settings are refused before any request. */
export async function openDatabaseSource(
  command: Command,
  session: Session,
): Promise<Source & { readonly database: string }> {
  const source = await openSource(command, session);
  const { storage, database } = source;
  if (database === undefined) {
    throw usageError(
      'Backups belong to a database; not given: --database.',
      `Add --database <identifier>, or name a deployed schedule with ${SCHEDULE_OPTION}.`,
    );
  }
  const fault = diagnoseSettings(storage, database);
  if (fault !== undefined) {
    const { endpoint, region, bucket, path } = storage;
    throw usageError(
      fault.summary,
      `${fault.remedy} Got ${JSON.stringify({ endpoint, region, bucket, path, database })}.`,
    );
  }
  return { ...source, database };
}

/** @throws InvalidRequest if one of these options was given beside --schedule */
export function rejectCombinedWithSchedule(command: Command, options: readonly Option[]): void {
  const given = options.filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli');
  if (given.length > 0) {
    throw usageError(
      `With --schedule, all settings come from the schedule; also given: ${given.map(({ long }) => long).join(', ')}.`,
      'Leave out --schedule or these.',
    );
  }
}
