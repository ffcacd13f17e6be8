/**
 * What AWS refuses in addition to what its models say, of the services other than RDS that a deployment calls. Each rule names
 * the page of AWS's documentation that says so.
 */
export interface ServiceRule {
  readonly name: string;
  readonly source: string;
  /** As signatures name the service. */
  readonly service: string;
  readonly operations: readonly string[];
  readonly code: string;
  /** @returns what is wrong, or undefined */
  readonly check: (input: Input) => string | undefined;
}

export interface ServiceRefusal {
  readonly code: string;
  readonly message: string;
}

/** The input of an operation by the names of its model; values of forms are texts. */
type Input = Record<string, any>;

const DOCS = 'https://docs.aws.amazon.com';

const LAMBDA = `${DOCS}/lambda/latest`;
const FUNCTIONS = ['CreateFunction', 'UpdateFunctionConfiguration'];
const SCHEDULES = ['CreateSchedule', 'UpdateSchedule'];
const SCHEDULER = `${DOCS}/scheduler/latest`;
const CLOUDWATCH = `${DOCS}/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html`;
const DASHBOARD = `${DOCS}/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html`;
const IAM_QUOTAS = `${DOCS}/IAM/latest/UserGuide/reference_iam-quotas.html`;
const IAM_GRAMMAR = `${DOCS}/IAM/latest/UserGuide/reference_policies_grammar.html`;
const SECRETS = `${DOCS}/secretsmanager/latest/apireference`;
const SECURITY_GROUP = `${DOCS}/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html`;
const IP_RANGE = `${DOCS}/AWSEC2/latest/APIReference/API_IpRange.html`;
const RULES_OF_GROUPS = ['AuthorizeSecurityGroupIngress', 'AuthorizeSecurityGroupEgress'];

