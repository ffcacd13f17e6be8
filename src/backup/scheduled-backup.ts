import { CloudwatchMetricAlarm } from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm';
import { Token } from 'cdktf';
import { Construct } from 'constructs';
import { IAlarmAction } from './alarm-action';
import { BackupRetention } from './backup-retention';
import { BackupSchedule } from './backup-schedule';
import { ConnectionTest } from './connection-test';
import { LeftOut } from './left-out';
import { AlarmedBackup, backupAlarms, createAgeAlarm, createFailureAlarm } from './private/alarms';
import { createSchedule } from './private/schedule';
import { RestoreDrill } from './restore-drill';
import { ScheduledDrill } from './scheduled-drill';
import { StoredBackups } from './stored-backups';
import {
  ageAlarmName,
  BACKUP_SUFFIX,
  backupScheduleName,
  drillScheduleName,
  failureAlarmName,
  LONGEST_BACKUP_NAME,
  watchScheduleName,
} from '../contract/deployed-names';
import { nameFault } from '../contract/left-out';
import { Request } from '../contract/requests';
import { IManagedDatabase } from '../database/database';
import { BackupFunction } from '../function/backup-function';
import { Invocation } from '../function/invocation';
import { validateUse } from '../function/validate-use';
import { claim } from '../private/claims';
import { dependOn } from '../private/depend-on';
import { given } from '../private/given';
import { InvalidInput, Problem } from '../private/invalid-input';
import { shareProviderAndTags } from '../private/provider-and-tags';
import { providerKey } from '../private/region';
import {
  accepted,
  checkedValue,
  each,
  expressionFault,
  knownAtSynth,
  matching,
  required,
  tagProblem,
  topicArn,
  wholeNumber,
} from '../private/rules';
import { shortName } from '../private/short-name';
import { BackupStorage } from '../storage/backup-storage';

const HOUR_MS = 3_600_000;

/** Props of a scheduled backup. Wrong values are refused with the rule, the value and the path of the construct. */
export interface ScheduledBackupProps {
  /** The database to back up, declared in the same stack. */
  readonly database: IManagedDatabase;
  /** Where the backups go. Two scheduled backups never write to one folder. */
  readonly storage: BackupStorage;
  /** When backups are due. */
  readonly schedule: BackupSchedule;
  /** How long completed backups are kept. */
  readonly retention: BackupRetention;
  /**
   * When backups are restored into a server that exists only for this, to prove that they can be restored.
   *
   * @default - no drills
   */
  readonly drill?: RestoreDrill;
  /**
   * Whether the backups, the drills and the alarms on missing ones are switched off. `true` and `false` are set by every deployment;
   * left out, a pause from the command line outlasts the next one.
   *
   * @default - it runs, and a pause from the command line stays
   */
  readonly paused?: boolean;
  /**
   * Name of the schedule in EventBridge Scheduler, by which the command line finds it: 1 to 58 letters, digits, `-`, `_`
   * and `.`, with a `drill` without `.`. A second scheduled backup of a database needs a name of its own.
   *
   * @default - the identifier of the database, followed by `-backup`
   */
  readonly scheduleName?: string;
  /**
   * ARNs of standard SNS topics that are notified of backups, and of drills, that fail or do not happen.
   *
   * @default - none: the alarms change their state without a notification
   */
  readonly alarmTopicArns?: string[];
  /**
   * What else happens when an alarm of the backup changes its state.
   *
   * @default - nothing
   */
  readonly alarmActions?: IAlarmAction[];
  /**
   * The alarm on missing backups is raised when no backup was completed for this many hours: at least as many as the
   * longest gap of the schedule.
   *
   * @default - twice the longest gap of the schedule
   */
  readonly alarmAfterHours?: number;
  /**
   * Whether EventBridge's default bus gets an event when a backup completes or fails, when expired ones are deleted, and
   * when a drill proves or disproves a backup. docs/events.md describes them. The function needs a route to EventBridge: a NAT gateway, or an interface endpoint of
   * the service `events`. A backup does not fail where there is none.
   *
   * @default - false
   */
  readonly publishEvents?: boolean;
  /**
   * Whether every deployment runs the connection test, and that of the drill, for secrets that change outside of Terraform.
   *
   * @default - false
   */
  readonly retestOnEveryDeploy?: boolean;
  /**
   * Tables and schemas that the backups leave out, such as those of an extension that the master user cannot read. Each
   * backup, and each restore of one, names them. A backup fails where something that it does not leave out needs them.
   *
   * @default - everything is backed up
   */
  readonly leaveOut?: LeftOut[];
  /**
   * Tags of the backup's resources, at most 40, over those of the database.
   *
   * @default - those of the database
   */
  readonly tags?: { [name: string]: string };
}

