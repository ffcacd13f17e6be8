import { CloudwatchDashboard } from '@cdktf/provider-aws/lib/cloudwatch-dashboard';
import { Fn, Token } from 'cdktf';
import { Construct } from 'constructs';
import { ScheduledBackup } from './scheduled-backup';
import { runbookUrl } from '../contract/deployed-names';
import { Metric, METRIC_NAMESPACE, metricDimensions } from '../contract/metrics';
import { given } from '../private/given';
import { InvalidInput, Problem } from '../private/invalid-input';
import { shareProviderAndTags } from '../private/provider-and-tags';
import { providerKey } from '../private/region';
import { matching, required } from '../private/rules';
import { terraformJson } from '../private/terraform-json';

/** Props of a dashboard of backups. Wrong values are refused with the rule, the value and the path of the construct. */
export interface BackupDashboardProps {
  /** The backups that the dashboard shows, of one account and region: 1 to 50. */
  readonly backups: ScheduledBackup[];
  /** Name of the dashboard in CloudWatch: 1 to 255 letters, digits, hyphens and underscores. */
  readonly dashboardName: string;
}

/**
 * A CloudWatch dashboard of scheduled backups: age of the newest one, failures, duration, size and rate, the proofs of the
 * drills, the states of the alarms, and links to the logs and the runbooks.
 */
export class BackupDashboard extends Construct {
  /** Name of the dashboard in CloudWatch. */
  readonly dashboardName: string;
  /** ARN of the dashboard. */
  readonly dashboardArn: string;

  /**
   * Declares a dashboard.
   *
   * @param scope the stack, or a construct in it, that the dashboard belongs to.
   * @param id id of the construct, unique in its scope.
   * @param props the backups and the name.
   */
  constructor(scope: Construct, id: string, props: BackupDashboardProps) {
    super(scope, id);
    const { backups, dashboardName } = given(props);
    validate(props, this);
    shareProviderAndTags(this, { provider: backups[0].database.provider });
    const dashboard = new CloudwatchDashboard(this, 'Resource', {
      dashboardName,
      dashboardBody: terraformJson({ widgets: widgets(backups) }),
    });
    this.node.defaultChild = dashboard;
    this.dashboardName = dashboardName;
    this.dashboardArn = dashboard.dashboardArn;
  }
}

/** The columns of a dashboard (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html). */
const COLUMNS = 24;
const MOST_BACKUPS = 50;

interface Graph {
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly stat: 'Minimum' | 'Maximum' | 'Sum' | 'Average';
  readonly period: number;
}

const HOUR = 3600;
const DAY = 24 * HOUR;

const GRAPHS: readonly Graph[] = [
  { title: 'Age of the newest completed backup', metrics: ['BackupAge'], stat: 'Minimum', period: HOUR },
  { title: 'Failed runs', metrics: ['BackupFailed'], stat: 'Sum', period: DAY },
  { title: 'Duration', metrics: ['BackupDuration'], stat: 'Maximum', period: HOUR },
  { title: 'Size', metrics: ['DatabaseSize', 'StoredSize'], stat: 'Maximum', period: HOUR },
  { title: 'Rate', metrics: ['BackupRate'], stat: 'Average', period: HOUR },
  { title: 'Repeated requests, locked runs', metrics: ['StorageRetries', 'BackupLocked'], stat: 'Sum', period: HOUR },
];

/** Of the backups that are drilled. */
const DRILL_GRAPHS: readonly Graph[] = [
  { title: 'Age of the newest proof', metrics: ['ProofAge'], stat: 'Minimum', period: HOUR },
  { title: 'Failed drills', metrics: ['DrillFailed'], stat: 'Sum', period: DAY },
  { title: 'Duration of drills', metrics: ['DrillDuration'], stat: 'Maximum', period: HOUR },
];

const GRAPH = { width: COLUMNS / 3, height: 6 };
const ALARMS_HEIGHT = 3;