export const SERVICE_RULES: readonly ServiceRule[] = [
  ...of('lambda', 'InvalidParameterValueException', [
    rule('lambda-function-name', `${LAMBDA}/api/API_CreateFunction.html`, ['CreateFunction'], ({ FunctionName }) =>
      /(^|:)[\w-]{1,64}$/.test(FunctionName) ? undefined : `FunctionName ${FunctionName} has more than 64 characters`,
    ),
    rule('lambda-timeout', `${LAMBDA}/dg/gettingstarted-limits.html`, FUNCTIONS, ({ Timeout }) =>
      (Timeout ?? 0) <= 900 ? undefined : `Timeout ${Timeout} is above 900 seconds`,
    ),
    rule('lambda-memory', `${LAMBDA}/dg/gettingstarted-limits.html`, FUNCTIONS, ({ MemorySize }) =>
      (MemorySize ?? 0) <= 10_240 ? undefined : `MemorySize ${MemorySize} is above 10240 MB`,
    ),
    rule('lambda-layers', `${LAMBDA}/dg/gettingstarted-limits.html`, FUNCTIONS, ({ Layers = [] }) =>
      Layers.length <= 5 ? undefined : `A function has at most 5 layers, not ${Layers.length}`,
    ),
    rule('lambda-environment-size', `${LAMBDA}/dg/gettingstarted-limits.html`, FUNCTIONS, ({ Environment }) => {
      const bytes = Buffer.byteLength(JSON.stringify(Environment?.Variables ?? {}));
      return bytes <= 4096 ? undefined : `The environment variables have ${bytes} bytes, more than 4 KB`;
    }),
    rule('lambda-reserved-variables', `${LAMBDA}/dg/configuration-envvars.html`, FUNCTIONS, ({ Environment }) => {
      const reserved = Object.keys(Environment?.Variables ?? {}).filter((name) =>
        /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_)?REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_\w+|AWS_(ACCESS_KEY(_ID)?|SECRET_ACCESS_KEY|SESSION_TOKEN)|LAMBDA_\w+)$/.test(
          name,
        ),
      );
      return reserved.length === 0 ? undefined : `Reserved keys used in environment variables: ${reserved.join(', ')}`;
    }),
    rule('lambda-runtime', `${LAMBDA}/dg/lambda-runtimes.html`, FUNCTIONS, ({ Runtime = '' }) =>
      /^nodejs(4\.3|6\.10|8\.10|10\.x|12\.x|14\.x|16\.x)?(-edge)?$/.test(Runtime)
        ? `The runtime ${Runtime} is no longer supported for creating or updating functions`
        : undefined,
    ),
    rule('lambda-subnets-with-groups', `${LAMBDA}/api/API_VpcConfig.html`, FUNCTIONS, ({ VpcConfig }) =>
      (VpcConfig?.SubnetIds?.length ?? 0) > 0 === (VpcConfig?.SecurityGroupIds?.length ?? 0) > 0
        ? undefined
        : 'SubnetIds and SecurityGroupIds must both be given, or neither',
    ),
  ]),
  ...of('scheduler', 'ValidationException', [
    rule('schedule-expression', `${SCHEDULER}/UserGuide/schedule-types.html`, SCHEDULES, ({ ScheduleExpression }) =>
      isScheduleExpression(ScheduleExpression) ? undefined : `Invalid Schedule Expression ${ScheduleExpression}.`,
    ),
    rule('schedule-window', `${SCHEDULER}/APIReference/API_FlexibleTimeWindow.html`, SCHEDULES, (input) => {
      const { Mode, MaximumWindowInMinutes } = input.FlexibleTimeWindow;
      return (Mode === 'FLEXIBLE') === (MaximumWindowInMinutes !== undefined)
        ? undefined
        : 'MaximumWindowInMinutes goes with the mode FLEXIBLE, and with no other';
    }),
    rule('schedule-target', `${SCHEDULER}/APIReference/API_Target.html`, SCHEDULES, ({ Target }) =>
      /^arn:aws[\w-]*:[\w-]+:[\w-]*:\d{0,12}:.+$/.test(Target.Arn)
        ? undefined
        : `Provided Arn is not in correct format: ${Target.Arn}`,
    ),
    rule('schedule-time-zone', `${SCHEDULER}/UserGuide/schedule-types.html`, SCHEDULES, (input) =>
      isTimeZone(input.ScheduleExpressionTimezone ?? 'UTC')
        ? undefined
        : `Invalid time zone ${input.ScheduleExpressionTimezone}`,
    ),
  ]),
  ...of('iam', 'MalformedPolicyDocument', [
    rule('iam-trust-policy', IAM_GRAMMAR, ['CreateRole', 'UpdateAssumeRolePolicy'], (input) =>
      policyFault(
        input.AssumeRolePolicyDocument ?? input.PolicyDocument,
        ['Effect', 'Principal', 'Action'],
        ['Resource'],
      ),
    ),
    rule('iam-policy', IAM_GRAMMAR, ['PutRolePolicy', 'CreatePolicy'], ({ PolicyDocument }) =>
      policyFault(PolicyDocument, ['Effect'], ['Principal', 'NotPrincipal']),
    ),
  ]),
  ...of('iam', 'LimitExceeded', [
    rule('iam-inline-policy-size', IAM_QUOTAS, ['PutRolePolicy'], ({ PolicyDocument }) =>
      PolicyDocument.replace(/\s/g, '').length <= 10_240
        ? undefined
        : 'The inline policies of a role have at most 10240 characters, white space left out',
    ),
    rule('iam-managed-policy-size', IAM_QUOTAS, ['CreatePolicy'], ({ PolicyDocument }) =>
      PolicyDocument.replace(/\s/g, '').length <= 6144
        ? undefined
        : 'A managed policy has at most 6144 characters, white space left out',
    ),
  ]),
  ...of('secretsmanager', 'ValidationException', [
    rule('secret-name', `${SECRETS}/API_CreateSecret.html`, ['CreateSecret'], ({ Name }) =>
      /^[\w/+=.@-]+$/.test(Name) ? undefined : `Invalid name: ${Name}. It may hold letters, digits and /_+=.@-`,
    ),
  ]),
  ...of('secretsmanager', 'InvalidParameterException', [
    rule('secret-recovery-window', `${SECRETS}/API_DeleteSecret.html`, ['DeleteSecret'], (input) => {
      const { RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: isForced } = input;
      if (days !== undefined && isForced) {
        return 'ForceDeleteWithoutRecovery and RecoveryWindowInDays exclude each other';
      }
      return days === undefined || (days >= 7 && days <= 30)
        ? undefined
        : `RecoveryWindowInDays ${days} is not between 7 and 30`;
    }),
    rule('secret-text-or-binary', `${SECRETS}/API_PutSecretValue.html`, ['CreateSecret', 'PutSecretValue'], (input) =>
      input.SecretString !== undefined && input.SecretBinary !== undefined
        ? 'A secret version has a SecretString or a SecretBinary, not both'
        : undefined,
    ),
  ]),
  ...of('monitoring', 'ValidationError', [
    rule('alarm-period', CLOUDWATCH, ['PutMetricAlarm'], ({ Period }) =>
      Period === undefined || [10, 20, 30].includes(Number(Period)) || Number(Period) % 60 === 0
        ? undefined
        : `Period ${Period} is none of 10, 20, 30 and the multiples of 60`,
    ),
    rule('alarm-span', CLOUDWATCH, ['PutMetricAlarm'], ({ Period = 0, EvaluationPeriods }) => {
      const most = Number(Period) >= 3600 ? 7 * 86_400 : 86_400;
      return Number(Period) * Number(EvaluationPeriods) <= most
        ? undefined
        : `Metrics cannot be checked across more than ${most} seconds (EvaluationPeriods * Period)`;
    }),
    rule('alarm-datapoints', CLOUDWATCH, ['PutMetricAlarm'], ({ DatapointsToAlarm = 1, EvaluationPeriods }) =>
      Number(DatapointsToAlarm) <= Number(EvaluationPeriods)
        ? undefined
        : `DatapointsToAlarm ${DatapointsToAlarm} is above EvaluationPeriods ${EvaluationPeriods}`,
    ),
    rule('alarm-missing-data', CLOUDWATCH, ['PutMetricAlarm'], ({ TreatMissingData = 'missing' }) =>
      ['breaching', 'notBreaching', 'ignore', 'missing'].includes(TreatMissingData)
        ? undefined
        : `TreatMissingData ${TreatMissingData} is none of breaching, notBreaching, ignore, missing`,
    ),
    rule('alarm-actions', CLOUDWATCH, ['PutMetricAlarm'], (input) => {
      const actions = ['AlarmActions', 'OKActions', 'InsufficientDataActions'].flatMap((name) => input[name] ?? []);
      const refused = actions.filter(
        (arn: string) => !/^arn:aws[\w-]*:(sns|lambda|autoscaling|ssm|ssm-incidents|automate|swf|aiops):/.test(arn),
      );
      const fifo = actions.filter((arn: string) => /^arn:aws[\w-]*:sns:.*\.fifo$/.test(arn));
      if (refused.length > 0) return `Invalid arn syntax: ${refused.join(', ')}`;
      return fifo.length === 0 ? undefined : `An alarm cannot notify a FIFO topic: ${fifo.join(', ')}`;
    }),
  ]),
  ...of('monitoring', 'InvalidParameterInput', [
    rule('dashboard-body', DASHBOARD, ['PutDashboard'], ({ DashboardBody }) => dashboardFault(DashboardBody)),
  ]),
  ...of('logs', 'InvalidParameterException', [
    rule(
      'log-retention',
      `${DOCS}/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html`,
      ['PutRetentionPolicy'],
      ({ retentionInDays }) =>
        RETENTION_DAYS.includes(Number(retentionInDays))
          ? undefined
          : `retentionInDays ${retentionInDays} is none of ${RETENTION_DAYS.join(', ')}`,
    ),
  ]),
  ...of('ec2', 'InvalidParameterValue', [
    rule('security-group-name', SECURITY_GROUP, ['CreateSecurityGroup'], ({ GroupName }) =>
      GroupName.startsWith('sg-') || !isGroupText(GroupName)
        ? `Invalid security group name ${GroupName}: up to 255 characters a-z, A-Z, 0-9, spaces and ._-:/()#,@[]+=&;{}!$*, not beginning with sg-`
        : undefined,
    ),
    rule('security-group-description', SECURITY_GROUP, ['CreateSecurityGroup'], ({ Description }) =>
      isGroupText(Description) ? undefined : `Invalid security group description ${Description}`,
    ),
    rule('security-group-rule-description', IP_RANGE, RULES_OF_GROUPS, (input) => {
      const ranges = permissions(input).flatMap((each) =>
        ['IpRanges', 'Ipv6Ranges', 'PrefixListIds', 'UserIdGroupPairs'].flatMap((name) => each[name] ?? []),
      );
      const wrong = ranges.find(({ Description }) => Description !== undefined && !isGroupText(Description));
      return wrong && `Invalid rule description ${wrong.Description}`;
    }),
    rule(
      'security-group-rule-ports',
      `${DOCS}/AWSEC2/latest/APIReference/API_IpPermission.html`,
      RULES_OF_GROUPS,
      (input) => {
        const wrong = permissions(input).find(
          ({ IpProtocol, FromPort, ToPort }) =>
            ['tcp', 'udp', '6', '17'].includes(IpProtocol) &&
            !(Number(FromPort) >= 0 && Number(FromPort) <= Number(ToPort) && Number(ToPort) <= 65_535),
        );
        return wrong && `Invalid range of ports ${wrong.FromPort} to ${wrong.ToPort}`;
      },
    ),
    rule('security-group-rule-range', IP_RANGE, RULES_OF_GROUPS, (input) => {
      const ranges = permissions(input).flatMap(({ IpRanges }) => IpRanges ?? []);
      const wrong = ranges.find(({ CidrIp }) => !isCidr(CidrIp));
      return wrong && `CIDR block ${wrong.CidrIp} is malformed`;
    }),
  ]),
  ...of('sns', 'InvalidParameter', [
    rule('topic-name', `${DOCS}/sns/latest/api/API_CreateTopic.html`, ['CreateTopic'], ({ Name }) =>
      Name.length <= 256 && /^[\w-]+(\.fifo)?$/.test(Name) ? undefined : `Invalid parameter: Topic Name ${Name}`,
    ),
  ]),
  ...of('sqs', 'InvalidParameterValue', [
    rule(
      'queue-name',
      `${DOCS}/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html`,
      ['CreateQueue'],
      ({ QueueName }) =>
        QueueName.length <= 80 && /^[\w-]+(\.fifo)?$/.test(QueueName) ? undefined : `Invalid queue name ${QueueName}`,
    ),
  ]),
];