/**
 * Backups of a database, on a schedule, into a storage, kept for a while.
 *
 * Its connection test comes before the database; the schedule comes last and names the version of the function and of
 * the secret that passed. An alarm reports that no backup was completed for twice the longest gap of the schedule, or
 * that its age is unknown; another one that the last backup failed.
 */
export class ScheduledBackup extends Construct {
  /** The database that is backed up. */
  readonly database: IManagedDatabase;
  /** Where the backups go. */
  readonly storage: BackupStorage;
  /** The test that the storage passed. */
  readonly connectionTest: ConnectionTest;
  /** The function that makes the backups, with its role, its security group and its log group. */
  readonly backupFunction: BackupFunction;
  /** The drills of the backups; absent where there are none. */
  readonly drill?: ScheduledDrill;
  /** The backups in the storage: `backups.latest()`, `backups.byId('…')` and `backups.before('…')` are sources of a restore. */
  readonly backups: StoredBackups;
  /** Names of the schedules in EventBridge Scheduler: one, unless the cron expression takes more. */
  readonly scheduleNames: string[];
  /** Name of the schedule that measures the age of the newest backup every hour. */
  readonly watchScheduleName: string;
  /** Name of the alarm on backups that do not happen. */
  readonly ageAlarmName: string;
  /** ARN of the alarm on backups that do not happen. */
  readonly ageAlarmArn: string;
  /** Name of the alarm on backups that fail. */
  readonly failureAlarmName: string;
  /** ARN of the alarm on backups that fail. */
  readonly failureAlarmArn: string;

