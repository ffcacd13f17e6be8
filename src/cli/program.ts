import { Command, CommanderError } from 'commander';
import { ActionError } from '../contract/action-error';
import { libraryVersion } from '../runtime/library-version';
import { addBackUp } from './commands/back-up';
import { addList } from './commands/list';
import { addPause, addResume } from './commands/pause';
import { addPrune } from './commands/prune';
import { addRestore } from './commands/restore';
import { addRestoreCheck } from './commands/restore-check';
import { addShow } from './commands/show';
import { addTestConnection } from './commands/test-connection';
import { addVerify } from './commands/verify';
import { addWatch } from './commands/watch';
import { ExitCode, EXIT_CODES, exitCodeHelp } from './exit-codes';
import { Session } from './session';

const COMMANDS = [
  addTestConnection,
  addBackUp,
  addList,
  addShow,
  addWatch,
  addVerify,
  addPrune,
  addRestoreCheck,
  addRestore,
  addPause,
  addResume,
];

/** Does what the arguments say. */
export async function run(args: readonly string[], session: Session): Promise<ExitCode> {
  try {
    await createProgram(session).parseAsync(args, { from: 'user' });
    return session.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      return afterParsing(error, session);
    }
    return session.terminal.fail(error);
  }
}

function createProgram(session: Session): Command {
  const program = new Command('cdktf-managed-database')
    .description('Backups of managed databases, from a terminal: the actions of the deployed function.')
    .version(libraryVersion)
    // What is wrong is said by the session, once.
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
  COMMANDS.forEach((add) => add(program, session));
  for (const command of program.commands) {
    command.optionsGroup('Options:').option('--json', 'one JSON object on standard output, logs on standard error');
  }
  for (const command of [program, ...program.commands]) {
    command.addHelpText('after', `\n${exitCodeHelp()}`);
  }
  return program;
}

/** The parser ends by throwing, also where somebody asked for help. */
function afterParsing(error: CommanderError, session: Session): ExitCode {
  if (error.exitCode === 0) {
    return EXIT_CODES.ok;
  }
  if (error.code === 'commander.help') {
    return EXIT_CODES.usage;
  }
  const said = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  return session.terminal.fail(
    new ActionError('InvalidRequest', `Wrong usage: ${said}. The option --help says what there is.`),
  );
}
