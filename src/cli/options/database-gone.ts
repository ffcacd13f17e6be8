import { Command, Option } from 'commander';
import { addAll } from './source-options';
import { usageError } from './usage';
import { ActionError } from '../../contract/action-error';
import { Session } from '../session';

interface DatabaseGoneOptions {
  readonly databaseGone?: boolean;
  readonly confirm?: string;
}

/** Adds the options of a command that can change the list of backups without the lock of the server. */
export function addDatabaseGoneOptions(command: Command): void {
  addAll(command.optionsGroup('If the database server is gone:'), [
    new Option('--database-gone', "work without the server's lock, after you have typed the name of the database"),
    new Option('--confirm <name>', 'with --database-gone: the name of the database, for scripts'),
  ]);
}

/**
 * Whether the server is gone. A person confirms it by the name of the database: while the server is there, its lock keeps
 * two runs from changing the list at the same time.
 *
 * @throws InvalidRequest, Refused
 */
export async function confirmedDatabaseGone(command: Command, session: Session, database: string): Promise<boolean> {
  const { databaseGone = false, confirm } = command.opts<DatabaseGoneOptions>();
  if (!databaseGone) {
    if (confirm !== undefined) throw usageError('--confirm belongs to --database-gone.', 'Add --database-gone.');
    return false;
  }
  const typed =
    confirm ??
    (await session.terminal.ask(`Without the lock, no other run may be under way. Type ${database} to go on: `));
  if (typed === undefined) {
    throw usageError('Without a terminal, --database-gone is confirmed by an option.', `Add --confirm ${database}.`);
  }
  if (typed !== database) {
    throw new ActionError(
      'Refused',
      `The confirmation is the name of the database, ${database}; got ${JSON.stringify(typed)}. Nothing was changed.`,
    );
  }
  return true;
}
