import { Option } from 'commander';
import { usageError, wholeNumber } from './usage';
import { DatabaseCredentialsSource, DatabaseSettings, PlanSize } from '../../contract/database-settings';

/** A database server as it is told on the command line. */
export interface ServerOptions {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly databaseSecret?: string;
}

/** A size of a database as it is told on the command line. */
export interface PlanOptions {
  readonly vcpu?: number;
  readonly memory?: number;
  readonly storageSize?: number;
}

export function serverOptions(): Option[] {
  return [
    new Option('--host <name>', 'host of the database server').env('PGHOST'),
    new Option('--port <number>', 'port of the database server')
      .env('PGPORT')
      .default(5432)
      .argParser(wholeNumber('--port', 1, 65_535)),
    new Option('--user <name>', 'master user; the password is taken from PGPASSWORD').env('PGUSER'),
    new Option(
      '--database-secret <arn>',
      'Secrets Manager secret with {"username", "password"}, instead of --user and PGPASSWORD',
    ),
  ];
}

export function planOptions(): Option[] {
  return [
    new Option('--vcpu <number>', 'virtual processors of the database').argParser(wholeNumber('--vcpu', 0, 1024)),
    new Option('--memory <GiB>', 'memory of the database').argParser(wholeNumber('--memory', 0, 65_536)),
    new Option('--storage-size <GiB>', 'storage of the database').argParser(wholeNumber('--storage-size', 0, 65_536)),
  ];
}

/** @throws InvalidRequest naming every option that is missing */
export function serverSettings(identifier: string, options: ServerOptions & PlanOptions): DatabaseSettings {
  if (options.host === undefined) {
    throw usageError('A database server has a host; --host was not given.', 'Give --host <name>.');
  }
  return {
    identifier,
    endpoint: `${options.host}:${options.port}`,
    credentials: serverCredentials(options),
    plan: planFacts(options),
  };
}

/** What is not told counts as nothing, and so demands nothing of a restore. */
export function planFacts({ vcpu = 0, memory = 0, storageSize = 0 }: PlanOptions): PlanSize {
  return { name: 'given on the command line', vcpu, memoryGib: memory, storageGib: storageSize };
}

function serverCredentials({ user, databaseSecret }: ServerOptions): DatabaseCredentialsSource {
  if (databaseSecret !== undefined) {
    return { kind: 'secret', secretArn: databaseSecret };
  }
  if (user === undefined || !process.env.PGPASSWORD) {
    throw usageError(
      `A database server is entered by a user and a password; not given: ${user === undefined ? '--user' : 'PGPASSWORD'}.`,
      'Give --user <name> and set PGPASSWORD, or give --database-secret <arn>.',
    );
  }
  // Where the program reads it, beside the password.
  process.env.PGUSER = user;
  return { kind: 'environment' };
}