  /**
   * Declares the backups of a database.
   *
   * @param scope the stack, or a construct in it, that the backup belongs to.
   * @param id id of the construct, unique in its scope. Another id is another resource for Terraform, so do not change it.
   * @param props database, storage, schedule, retention and options.
   */
  constructor(scope: Construct, id: string, props: ScheduledBackupProps) {
    super(scope, id);
    const own = given(props);
    validate(own, this);
    this.database = own.database;
    this.storage = own.storage;
    const { identifier } = this.database;
    const name =
      own.scheduleName ?? `${shortName(identifier, LONGEST_BACKUP_NAME - BACKUP_SUFFIX.length)}${BACKUP_SUFFIX}`;
    claimFolder(this);
    claimNames(this, own.schedule, name);
    shareProviderAndTags(this, { provider: this.database.provider, tags: { ...this.database.tags, ...own.tags } });

    this.backupFunction = BackupFunction.of(this.database);
    this.backupFunction._keepWithDatabase(this);
    this.backups = StoredBackups._of(this.storage, this.database);
    this.connectionTest = new ConnectionTest(this, 'ConnectionTest', {
      database: this.database,
      storage: this.storage,
      retestOnEveryDeploy: own.retestOnEveryDeploy,
    });
    const alarmed: AlarmedBackup = {
      database: identifier,
      schedule: name,
      paused: own.paused,
      topicArns: own.alarmTopicArns,
      actions: own.alarmActions,
    };
    const tested = [...this.connectionTest._passed, ...this.database.dependables];
    this.drill =
      own.drill &&
      ScheduledDrill._of(this, 'Drill', {
        drill: own.drill,
        database: this.database,
        storage: this.storage,
        backupAccess: this.connectionTest._access,
        after: tested,
        alarmed,
        publishEvents: own.publishEvents,
        retestOnEveryDeploy: own.retestOnEveryDeploy,
      });
    const { settings: storage } = this.connectionTest._access;
    const program = this.backupFunction._program;
    const common = {
      database: identifier,
      program,
      paused: own.paused,
      after: [
        ...tested,
        ...(this.drill?._passed ?? []),
        ...this.backupFunction._grantDatabase(),
        program.retries,
        ...(own.publishEvents ? [program.grantEvents()] : []),
      ],
    };

    const backUp: Request = {
      action: 'back-up',
      storage,
      database: this.backupFunction._databaseSettings,
      retentionDays: own.retention.numberOfDays,
      dueAt: '<aws.scheduler.scheduled-time>',
      dueTimes: own.schedule.schedulerExpressions,
      schedule: name,
      ...(own.leaveOut && { leaveOut: own.leaveOut }),
      ...(own.publishEvents && { events: true }),
    };
    const schedules = own.schedule.schedulerExpressions.map((expression, index) =>
      createSchedule(this, index === 0 ? 'Schedule' : `Schedule-${index + 1}`, {
        ...common,
        name: backupScheduleName(name, index + 1),
        expression,
        request: backUp,
      }),
    );
    this.node.defaultChild = schedules[0];
    this.scheduleNames = schedules.map((_, index) => backupScheduleName(name, index + 1));

    const watch: Request = {
      action: 'watch',
      storage,
      database: identifier,
      since: this.connectionTest.testedAt,
      schedule: name,
      ...(this.drill && { drillsSince: this.drill.testedAt }),
    };
    this.watchScheduleName = watchScheduleName(name);
    createSchedule(this, 'WatchSchedule', {
      ...common,
      name: this.watchScheduleName,
      expression: 'cron(30 * * * ? *)',
      request: watch,
    });
    const maximumAgeMs =
      own.alarmAfterHours === undefined ? 2 * own.schedule._longestGapMs() : own.alarmAfterHours * HOUR_MS;
    this.ageAlarmName = ageAlarmName(name);
    this.ageAlarmArn = this.ageAlarm(alarmed, watch, maximumAgeMs).arn;
    this.failureAlarmName = failureAlarmName(name);
    this.failureAlarmArn = createFailureAlarm(this, alarmed, backupAlarms(alarmed)).arn;
  }

  /** The watch runs once while Terraform applies, so that the alarm on the age has a value from the beginning. */
  private ageAlarm(alarmed: AlarmedBackup, watch: Request, maximumAgeMs: number): CloudwatchMetricAlarm {
    const firstWatch = new Invocation(this, 'FirstWatch', {
      program: this.backupFunction._program,
      request: watch,
      after: [...this.connectionTest._passed, ...(this.drill?._passed ?? []), ...this.database.dependables],
      lifecycle: { ignoreChanges: ['function_name', 'qualifier', 'input'] },
    });
    const alarm = createAgeAlarm(this, alarmed, backupAlarms(alarmed), maximumAgeMs);
    dependOn(alarm, firstWatch.resource);
    return alarm;
  }
}

function validate(props: ScheduledBackupProps, scope: Construct): void {
  validateUse(scope, props.database, props.storage);
  InvalidInput.check(scope, [
    ...drillProblems(props, scope),
    ...checkedValue('schedule', props.schedule, 'a method of BackupSchedule, such as BackupSchedule.daily'),
    ...checkedValue('retention', props.retention, 'BackupRetention.days'),
    matching(
      `scheduleName has 1 to ${LONGEST_BACKUP_NAME} letters, digits, hyphens, underscores and dots.`,
      props.scheduleName,
      new RegExp(`^[A-Za-z0-9_.-]{1,${LONGEST_BACKUP_NAME}}$`),
      'Choose such a name.',
    ),
    Token.isUnresolved(props.scheduleName)
      ? {
          rule: 'scheduleName is known when the program runs.',
          value: props.scheduleName,
          remedy: 'Write the name out.',
        }
      : undefined,
    each('alarmTopicArns', props.alarmTopicArns, (arn) => topicArn('Each of alarmTopicArns', arn)),
    each('alarmActions', props.alarmActions, alarmActionProblem),
    alarmAgeProblem(props),
    each('leaveOut', props.leaveOut, leftOutProblem),
    tagProblem(props.tags),
  ]);
}

