import { BackupSchedule } from './backup-schedule';
import { LAMBDA_MAXIMUM_MIB } from '../contract/lambda-limits';
import { nameFault } from '../contract/left-out';
import { DrillCheck } from '../contract/proof';
import { DatabaseNetwork } from '../database/database-network';
import { given } from '../private/given';
import { Problem } from '../private/invalid-input';
import { accepted, checkedValue, each, expressionFault, required, wholeNumber } from '../private/rules';
import { StorageCredentials } from '../storage/storage-credentials';

/** A question to a restored database. */
export interface RestoreDrillCheck {
  /** Database that the query runs in. */
  readonly database: string;
  /**
   * One statement that gives one row of one column, such as `SELECT count(*) > 0 FROM orders`. It runs in a transaction
   * that can only read, for at most a minute. It is part of the program, of the state of Terraform and of the proof: no
   * place for a secret.
   */
  readonly query: string;
  /**
   * The value that the query must give, as PostgreSQL writes it.
   *
   * @default - `t`: true
   */
  readonly expect?: string;
}

/** Options of restore drills. */
export interface RestoreDrillOptions {
  /**
   * Queries that the restored databases must answer as expected, at most 50. They narrow what a drill cannot see: whether
   * the backup has what it should.
   *
   * @default - none: counts, large objects, indexes and constraints are checked in any case
   */
  readonly checks?: RestoreDrillCheck[];
  /**
   * Subnets for the drill's function, for a storage that is reached from inside of a VPC only. The function gets a security
   * group of its own, which the database does not let in.
   *
   * @default - none: the function runs outside of every VPC and reaches the internet
   */
  readonly network?: DatabaseNetwork;
  /**
   * Credentials of the drill's own, which need less than those of the backups: `storage.minimumDrillPolicy()` renders it.
   *
   * @default - those of the storage
   */
  readonly credentials?: StorageCredentials;
  /**
   * Memory of the drill's function in MiB, 1024 to 10240. Lambda gives processor time in proportion: 1769 MiB are one
   * processor.
   *
   * @default - 4096
   */
  readonly memoryMib?: number;
  /**
   * Size of the function's `/tmp` in MiB, 512 to 10240. The restored databases, with their indexes, must fit in.
   *
   * @default - 10240
   */
  readonly ephemeralStorageMib?: number;
}

/**
 * When and how the newest backup is restored into a server that exists only for this, to prove that it can be restored.
 * What was found is stored beside the backup.
 */
export class RestoreDrill {
  /** A drill every day at 05:00 UTC. Wrong options are refused by the construct that takes the drill. */
  static daily(options: RestoreDrillOptions = {}): RestoreDrill {
    return RestoreDrill.cron('0 0 5 * * *', options);
  }

  /** A drill every Sunday at 05:00 UTC. Wrong options are refused by the construct that takes the drill. */
  static weekly(options: RestoreDrillOptions = {}): RestoreDrill {
    return RestoreDrill.cron('0 0 5 * * SUN', options);
  }

  /**
   * Drills at the times that a cron expression of six fields names, as `BackupSchedule.cron` takes it. An expression that
   * EventBridge Scheduler cannot express in one schedule, and wrong options, are refused by the construct that takes the
   * drill.
   *
   * @param expression six fields, separated by spaces; UTC.
   * @param options checks, network, credentials and sizes.
   */
  static cron(expression: string, options: RestoreDrillOptions = {}): RestoreDrill {
    return new RestoreDrill(BackupSchedule._takenBy('RestoreDrill.cron', expression), given(options));
  }

  /** When drills are due. */
  readonly schedule: BackupSchedule;

  /** @internal */
  readonly _checks: readonly DrillCheck[];
  /** @internal */
  readonly _network?: DatabaseNetwork;
  /** @internal */
  readonly _credentials?: StorageCredentials;
  /** @internal */
  readonly _memoryMib: number;
  /** @internal */
  readonly _ephemeralStorageMib: number;
  /** @internal */
  readonly _problems: readonly Problem[];

  private constructor(schedule: BackupSchedule, options: RestoreDrillOptions) {
    const { checks, network, credentials, memoryMib, ephemeralStorageMib } = options;
    this.schedule = schedule;
    this._network = network;
    this._credentials = credentials;
    this._memoryMib = memoryMib ?? 4096;
    this._ephemeralStorageMib = ephemeralStorageMib ?? LAMBDA_MAXIMUM_MIB;
    this._problems = [...scheduleProblems(schedule), ...optionProblems(options)];
    this._checks =
      this._problems.length > 0
        ? []
        : (checks ?? []).map(({ database, query, expect }) => ({ database, query, expect: expect ?? 't' }));
  }
}

const MOST_CHECKS = 50;
/** The input of a schedule has at most 256 KB (https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Target.html). */
const LONGEST_QUERY = 4_000;
const LONGEST_VALUE = 200;

function scheduleProblems(schedule: BackupSchedule): Problem[] {
  return schedule.schedulerExpressions.length > 1
    ? [
        {
          rule: 'RestoreDrill.cron takes times that EventBridge Scheduler can express in one schedule.',
          value: schedule.expression,
          remedy: 'Restrict one of the two day fields only.',
        },
      ]
    : [...schedule._problems];
}

function optionProblems(options: RestoreDrillOptions): Problem[] {
  const { checks, network, credentials, memoryMib, ephemeralStorageMib } = options;
  const bounds = (minimum: number) => ({ minimum, maximum: LAMBDA_MAXIMUM_MIB, unit: 'MiB' });
  const remedy = 'Choose such a number, or leave it out.';
  const problems = [
    each('checks', checks, checkProblem),
    Array.isArray(checks) && checks.length > MOST_CHECKS
      ? {
          rule: `checks has at most ${MOST_CHECKS} elements.`,
          value: checks.length,
          remedy: 'Join some of them into one query with AND.',
        }
      : undefined,
    ...(network === undefined
      ? []
      : checkedValue('network of a drill', network, 'DatabaseNetwork.of or DatabaseNetwork.create')),
    ...(credentials === undefined
      ? []
      : checkedValue('credentials of a drill', credentials, 'a method of StorageCredentials')),
    wholeNumber('memoryMib of a drill', memoryMib, bounds(1024), remedy),
    wholeNumber('ephemeralStorageMib of a drill', ephemeralStorageMib, bounds(512), remedy),
  ];
  return problems.filter((problem) => problem !== undefined);
}

function checkProblem({ database, query, expect }: RestoreDrillCheck): Problem | undefined {
  const remedy = 'Write a query whose one value is known, such as SELECT count(*) > 0 FROM orders.';
  return (
    required('database of a check', database, 'Name the database that the query runs in.') ??
    accepted('database of a check', database, nameFault, 'Write the name as PostgreSQL has it, without quotes.') ??
    required('query of a check', query, remedy) ??
    accepted('query of a check', query, textFault(LONGEST_QUERY), remedy) ??
    accepted('expect of a check', expect, textFault(LONGEST_VALUE), 'Write the value as PostgreSQL does.') ??
    [database, query, expect]
      .map((text) => accepted('A check', text, expressionFault, 'Write the query without them.'))
      .find((problem) => problem !== undefined)
  );
}

function textFault(longest: number): (text: string) => string | undefined {
  return (text) =>
    text.length <= longest && !text.includes('\0') ? undefined : `has at most ${longest} characters, none of them NUL`;
}