function widgets(backups: readonly ScheduledBackup[]): object[] {
  // arn:aws:cloudwatch:region:account:alarm:name
  const region = Token.asString(Fn.element(Fn.split(':', backups[0].ageAlarmArn), 3));
  const drilled = backups.filter(({ drill }) => drill !== undefined);
  const alarms = [...backups, ...drilled.map(({ drill }) => drill!)].flatMap(({ ageAlarmArn, failureAlarmArn }) => [
    ageAlarmArn,
    failureAlarmArn,
  ]);
  const drawn = [
    ...GRAPHS.map((graph) => ({ ...graph, of: backups })),
    ...(drilled.length > 0 ? DRILL_GRAPHS.map((graph) => ({ ...graph, of: drilled })) : []),
  ];
  const graphs = drawn.map(({ title, metrics, stat, period, of }, index) => ({
    type: 'metric',
    x: (index % 3) * GRAPH.width,
    y: ALARMS_HEIGHT + Math.floor(index / 3) * GRAPH.height,
    ...GRAPH,
    properties: {
      title,
      region,
      view: 'timeSeries',
      stat,
      period,
      metrics: of.flatMap((backup) => metrics.map((metric) => line(backup, metric, metrics.length > 1))),
    },
  }));
  return [
    { type: 'alarm', x: 0, y: 0, width: COLUMNS, height: ALARMS_HEIGHT, properties: { title: 'Alarms', alarms } },
    ...graphs,
    {
      type: 'text',
      x: 0,
      y: ALARMS_HEIGHT + (drawn.length / 3) * GRAPH.height,
      width: COLUMNS,
      height: Math.min(3 + backups.length + drilled.length, 20),
      properties: { markdown: links(backups, region) },
    },
  ];
}

/** A metric with its dimensions in pairs, as a dashboard takes it. */
function line({ database, scheduleNames }: ScheduledBackup, metric: Metric, namesMetric: boolean): unknown[] {
  const [schedule] = scheduleNames;
  const label = namesMetric ? `${schedule} ${metric}` : schedule;
  return [
    METRIC_NAMESPACE,
    metric,
    ...Object.entries(metricDimensions(database.identifier, schedule)).flat(),
    { label },
  ];
}

function links(backups: readonly ScheduledBackup[], region: string): string {
  const logs = backups
    .flatMap(({ scheduleNames: [scheduleName], backupFunction, drill }) => [
      { scheduleName, logGroupName: backupFunction.logGroupName },
      ...(drill ? [drill] : []),
    ])
    .map(({ scheduleName, logGroupName }) => {
      // The console encodes a name twice, with $ in the place of %.
      const group = encodeURIComponent(encodeURIComponent(logGroupName)).replaceAll('%', '$');
      return `[log of ${scheduleName}](/cloudwatch/home?region=${region}#logsV2:log-groups/log-group/${group})`;
    });
  const runbooks = [
    `[a backup failed](${runbookUrl('failed-backup')})`,
    `[a backup is missing](${runbookUrl('missing-backup')})`,
    `[a drill failed](${runbookUrl('failed-drill')})`,
  ];
  return [`What to do when ${runbooks.join(', when ')}.`, '', ...logs.map((link) => `- ${link}`)].join('\n');
}

function validate(props: BackupDashboardProps, scope: Construct): void {
  const { backups, dashboardName } = given(props);
  const remedy = 'Pass a list of ScheduledBackup.';
  InvalidInput.check(scope, [
    backups?.length >= 1 &&
    backups.length <= MOST_BACKUPS &&
    backups.every((each) => typeof each?.ageAlarmArn === 'string')
      ? undefined
      : { rule: `backups has 1 to ${MOST_BACKUPS} scheduled backups.`, value: backups?.length, remedy },
    required('dashboardName', dashboardName, 'Give the dashboard a name.'),
    matching(
      'dashboardName has 1 to 255 letters, digits, hyphens and underscores.',
      dashboardName,
      /^[A-Za-z0-9_-]{1,255}$/,
      'Choose such a name.',
    ),
  ]);
  InvalidInput.check(scope, [otherRegionProblem(backups)]);
}

/** A graph reads one region. */
function otherRegionProblem(backups: readonly ScheduledBackup[]): Problem | undefined {
  const keys = backups.map((each) => JSON.stringify(providerKey(each, each.database.provider)));
  return new Set(keys).size === 1
    ? undefined
    : {
        rule: 'The backups of a dashboard have one AWS provider: one account and region.',
        value: backups.map(({ node }) => node.path),
        remedy: 'Make a dashboard for each.',
      };
}