/** Drills read the storage under credentials of their own, where they have some. */
function drillProblems(
  { drill, storage, scheduleName }: ScheduledBackupProps,
  scope: Construct,
): (Problem | undefined)[] {
  if (drill === undefined) return [];
  const credentials = drill._credentials;
  return [
    ...checkedValue('drill', drill, 'a method of RestoreDrill, such as RestoreDrill.weekly'),
    ...(credentials?._keyProblems?.(scope) ?? []),
    credentials && storage._roleProblem(credentials),
    matching(
      'scheduleName of a backup with a drill has no dot: the function of the drill is named by it.',
      scheduleName,
      /^[^.]*$/,
      'Choose a name without dots.',
    ),
  ];
}

function alarmActionProblem(action: IAlarmAction): Problem | undefined {
  return typeof action.bind === 'function'
    ? undefined
    : { rule: 'Each of alarmActions is an IAlarmAction.', value: action, remedy: 'Use an object with a method bind.' };
}

/** An alarm below the longest gap would be raised although every backup is made. */
function alarmAgeProblem({ alarmAfterHours, schedule }: ScheduledBackupProps): Problem | undefined {
  if (schedule?._problems?.length !== 0) return undefined;
  const minimum = Math.ceil(schedule._longestGapMs() / HOUR_MS);
  const remedy = 'Choose a longer time, or leave it out for twice the longest gap of the schedule.';
  return (
    knownAtSynth('alarmAfterHours', alarmAfterHours) ??
    wholeNumber('alarmAfterHours', alarmAfterHours, { minimum, maximum: 24 * 366 * 2, unit: 'hours' }, remedy)
  );
}

/** The problem of an element of `leaveOut`. */
function leftOutProblem({ database, schema, table }: LeftOut): Problem | undefined {
  const remedy = 'Write the name as PostgreSQL has it, without quotes.';
  return (
    required('schema of leaveOut', schema, 'Name the schema of the table, or the schema to leave out.') ??
    accepted('schema of leaveOut', schema, leftOutNameError, remedy) ??
    accepted('table of leaveOut', table, leftOutNameError, remedy) ??
    accepted('database of leaveOut', database, leftOutNameError, remedy)
  );
}

function leftOutNameError(name: string): string | undefined {
  return nameFault(name) ?? expressionFault(name);
}

function claimFolder(backup: ScheduledBackup): void {
  const { storage, database } = backup;
  const parts = [storage.endpoint ?? '', storage.bucket, storage.path];
  if (parts.some((part) => Token.isUnresolved(part))) {
    return;
  }
  claim(backup, ['folder', ...parts, database.identifier], {
    rule: (other) => `Two scheduled backups never write to one folder; ${other} writes to this one already.`,
    value: `${storage.bucket}/${storage.path}/${database.identifier}`,
    remedy: 'Give one of them another path.',
  });
}

/** The names of alarms and of the drill's function are made from those of the schedules. */
function claimNames(backup: ScheduledBackup, schedule: BackupSchedule, name: string): void {
  const further = schedule.schedulerExpressions.map((_, index) => backupScheduleName(name, index + 1));
  for (const taken of [name, ...further.slice(1), watchScheduleName(name), drillScheduleName(name)]) {
    claim(backup, ['schedule', ...providerKey(backup, backup.database.provider), taken], {
      rule: (other) =>
        `Two scheduled backups have names of their own for their schedules; ${other} has this one already.`,
      value: taken,
      remedy: 'Give one of them another scheduleName.',
    });
  }
}
