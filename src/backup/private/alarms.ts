import { CloudwatchMetricAlarm, CloudwatchMetricAlarmConfig } from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm';
import { Construct } from 'constructs';
import { ageAlarmName, drillScheduleName, failureAlarmName, runbookUrl } from '../../contract/deployed-names';
import { Metric, METRIC_NAMESPACE, metricDimensions } from '../../contract/metrics';
import { InvalidInput, Problem } from '../../private/invalid-input';
import { alarmActionArn, each } from '../../private/rules';
import { AlarmActionArns, BackupAlarmKind, IAlarmAction } from '../alarm-action';

/** What the alarms of one scheduled backup have in common. */
export interface AlarmedBackup {
  readonly database: string;
  readonly schedule: string;
  readonly paused?: boolean;
  readonly topicArns?: string[];
  readonly actions?: IAlarmAction[];
}

/** What a pair of alarms is about: how old its newest result is, and whether its last run failed. */
export interface AlarmSubject {
  /** The part of the alarms' names before their suffix. */
  readonly name: string;
  readonly age: AlarmText;
  readonly failure: AlarmText;
}

interface AlarmText {
  readonly kind: BackupAlarmKind;
  readonly metric: Metric;
  /** Why the alarm is raised; the one on the age ends with the hours. */
  readonly reason: string;
  readonly runbook: Parameters<typeof runbookUrl>[0];
}

export function backupAlarms({ database, schedule }: AlarmedBackup): AlarmSubject {
  return {
    name: schedule,
    age: {
      kind: BackupAlarmKind.AGE,
      metric: 'BackupAge',
      reason: `The age of the newest backup of database ${database} is unknown, or no backup was completed for`,
      runbook: 'missing-backup',
    },
    failure: {
      kind: BackupAlarmKind.FAILURE,
      metric: 'BackupFailed',
      reason: `The last backup of database ${database} failed.`,
      runbook: 'failed-backup',
    },
  };
}

export function drillAlarms({ database, schedule }: AlarmedBackup): AlarmSubject {
  return {
    name: drillScheduleName(schedule),
    age: {
      kind: BackupAlarmKind.PROOF_AGE,
      metric: 'ProofAge',
      reason: `The age of the newest proof of a backup of database ${database} is unknown, or no backup was proved for`,
      runbook: 'failed-drill',
    },
    failure: {
      kind: BackupAlarmKind.DRILL_FAILURE,
      metric: 'DrillFailed',
      reason: `The last drill disproved a backup of database ${database}, or could not be run.`,
      runbook: 'failed-drill',
    },
  };
}

/**
 * The alarm on what does not happen. A value that is missing later makes it INSUFFICIENT_DATA, which notifies as well. Were
 * it to count as breaching instead, a new alarm would notify before CloudWatch has read the first value from the log.
 */
export function createAgeAlarm(
  scope: Construct,
  backup: AlarmedBackup,
  { name, age }: AlarmSubject,
  maximumAgeMs: number,
): CloudwatchMetricAlarm {
  const details = { kind: age.kind, alarmName: ageAlarmName(name) };
  return new CloudwatchMetricAlarm(scope, 'AgeAlarm', {
    ...metricOf(backup, age.metric),
    ...actionsOf(scope, 'AgeAlarmActions', backup, details),
    alarmName: details.alarmName,
    alarmDescription: `${age.reason} ${maximumAgeMs / 3_600_000} hours. What to do: ${runbookUrl(age.runbook)}`,
    statistic: 'Minimum',
    comparisonOperator: 'GreaterThanThreshold',
    threshold: maximumAgeMs / 1000,
    // The watch runs every hour: two hours without a value are as bad as an age that is too high.
    period: 3600,
    evaluationPeriods: 2,
    treatMissingData: 'missing',
    actionsEnabled: !backup.paused,
    lifecycle: backup.paused === undefined ? { ignoreChanges: ['actions_enabled'] } : undefined,
  });
}

/**
 * The alarm on runs that fail. It shows the result of the last run until the next one: where nothing runs, it keeps its
 * state. A run that Lambda repeats with success within the period does not raise it.
 */
export function createFailureAlarm(
  scope: Construct,
  backup: AlarmedBackup,
  { name, failure }: AlarmSubject,
): CloudwatchMetricAlarm {
  const details = { kind: failure.kind, alarmName: failureAlarmName(name) };
  return new CloudwatchMetricAlarm(scope, 'FailureAlarm', {
    ...metricOf(backup, failure.metric),
    ...actionsOf(scope, 'FailureAlarmActions', backup, details),
    alarmName: details.alarmName,
    alarmDescription: `${failure.reason} What to do: ${runbookUrl(failure.runbook)}`,
    statistic: 'Minimum',
    comparisonOperator: 'GreaterThanOrEqualToThreshold',
    threshold: 1,
    period: 300,
    evaluationPeriods: 1,
    treatMissingData: 'ignore',
  });
}

function metricOf({ database, schedule }: AlarmedBackup, metricName: Metric) {
  return { namespace: METRIC_NAMESPACE, metricName, dimensions: metricDimensions(database, schedule) };
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html, AlarmActions. */
const MOST_ACTIONS = 5;

function tooManyProblem(arns: readonly string[]): Problem | undefined {
  return arns.length > MOST_ACTIONS
    ? {
        rule: `An alarm has at most ${MOST_ACTIONS} actions for one state, alarmTopicArns and alarmActions together.`,
        value: arns,
        remedy: 'Let one topic notify the others.',
      }
    : undefined;
}

/** The topics are notified of every change of state. */
function actionsOf(
  scope: Construct,
  id: string,
  { database, topicArns = [], actions = [] }: AlarmedBackup,
  details: { readonly kind: BackupAlarmKind; readonly alarmName: string },
): Pick<CloudwatchMetricAlarmConfig, 'alarmActions' | 'okActions' | 'insufficientDataActions'> {
  const own = actions.length === 0 ? scope : new Construct(scope, id);
  const bound = actions.map((action, index) =>
    action.bind(new Construct(own, `Action${index + 1}`), { ...details, databaseIdentifier: database }),
  );
  const arns = (of: (action: AlarmActionArns) => string[] | undefined) => {
    const added = bound.flatMap((action) => of(action) ?? []);
    const all = [...topicArns, ...added];
    InvalidInput.check(scope, [
      each('the ARNs of alarmActions', added, (arn) => alarmActionArn('Each ARN of alarmActions', arn)),
      tooManyProblem(all),
    ]);
    return all.length === 0 ? undefined : all;
  };
  return {
    alarmActions: arns(({ onAlarm }) => onAlarm),
    okActions: arns(({ onOk }) => onOk),
    insufficientDataActions: arns(({ onInsufficientData }) => onInsufficientData),
  };
}
