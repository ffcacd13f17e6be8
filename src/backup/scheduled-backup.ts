import { CloudwatchMetricAlarm } from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm';
import { SchedulerSchedule } from '@cdktf/provider-aws/lib/scheduler-schedule';
import { ITerraformDependable, Token } from 'cdktf';
import { Construct } from 'constructs';
import { BackupRetention } from './backup-retention';
import { BackupSchedule } from './backup-schedule';
import { BackupSource } from './backup-source';
import { ConnectionTest } from './connection-test';
import { Request } from '../contract/requests';
import { IManagedDatabase, ManagedDatabase } from '../database/managed-database';
import { BackupFunction } from '../function/backup-function';
import { dependOn } from '../private/depend-on';
import { InvalidInput } from '../private/invalid-input';
import { terraformJson } from '../private/terraform-json';
import { BackupStorage } from '../storage/backup-storage';

/** Props of a scheduled backup. */
export interface ScheduledBackupProps {
  readonly database: IManagedDatabase;
  readonly storage: BackupStorage;
  readonly schedule: BackupSchedule;
  readonly retention: BackupRetention;
  /**
   * Whether the schedule rests. `true` and `false` are held by every deployment; left out, a pause from the command
   * line survives the next one.
   *
   * @default - it runs, and a pause from the command line stays
   */
  readonly paused?: boolean;
  /**
   * Name of the schedule in EventBridge Scheduler, by which the command line finds it: 1 to 60 letters, digits, `-`,
   * `_` and `.`.
   *
   * @default - the identifier of the database, followed by `-backup`
   */
  readonly scheduleName?: string;
  /**
   * ARNs of SNS topics that hear of backups that fail or do not happen.
   *
   * @default - none: the alarms change their state and tell nobody
   */
  readonly alarmTopicArns?: string[];
  /**
   * Whether every deployment runs the connection test, for those whose secrets change outside of Terraform.
   *
   * @default - false
   */
  readonly retestOnEveryDeploy?: boolean;
}

/**
 * Backups of a database, on a schedule, into a storage, kept for a while.
 *
 * Its connection test comes before the database; the schedule comes last and names the version of the function and of
 * the secret that passed.
 */
export class ScheduledBackup extends Construct {
  readonly database: IManagedDatabase;
  readonly storage: BackupStorage;
  readonly connectionTest: ConnectionTest;
  /** Names of the schedules in EventBridge Scheduler: one, unless the cron expression takes more. */
  readonly scheduleNames: string[];

  private readonly backupFunction: BackupFunction;

  constructor(scope: Construct, id: string, props: ScheduledBackupProps) {
    super(scope, id);
    this.database = props.database;
    this.storage = props.storage;
    claimFolder(this);
    const name = props.scheduleName ?? `${this.database.identifier.slice(0, 53)}-backup`;
    validateScheduleName(name, this);

    this.backupFunction = BackupFunction.of(this.database);
    this.connectionTest = new ConnectionTest(this, 'ConnectionTest', {
      database: this.database,
      storage: this.storage,
      retestOnEveryDeploy: props.retestOnEveryDeploy,
    });
    const storage = this.connectionTest._settings;
    const after = [
      ...this.connectionTest._passed,
      ...this.backupFunction.grantDatabase(),
      this.backupFunction.retries,
      ...(this.database instanceof ManagedDatabase ? this.database._ready : []),
    ];

    const backUp: Request = {
      action: 'back-up',
      storage,
      database: this.backupFunction.databaseSettings,
      retentionDays: props.retention.numberOfDays,
      dueAt: '<aws.scheduler.scheduled-time>',
    };
    this.scheduleNames = props.schedule.schedulerExpressions.map((expression, index) => {
      const suffix = index === 0 ? '' : `-${index + 1}`;
      this.schedule(`Schedule${suffix}`, `${name}${suffix}`, expression, backUp, after, props.paused);
      return `${name}${suffix}`;
    });

    const watch: Request = {
      action: 'watch',
      storage,
      database: this.database.identifier,
      since: this.connectionTest.testedAt,
    };
    this.schedule('WatchSchedule', `${name}-watch`, 'cron(30 * * * ? *)', watch, after, props.paused);
    this.alarms(name, props.schedule._longestGapMs(), props);
  }

  /** The newest completed backup at the time of the restore. */
  latest(): BackupSource {
    return BackupSource._of(this.storage, this.database.identifier, { kind: 'latest' }, this.database);
  }

