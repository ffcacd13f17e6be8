import { Option } from 'commander';
import { requireAll, required, wholeNumber } from './usage';
import { DatabaseCredentialsSource, DatabaseSettings, PlanSize } from '../../contract/database-settings';

/** The options that name a database server. */
export interface ServerOptions {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly databaseSecret?: string;
}

/** The options that give the size of a database. */
export interface PlanOptions {
  readonly vcpu?: number;
  readonly memory?: number;
  readonly storageSize?: number;
}

/** @param without option that replaces these */
export function serverOptions(without?: string): Option[] {
  return [
    required(new Option('--host <name>', 'host of the database server').env('PGHOST'), without),
    new Option('--port <number>', 'port of the database server')
      .env('PGPORT')
      .default(5432)
      .argParser(wholeNumber('--port', 1, 65_535)),
    required(
      new Option('--user <name>', 'master user; its password is taken from PGPASSWORD').env('PGUSER'),
      [without, '--database-secret'].filter(Boolean).join(' or '),
    ),
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
  requireAll('A database server has a host', { '--host': options.host }, 'Add --host <name>.');
  return {
    identifier,
    endpoint: `${options.host}:${options.port}`,
    credentials: serverCredentials(options),
    plan: planSize(options),
  };
}

/** A size that is not given is 0, which a restore accepts for any target. */
export function planSize({ vcpu = 0, memory = 0, storageSize = 0 }: PlanOptions): PlanSize {
  return { name: 'given on the command line', vcpu, memoryGib: memory, storageGib: storageSize };
}

function serverCredentials({ user, databaseSecret }: ServerOptions): DatabaseCredentialsSource {
  if (databaseSecret !== undefined) {
    return { kind: 'secret', secretArn: databaseSecret };
  }
  requireAll(
    'A connection to a database server has a user and a password',
    { '--user': user, PGPASSWORD: process.env.PGPASSWORD || undefined },
    'Add --user <name> and set PGPASSWORD, or add --database-secret <arn>.',
  );
  // The action reads both from the environment.
  process.env.PGUSER = user;
  return { kind: 'environment' };
}
