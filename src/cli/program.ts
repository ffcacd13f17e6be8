import { Command, CommanderError } from 'commander';
import { ActionError } from '../contract/action-error';
import { libraryVersion } from '../runtime/library-version';
import { addBackUp } from './commands/back-up';
import { addDatabases } from './commands/databases';
import { addDrill } from './commands/drill';
import { addList } from './commands/list';
import { addLogs } from './commands/logs';
import { addPause, addResume } from './commands/pause';
import { addPrune } from './commands/prune';
import { addRepair } from './commands/repair';
import { addRestore } from './commands/restore';
import { addRestoreCheck } from './commands/restore-check';
import { addShow } from './commands/show';
import { addStatus } from './commands/status';
import { addTestConnection } from './commands/test-connection';
import { addVerify } from './commands/verify';
import { addWatch } from './commands/watch';
import { ExitCode, exitCodeHelp, exitCodeOf } from './exit-codes';
import { Session } from './session';

export const PROGRAM_NAME = 'cdktf-managed-database';

const COMMANDS = [
  addTestConnection,
  addBackUp,
  addDatabases,
  addStatus,
  addList,
  addShow,
  addLogs,
  addWatch,
  addVerify,
  addDrill,
  addPrune,
  addRepair,
  addRestoreCheck,
  addRestore,
  addPause,
  addResume,
];

/** Runs the command that the arguments name. */
export async function run(args: readonly string[], session: Session): Promise<ExitCode> {
  try {
    await createProgram(session).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return error instanceof CommanderError ? afterParsing(error, session) : session.terminal.fail(error);
  }
}

/** The program with all of its commands and their options. */
export function createProgram(session: Session): Command {
  const program = new Command(PROGRAM_NAME)
    .description('Back up, list, verify and restore managed databases.')
    .version(libraryVersion)
    // Mistakes are printed by the session, once.
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
  COMMANDS.forEach((add) => add(program, session));
  for (const command of program.commands) {
    command
      .optionsGroup('Options:')
      .option('--json', 'print one JSON object on standard output, logs on standard error');
  }
  for (const command of [program, ...program.commands]) {
    command.addHelpText('after', `\n${exitCodeHelp()}`);
  }
  return program;
}

/** The parser ends by throwing, also after --help. */
function afterParsing(error: CommanderError, session: Session): ExitCode {
  if (error.exitCode === 0) {
    return 0;
  }
  if (error.code === 'commander.help') {
    return exitCodeOf('InvalidRequest');
  }
  const mistake = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  return session.terminal.fail(
    new ActionError('InvalidRequest', `Wrong usage: ${mistake}. Run the command with --help to see its options.`),
  );
}