  /**
   * A backup by its id, such as `20261122T030000Z`.
   *
   * @throws where the text is no backup id
   */
  backup(id: string): BackupSource {
    return BackupSource._of(this.storage, this.database.identifier, { kind: 'backup', id }, this.database);
  }

  /**
   * The newest backup completed before a moment.
   *
   * @param time ISO 8601 in UTC, such as `2026-11-22T03:00:00Z`
   * @throws where the text is no such moment
   */
  before(time: string): BackupSource {
    return BackupSource._of(this.storage, this.database.identifier, { kind: 'before', time }, this.database);
  }

  private schedule(
    id: string,
    name: string,
    expression: string,
    request: Request,
    after: readonly ITerraformDependable[],
    paused: boolean | undefined,
  ): void {
    const schedule = new SchedulerSchedule(this, id, {
      name,
      scheduleExpression: expression,
      scheduleExpressionTimezone: 'UTC',
      flexibleTimeWindow: { mode: 'OFF' },
      state: paused ? 'DISABLED' : 'ENABLED',
      target: {
        arn: this.backupFunction.versionArn,
        roleArn: this.backupFunction.schedulerRoleArn,
        input: terraformJson(request),
        retryPolicy: { maximumRetryAttempts: 1, maximumEventAgeInSeconds: 3600 },
      },
      lifecycle: paused === undefined ? { ignoreChanges: ['state'] } : undefined,
    });
    dependOn(schedule, ...after);
  }

  /** One alarm on backups that do not happen, one on those that fail. */
  private alarms(name: string, longestGap: number, props: ScheduledBackupProps): void {
    const common = {
      namespace: 'ManagedDatabase',
      dimensions: { Database: this.database.identifier },
      period: 3600,
      evaluationPeriods: 1,
      alarmActions: props.alarmTopicArns,
      okActions: props.alarmTopicArns,
    };
    new CloudwatchMetricAlarm(this, 'AgeAlarm', {
      ...common,
      alarmName: `${name}-age`,
      alarmDescription: `No backup of database ${this.database.identifier} was completed for twice the longest gap of its schedule, or nobody could tell`,
      metricName: 'BackupAge',
      statistic: 'Minimum',
      comparisonOperator: 'GreaterThanThreshold',
      threshold: (2 * longestGap) / 1000,
      // The watch runs every hour: two hours without a word are as bad as an old backup.
      evaluationPeriods: 2,
      treatMissingData: 'breaching',
      actionsEnabled: !props.paused,
      lifecycle: props.paused === undefined ? { ignoreChanges: ['actions_enabled'] } : undefined,
    });
    new CloudwatchMetricAlarm(this, 'FailureAlarm', {
      ...common,
      alarmName: `${name}-failure`,
      alarmDescription: `A backup of database ${this.database.identifier} failed`,
      metricName: 'BackupFailed',
      statistic: 'Sum',
      comparisonOperator: 'GreaterThanOrEqualToThreshold',
      threshold: 1,
      treatMissingData: 'notBreaching',
    });
  }
}

/** Folders that scheduled backups of one app write to, by the app's root. */
const folders = new WeakMap<object, Map<string, string>>();

function claimFolder(backup: ScheduledBackup): void {
  const { storage, database } = backup;
  const parts = [storage.endpoint ?? '', storage.bucket, storage.path];
  if (parts.some((part) => Token.isUnresolved(part))) {
    return;
  }
  const { root } = backup.node;
  const claimed = folders.get(root) ?? new Map<string, string>();
  folders.set(root, claimed);
  const folder = [...parts, database.identifier].join(' ');
  const other = claimed.get(folder);
  if (other !== undefined) {
    throw InvalidInput.of(
      `Two scheduled backups never write to one folder; ${other} writes to this one already.`,
      `${storage.bucket}/${storage.path}/${database.identifier}`,
      'Give one of them another path.',
      backup,
    );
  }
  claimed.set(folder, backup.node.path);
}

function validateScheduleName(name: string, scope: Construct): void {
  if (!/^[A-Za-z0-9_.-]{1,60}$/.test(name)) {
    throw InvalidInput.of(
      'The name of a schedule has 1 to 60 letters, digits, hyphens, underscores and dots.',
      name,
      'Choose such a name as scheduleName.',
      scope,
    );
  }
}
