import { Annotations, ITerraformDependable, Token } from 'cdktf';
import { Construct } from 'constructs';
import { AlarmedBackup, createAgeAlarm, createFailureAlarm, drillAlarms } from './private/alarms';
import { createSchedule } from './private/schedule';
import { RestoreDrill } from './restore-drill';
import { ageAlarmName, drillScheduleName, failureAlarmName } from '../contract/deployed-names';
import { drillRights } from '../contract/minimum-policy';
import { IManagedDatabase } from '../database/database';
import { DrillFunction } from '../function/drill-function';
import { StorageAccess } from '../function/storage-access';
import { StorageTest } from '../function/storage-test';
import { BackupStorage } from '../storage/backup-storage';

interface ScheduledDrillProps {
  readonly drill: RestoreDrill;
  readonly database: IManagedDatabase;
  readonly storage: BackupStorage;
  /** How the backup function reaches the storage. */
  readonly backupAccess: StorageAccess;
  /** What the schedule comes after, beside the drill's own test. */
  readonly after: readonly ITerraformDependable[];
  readonly alarmed: AlarmedBackup;
  readonly publishEvents?: boolean;
  readonly retestOnEveryDeploy?: boolean;
}

/**
 * The restore drills of a scheduled backup: a function of its own that reaches the storage and not the database, a test that
 * it can read the backups and store a proof, a schedule, an alarm on backups that are not proved and one on drills that
 * fail. It is `drill` of a `ScheduledBackup`.
 */
export class ScheduledDrill extends Construct {
  /** @internal */
  static _of(scope: Construct, id: string, props: ScheduledDrillProps): ScheduledDrill {
    return new ScheduledDrill(scope, id, props);
  }

  /** `Passed`, known once the test has run. A test that fails stops the deployment with the reason and the remedy. */
  readonly testState: string;
  /** When the test passed: ISO 8601, UTC. */
  readonly testedAt: string;
  /** Name of the schedule in EventBridge Scheduler that starts the drills. */
  readonly scheduleName: string;
  /** Name of the function that runs the drills. */
  readonly functionName: string;
  /** ARN of the function that runs the drills, without a version. */
  readonly functionArn: string;
  /** Name of the function's role. */
  readonly roleName: string;
  /** ARN of the function's role. */
  readonly roleArn: string;
  /** Id of the function's security group; absent for a drill without a network. */
  readonly securityGroupId?: string;
  /** Name of the log group of the function. */
  readonly logGroupName: string;
  /** Name of the alarm on backups that are not proved. */
  readonly ageAlarmName: string;
  /** ARN of the alarm on backups that are not proved. */
  readonly ageAlarmArn: string;
  /** Name of the alarm on drills that fail. */
  readonly failureAlarmName: string;
  /** ARN of the alarm on drills that fail. */
  readonly failureAlarmArn: string;

  /**
   * What comes after the drill's test.
   *
   * @internal
   */
  readonly _passed: readonly ITerraformDependable[];

  private constructor(scope: Construct, id: string, props: ScheduledDrillProps) {
    super(scope, id);
    const { drill, database, storage, alarmed, publishEvents } = props;
    const { identifier } = database;
    this.scheduleName = drillScheduleName(alarmed.schedule);
    const { program } = new DrillFunction(this, 'Function', {
      database,
      functionName: this.scheduleName,
      network: drill._network,
      memoryMib: drill._memoryMib,
      ephemeralStorageMib: drill._ephemeralStorageMib,
    });
    const access = new StorageAccess(this, 'Storage', {
      program,
      database,
      storage,
      rights: drillRights(identifier),
      credentials: drill._credentials,
      sharedWith: drill._credentials === undefined ? props.backupAccess : undefined,
    });
    const test = new StorageTest(this, 'Test', {
      program,
      access,
      request: { action: 'test-drill', storage: access.settings, database: identifier },
      retestOnEveryDeploy: props.retestOnEveryDeploy,
    });
    database.createAfter(test.resource);
    this._passed = test.passed;
    this.testState = test.answer('state');
    this.testedAt = test.answer('testedAt');

    const schedule = createSchedule(this, 'Schedule', {
      name: this.scheduleName,
      database: identifier,
      expression: drill.schedule.schedulerExpressions[0],
      program,
      request: {
        action: 'drill',
        source: { storage: access.settings, database: identifier, backup: { kind: 'latest' } },
        schedule: alarmed.schedule,
        ...(drill._checks.length > 0 && { checks: drill._checks }),
        ...(publishEvents && { events: true }),
      },
      after: [...props.after, ...test.passed, program.retries, ...(publishEvents ? [program.grantEvents()] : [])],
      paused: alarmed.paused,
    });
    this.node.defaultChild = schedule;
    this.functionName = program.functionName;
    this.functionArn = program.functionArn;
    this.roleName = program.roleName;
    this.roleArn = program.roleArn;
    this.securityGroupId = program.securityGroupId;
    this.logGroupName = program.logGroupName;

    const alarms = drillAlarms(alarmed);
    this.ageAlarmName = ageAlarmName(alarms.name);
    this.ageAlarmArn = createAgeAlarm(this, alarmed, alarms, 2 * drill.schedule._longestGapMs()).arn;
    this.failureAlarmName = failureAlarmName(alarms.name);
    this.failureAlarmArn = createFailureAlarm(this, alarmed, alarms).arn;
    this.warnOfLargePlan(drill, database);
  }

  /** The storage of a plan is a ceiling, and most databases are far below it: how much data there is, nobody knows yet. */
  private warnOfLargePlan(
    { _ephemeralStorageMib: diskMib }: RestoreDrill,
    { plan, identifier }: IManagedDatabase,
  ): void {
    if (Token.isUnresolved(diskMib) || Token.isUnresolved(plan.storageGib)) return;
    const diskGib = diskMib / 1024;
    if (plan.storageGib <= LARGE_PLAN * diskGib) return;
    Annotations.of(this).addWarning(
      `Database ${identifier} has ${plan.storageGib} GiB of storage, and the function of its drills has ${diskGib} GiB of disk. A drill of a database that does not fit is refused before a byte is read, and its alarm is raised. Such a database is drilled on a machine with enough disk: npx cdktf-managed-database drill.`,
    );
  }
}

/** A plan with more than this many times the disk of a drill was hardly chosen for a database that fits. */
const LARGE_PLAN = 10;
