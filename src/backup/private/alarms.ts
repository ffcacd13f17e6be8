import { CloudwatchMetricAlarm, CloudwatchMetricAlarmConfig } from '@cdktf/provider-aws/lib/cloudwatch-metric-alarm';
import { Construct } from 'constructs';
import { ageAlarmName, failureAlarmName, runbookUrl } from '../../contract/deployed-names';
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

/**
 * The alarm on backups that do not happen. A value that is missing later makes it INSUFFICIENT_DATA, which notifies as
 * well. Were it to count as breaching instead, a new alarm would notify before CloudWatch has read the first value from the
 * log.
 */
export function createAgeAlarm(scope: Construct, backup: AlarmedBackup, maximumAgeMs: number): CloudwatchMetricAlarm {
  const details = { kind: BackupAlarmKind.AGE, alarmName: ageAlarmName(backup.schedule) };
  return new CloudwatchMetricAlarm(scope, 'AgeAlarm', {
    ...metricOf(backup, 'BackupAge'),
    ...actionsOf(scope, 'AgeAlarmActions', backup, details),
    alarmName: details.alarmName,
    alarmDescription: `No backup of database ${backup.database} was completed for ${maximumAgeMs / 3_600_000} hours, or the age of the newest one is unknown. What to do: ${runbookUrl('missing-backup')}`,
    statistic: 'Minimum',
    comparisonOperator: 'GreaterThanThreshold',
    threshold: maximumAgeMs / 1000,
    // The watch runs every hour: two hours without a value are as bad as an old backup.
    period: 3600,
    evaluationPeriods: 2,
    treatMissingData: 'missing',
    actionsEnabled: !backup.paused,
    lifecycle: backup.paused === undefined ? { ignoreChanges: ['actions_enabled'] } : undefined,
  });
}

/**
 * The alarm on backups that fail. It shows the result of the last run until the next one: where nothing runs, it keeps its
 * state. A run that Lambda repeats with success within the period does not raise it.
 */
export function createFailureAlarm(scope: Construct, backup: AlarmedBackup): CloudwatchMetricAlarm {
  const details = { kind: BackupAlarmKind.FAILURE, alarmName: failureAlarmName(backup.schedule) };
  const { insufficientDataActions, ...actions } = actionsOf(scope, 'FailureAlarmActions', backup, details);
  return new CloudwatchMetricAlarm(scope, 'FailureAlarm', {
    ...metricOf(backup, 'BackupFailed'),
    ...actions,
    alarmName: details.alarmName,
    alarmDescription: `The last backup of database ${backup.database} failed. What to do: ${runbookUrl('failed-backup')}`,
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