/** @returns how AWS refuses an input that keeps to the model of its operation, or undefined where it takes it */
export function ruleRefusal(service: string, operation: string, input: Input): ServiceRefusal | undefined {
  for (const { service: own, operations, code, check } of SERVICE_RULES) {
    const message = own === service && operations.includes(operation) ? check(input) : undefined;
    if (message !== undefined) return { code, message };
  }
  return undefined;
}

const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

type PartialRule = Omit<ServiceRule, 'service' | 'code'>;

function rule(name: string, source: string, operations: readonly string[], check: ServiceRule['check']): PartialRule {
  return { name, source, operations, check };
}

function of(service: string, code: string, rules: readonly PartialRule[]): ServiceRule[] {
  return rules.map((each) => ({ ...each, service, code }));
}

function isScheduleExpression(text: string): boolean {
  const rate = /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/.exec(text);
  if (rate) return (rate[1] === '1') === (rate[3] === '');
  if (/^at\(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\)$/.test(text)) return true;
  const fields = /^cron\((.*)\)$/.exec(text)?.[1].split(' ');
  if (fields?.length !== 6) return false;
  const [minute, hour, dayOfMonth, month, dayOfWeek, year] = fields;
  // One of the two days is left open, and only by a question mark.
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) return false;
  return (
    [minute, hour, month, year].every((field) => /^[\dA-Z,*/-]+$/i.test(field)) &&
    [dayOfMonth, dayOfWeek].every((field) => /^[\dA-Z,*/?#-]+$/i.test(field))
  );
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with a policy: no JSON, or a statement without what it must have, or with what it must not. */
function policyFault(text: string, required: string[], refused: string[]): string | undefined {
  let policy: { Version?: string; Statement?: unknown };
  try {
    policy = JSON.parse(text);
  } catch {
    return 'This policy contains invalid Json';
  }
  if (!['2012-10-17', '2008-10-17'].includes(policy.Version ?? '2008-10-17')) {
    return `The policy has the unknown version ${policy.Version}`;
  }
  const statements = [policy.Statement ?? []].flat() as Record<string, unknown>[];
  if (statements.length === 0) return 'The policy has no statement';
  for (const statement of statements) {
    const missing = required.filter((name) => !(name in statement) && !(`Not${name}` in statement));
    const found = refused.filter((name) => name in statement);
    if (missing.length > 0) return `A statement of the policy lacks ${missing.join(', ')}`;
    if (found.length > 0) return `A statement of the policy has the prohibited field ${found.join(', ')}`;
    const isIdentity = refused.includes('Principal');
    if (isIdentity && !('Resource' in statement || 'NotResource' in statement)) {
      return 'Policy statement must contain resources.';
    }
    if (isIdentity && !('Action' in statement || 'NotAction' in statement)) {
      return 'Policy statement must contain actions.';
    }
  }
  return undefined;
}

/** What each type of widget must have among its properties. */
const WIDGETS: Readonly<Record<string, string>> = {
  metric: 'region',
  text: 'markdown',
  alarm: 'alarms',
  log: 'region',
};

function dashboardFault(text: string): string | undefined {
  let widgets: any;
  try {
    ({ widgets } = JSON.parse(text));
  } catch {
    return 'The dashboard body is invalid JSON';
  }
  if (!Array.isArray(widgets) || widgets.length > 500) return 'A dashboard has a list of at most 500 widgets';
  for (const { type, x = 0, width = 6, height = 6, properties } of widgets) {
    if (!(type in WIDGETS)) return `There is no widget of type ${type}`;
    if (properties?.[WIDGETS[type]] === undefined) return `A widget of type ${type} has the property ${WIDGETS[type]}`;
    const isPlaced = x >= 0 && width >= 1 && x + width <= 24 && height >= 1 && height <= 1000;
    if (!isPlaced) return 'A widget lies within 24 columns and has 1 to 1000 rows';
    if (type === 'metric' && !properties.metrics?.every((metric: unknown) => isDashboardMetric(metric))) {
      return 'A metric is a list of namespace, name and pairs of dimensions, with options at its end';
    }
  }
  return undefined;
}

function isDashboardMetric(metric: unknown): boolean {
  if (!Array.isArray(metric)) return false;
  const texts = metric.filter((each) => typeof each === 'string');
  const [options, ...more] = metric.slice(texts.length);
  return texts.length >= 2 && texts.length % 2 === 0 && more.length === 0 && typeof (options ?? {}) === 'object';
}

function isGroupText(text: string): boolean {
  return text.length <= 255 && /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]*$/.test(text);
}

function permissions({ IpPermissions = [] }: Input): Input[] {
  return IpPermissions;
}

/** Bits beyond the prefix are zero. */
function isCidr(text: string): boolean {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text ?? '');
  if (!match) return false;
  const [a, b, c, d, prefix] = match.slice(1).map(Number);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  return Math.max(a, b, c, d) <= 255 && prefix <= 32 && address % 2 ** (32 - prefix) === 0;
}
