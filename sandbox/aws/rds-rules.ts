/**
 * What RDS refuses of PostgreSQL instances. AWS's model of the service says almost nothing of it, so these rules come
 * from its documentation; each names where.
 */
export interface RdsRule {
  readonly name: string;
  /** Where AWS says so. */
  readonly source: string;
  readonly actions: readonly RdsAction[];
  readonly refuse: (request: RdsRequest, account: RdsAccount) => RdsRefusal | undefined;
}

export type RdsAction =
  'CreateDBInstance' | 'ModifyDBInstance' | 'DeleteDBInstance' | 'CreateDBSubnetGroup' | 'CreateDBParameterGroup';

export interface RdsRefusal {
  readonly code: string;
  readonly message: string;
}

/** The parameters of a request, lists by their first parts. */
export interface RdsRequest {
  readonly action: RdsAction;
  /** A parameter, or undefined. */
  readonly text: (name: string) => string | undefined;
  readonly number: (name: string) => number | undefined;
  readonly flag: (name: string) => boolean;
  readonly list: (name: string) => string[];
}

/** What is there already. */
export interface RdsAccount {
  /** The instance that the request is about, if there is one. */
  readonly instance?: RdsInstanceSettings;
  readonly snapshots: readonly string[];
  /** The availability zones of the subnets that a request for a subnet group names, if these are there. */
  readonly zones?: readonly string[];
  /** The family of the parameter group that the request names; undefined where AWS's own one is named. */
  readonly parameterGroupFamily?: string;
}

export interface RdsInstanceSettings {
  readonly engineVersion: string;
  readonly storageGiB: number;
  readonly storageType: string;
  readonly iops?: number;
  readonly isProtected: boolean;
}

const API = 'https://docs.aws.amazon.com/AmazonRDS/latest/APIReference';
const GUIDE = 'https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide';
const CREATE = `${API}/API_CreateDBInstance.html`;
const MODIFY = `${API}/API_ModifyDBInstance.html`;
const DELETE = `${API}/API_DeleteDBInstance.html`;
const STORAGE = `${GUIDE}/CHAP_Storage.html`;
const UPGRADES = `${GUIDE}/USER_UpgradeDBInstance.PostgreSQL.html`;

const CREATING = ['CreateDBInstance'] as const;
const MODIFYING = ['ModifyDBInstance'] as const;
const CHANGING = ['CreateDBInstance', 'ModifyDBInstance'] as const;
const DELETING = ['DeleteDBInstance'] as const;

/** From this size on, RDS puts gp3 storage of PostgreSQL onto four volumes. */
const STRIPED_GIB = 400;

export const GP3_BASELINES = {
  small: { iops: 3000, throughput: 125 },
  striped: { iops: 12_000, throughput: 500 },
};

export function gp3Baseline(storageGiB: number): { readonly iops: number; readonly throughput: number } {
  return storageGiB < STRIPED_GIB ? GP3_BASELINES.small : GP3_BASELINES.striped;
}

/** Minors that RDS has offered, by major: the first and the newest of them that this knows of. */
const MINORS: Record<number, readonly [number, number]> = {
  13: [3, 23],
  14: [1, 26],
  15: [2, 21],
  16: [1, 17],
  17: [1, 13],
  18: [1, 7],
};

/** PostgreSQL's reserved key words (its manual, appendix C), and what RDS keeps for itself. */
const RESERVED = new Set(
  (
    'all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation ' +
    'column concurrently constraint create cross current_catalog current_date current_role current_schema current_time ' +
    'current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze ' +
    'from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like ' +
    'limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing primary ' +
    'references returning right select session_user similar some symmetric system_user table tablesample then to ' +
    'trailing true union unique user using variadic verbose when where window with'
  ).split(' '),
);

export const RDS_RULES: readonly RdsRule[] = [
  rule('instance-identifier', CREATE, CREATING, (request) =>
    isIdentifier(request.text('DBInstanceIdentifier'), 63)
      ? undefined
      : invalid(
          'The parameter DBInstanceIdentifier is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.',
        ),
  ),
  rule('new-instance-identifier', MODIFY, MODIFYING, (request) => {
    const name = request.text('NewDBInstanceIdentifier');
    return name === undefined || isIdentifier(name, 63)
      ? undefined
      : invalid(`The parameter NewDBInstanceIdentifier is not a valid identifier: ${name}`);
  }),
  rule('identifier-in-use', CREATE, CREATING, (_request, { instance }) =>
    instance ? refusal('DBInstanceAlreadyExists', 'DB instance already exists') : undefined,
  ),
  rule('master-username-characters', CREATE, CREATING, (request) =>
    /^[A-Za-z]\w{0,62}$/.test(request.text('MasterUsername') ?? '')
      ? undefined
      : invalid(
          'MasterUsername must begin with a letter and contain only alphanumeric characters or underscores, at most 63.',
        ),
  ),
  rule('master-username-reserved', CREATE, CREATING, (request) => {
    const name = request.text('MasterUsername')!.toLowerCase();
    if (name.startsWith('pg_')) {
      return invalid(
        `MasterUsername ${name} cannot be used because role names starting with "pg_" are reserved by the PostgreSQL engine`,
      );
    }
    return ['admin', 'public', 'none'].includes(name) || name.startsWith('rds') || RESERVED.has(name)
      ? invalid(`MasterUsername ${name} cannot be used as it is a reserved word used by the engine`)
      : undefined;
  }),
  rule('master-password', CREATE, CHANGING, (request) => {
    const password = request.text('MasterUserPassword');
    return password === undefined || /^[!#-.0-?A-~]{8,128}$/.test(password)
      ? undefined
      : invalid(
          "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used, 8 to 128 of them.",
        );
  }),
  rule('managed-or-own-password', CREATE, CREATING, (request) => {
    const isManaged = request.flag('ManageMasterUserPassword');
    if (isManaged !== (request.text('MasterUserPassword') !== undefined)) return undefined;
    return combination(
      isManaged
        ? "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled."
        : 'The parameter MasterUserPassword must be provided and must not be blank.',
    );
  }),
  rule('database-name', CREATE, CREATING, (request) => {
    const name = request.text('DBName');
    return name === undefined || /^[A-Za-z_]\w{0,62}$/.test(name)
      ? undefined
      : invalid('DBName must begin with a letter and contain only alphanumeric characters, at most 63.');
  }),
  rule('database-name-reserved', CREATE, CREATING, (request) => {
    const name = (request.text('DBName') ?? '').toLowerCase();
    return ['rdsadmin', 'template0', 'template1', 'db'].includes(name) || RESERVED.has(name)
      ? invalid(`DBName ${name} cannot be used. It is a reserved word for this engine`)
      : undefined;
  }),
  rule(
    'engine-version',
    `${API.replace('APIReference', 'PostgreSQLReleaseNotes')}/postgresql-versions.html`,
    CHANGING,
    (request) => {
      const version = request.text('EngineVersion');
      if (version === undefined) return undefined;
      const [major, minor] = version.split('.').map(Number);
      const [first, newest] = MINORS[major] ?? [1, 0];
      const isOffered = /^\d+(\.\d+)?$/.test(version) && first <= newest;
      return isOffered && (minor === undefined || (minor >= first && minor <= newest))
        ? undefined
        : combination(`Cannot find version ${version} for postgres`);
    },
  ),
  rule('instance-class', `${GUIDE}/Concepts.DBInstanceClass.Types.html`, CHANGING, (request) => {
    const name = request.text('DBInstanceClass');
    return name === undefined ||
      /^db\.(serverless|[a-z][a-z0-9-]*\.(micro|small|medium|large|metal|\d*xlarge)(\.tpc\d\.mem\d+x)?)$/.test(name)
      ? undefined
      : invalid(`Invalid DB Instance class: ${name}`);
  }),
  rule('storage-size', STORAGE, CHANGING, (request, { instance }) => {
    const size = request.number('AllocatedStorage') ?? (request.action === 'CreateDBInstance' ? 0 : undefined);
    const type = storageType(request, instance);
    const [least, most] = STORAGE_GIB[type] ?? [];
    if (least === undefined) return invalid(`Invalid storage type: ${type}`);
    return size === undefined || (size >= least && size <= most!)
      ? undefined
      : invalid(`Invalid storage size for engine name postgres and storage type ${type}: ${size}`);
  }),
  rule('no-smaller-storage', `${GUIDE}/USER_PIOPS.ModifyingExisting.html`, MODIFYING, (request, { instance }) => {
    const size = request.number('AllocatedStorage');
    return size === undefined || !instance || size >= instance.storageGiB
      ? undefined
      : combination(
          `Requested storage is lower than the current storage: ${size} GiB of ${instance.storageGiB} GiB. Storage can't be reduced.`,
        );
  }),
  rule('storage-ceiling', `${GUIDE}/USER_PIOPS.Autoscaling.html`, CHANGING, (request, { instance }) => {
    const ceiling = request.number('MaxAllocatedStorage');
    const size = request.number('AllocatedStorage') ?? instance?.storageGiB ?? 0;
    // A ceiling of the size itself turns autoscaling off.
    if (ceiling === undefined || ceiling === size || ceiling >= Math.ceil((size * 11) / 10)) return undefined;
    return combination(
      `Max storage size must be at least 10% greater than storage size: ${ceiling} GiB for ${size} GiB of storage`,
    );
  }),
  rule('iops-required', STORAGE, CREATING, (request) =>
    /^io/.test(storageType(request)) && request.number('Iops') === undefined
      ? combination(`The storage type ${storageType(request)} requires iops to be specified.`)
      : undefined,
  ),
  rule('iops-range', STORAGE, CHANGING, (request, { instance }) => {
    const iops = request.number('Iops');
    const type = storageType(request, instance);
    if (iops === undefined || !/^io/.test(type)) return undefined;
    const ratio = iops / requestedGiB(request, instance);
    const most = type === 'io1' ? 50 : 1000;
    return iops >= 1000 && iops <= 256_000 && ratio >= 0.5 && ratio <= most
      ? undefined
      : combination(
          `Invalid iops to storage (GB) ratio or iops value for engine name postgres and storage type ${type}: ${iops}`,
        );
  }),
  rule('no-iops-for-type', STORAGE, CHANGING, (request, { instance }) => {
    const iops = request.number('Iops');
    const type = storageType(request, instance);
    return iops !== undefined && ['gp2', 'standard'].includes(type)
      ? combination(`Invalid iops value for engine name postgres and storage type ${type}: ${iops}`)
      : undefined;
  }),
  rule('gp3-rates-from-400-gib', `${STORAGE}#gp3-storage`, CHANGING, (request, { instance }) =>
    isGp3(request, instance) && requestedGiB(request, instance) < STRIPED_GIB && hasRates(request)
      ? combination(
          `You can't specify IOPS or storage throughput for engine postgres and a storage size less than ${STRIPED_GIB}.`,
        )
      : undefined,
  ),
  rule('gp3-iops-range', `${STORAGE}#gp3-storage`, CHANGING, (request, { instance }) => {
    const iops = request.number('Iops');
    if (iops === undefined || !isGp3(request, instance) || requestedGiB(request, instance) < STRIPED_GIB) {
      return undefined;
    }
    return iops >= 12_000 && iops <= 64_000 && iops / requestedGiB(request, instance) <= 500
      ? undefined
      : combination(
          `Invalid iops value for engine name postgres and storage type gp3: ${iops}, allowed are 12000 to 64000`,
        );
  }),
  rule('gp3-throughput-range', `${STORAGE}#gp3-storage`, CHANGING, (request, { instance }) => {
    const throughput = request.number('StorageThroughput');
    if (throughput === undefined || !isGp3(request, instance) || requestedGiB(request, instance) < STRIPED_GIB) {
      return undefined;
    }
    const iops = request.number('Iops') ?? instance?.iops ?? GP3_BASELINES.striped.iops;
    return throughput >= 500 && throughput <= 4000 && throughput / iops <= 0.25
      ? undefined
      : combination(
          `Invalid storage throughput for engine name postgres and storage type gp3: ${throughput}, allowed are 500 to 4000, and at most a quarter of the iops`,
        );
  }),
  rule('throughput-of-gp3-only', STORAGE, CHANGING, (request, { instance }) =>
    request.number('StorageThroughput') !== undefined && !isGp3(request, instance)
      ? combination(`You can't specify storage throughput for storage type ${storageType(request, instance)}.`)
      : undefined,
  ),
  rule('no-downgrade', UPGRADES, MODIFYING, (request, { instance }) => {
    const version = request.text('EngineVersion');
    return version !== undefined && instance && isOlder(version, instance.engineVersion)
      ? combination(`Cannot upgrade postgres from ${instance.engineVersion} to ${version}`)
      : undefined;
  }),
  rule('major-upgrade-allowed', MODIFY, MODIFYING, (request, { instance }) => {
    const major = request.text('EngineVersion')?.split('.')[0];
    return major !== undefined &&
      instance &&
      major !== instance.engineVersion.split('.')[0] &&
      !request.flag('AllowMajorVersionUpgrade')
      ? combination('The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.')
      : undefined;
  }),
  rule('parameter-group-family', CREATE, CHANGING, (request, { instance, parameterGroupFamily }) => {
    const version = request.text('EngineVersion') ?? instance?.engineVersion;
    const family = version && `postgres${version.split('.')[0]}`;
    return parameterGroupFamily === undefined || family === undefined || parameterGroupFamily === family
      ? undefined
      : combination(
          `The parameter group ${request.text('DBParameterGroupName')} with DBParameterGroupFamily ${parameterGroupFamily} can't be used for this instance. Use a parameter group with DBParameterGroupFamily ${family}`,
        );
  }),
  rule('parameter-group-name', `${API}/API_CreateDBParameterGroup.html`, ['CreateDBParameterGroup'], (request) =>
    isIdentifier(request.text('DBParameterGroupName'), 255)
      ? undefined
      : invalid(
          `The parameter DBParameterGroupName is not a valid identifier: ${request.text('DBParameterGroupName')}`,
        ),
  ),
  rule(
    'parameter-group-description',
    `${API}/API_CreateDBParameterGroup.html`,
    ['CreateDBParameterGroup'],
    (request) =>
      (request.text('Description') ?? '') === '' ? invalid('The parameter Description must not be blank.') : undefined,
  ),
  rule(
    'parameter-group-family-known',
    `${API}/API_CreateDBParameterGroup.html`,
    ['CreateDBParameterGroup'],
    (request) => {
      const family = request.text('DBParameterGroupFamily') ?? '';
      const major = /^postgres(\d+)$/.exec(family)?.[1];
      return major !== undefined && Number(major) in MINORS
        ? undefined
        : invalid(`ParameterGroupFamily ${family} is not a valid parameter group family`);
    },
  ),
  rule('subnet-group-name', `${API}/API_CreateDBSubnetGroup.html`, ['CreateDBSubnetGroup'], (request) => {
    const name = request.text('DBSubnetGroupName') ?? '';
    return /^[A-Za-z][\w .-]{0,254}$/.test(name) && name.toLowerCase() !== 'default'
      ? undefined
      : invalid(`The parameter DBSubnetGroupName is not valid: ${name}`);
  }),
  rule(
    'subnet-group-zones',
    `${GUIDE}/USER_VPC.WorkingWithRDSInstanceinaVPC.html`,
    ['CreateDBSubnetGroup'],
    (_request, { zones }) =>
      zones === undefined || new Set(zones).size >= 2
        ? undefined
        : refusal(
            'DBSubnetGroupDoesNotCoverEnoughAZs',
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: " +
              `${[...new Set(zones)].join(', ')}. Add subnets to cover at least 2 AZs.`,
          ),
  ),
  rule('backup-retention', CREATE, CHANGING, (request) =>
    isWithin(request.number('BackupRetentionPeriod'), 0, 35)
      ? undefined
      : invalid(
          `Invalid backup retention period: ${request.number('BackupRetentionPeriod')}. Retention period must be between 0 and 35.`,
        ),
  ),
  rule('port', CREATE, CREATING, (request) => portRefusal(request.number('Port'))),
  rule('new-port', MODIFY, MODIFYING, (request) => portRefusal(request.number('DBPortNumber'))),
  rule('backup-window', CREATE, CHANGING, (request) => {
    const window = request.text('PreferredBackupWindow');
    return window === undefined || dailyMinutes(window) >= 30
      ? undefined
      : invalid(`Invalid backup window: ${window}. It must be in the format hh24:mi-hh24:mi and at least 30 minutes.`);
  }),
  rule('maintenance-window', CREATE, CHANGING, (request) => {
    const window = request.text('PreferredMaintenanceWindow');
    return window === undefined || weeklyMinutes(window) >= 30
      ? undefined
      : invalid(
          `Invalid maintenance window: ${window}. It must be in the format ddd:hh24:mi-ddd:hh24:mi and at least 30 minutes.`,
        );
  }),
  rule('performance-insights-retention', CREATE, CHANGING, (request) => {
    const days = request.number('PerformanceInsightsRetentionPeriod');
    return days === undefined || days === 7 || days === 731 || (days % 31 === 0 && isWithin(days, 31, 23 * 31))
      ? undefined
      : invalid(
          `Invalid Performance Insights retention period: ${days}. Valid values are 7, months of 31 days, and 731.`,
        );
  }),
  rule('monitoring-interval', CREATE, CHANGING, (request) => {
    const seconds = request.number('MonitoringInterval');
    return seconds === undefined || [0, 1, 5, 10, 15, 30, 60].includes(seconds)
      ? undefined
      : invalid(`Invalid monitoring interval: ${seconds}. Valid values are 0, 1, 5, 10, 15, 30, 60.`);
  }),
  rule('monitoring-role', CREATE, CREATING, (request) =>
    (request.number('MonitoringInterval') ?? 0) > 0 && request.text('MonitoringRoleArn') === undefined
      ? combination('A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.')
      : undefined,
  ),
  rule('exported-logs', `${GUIDE}/USER_LogAccess.Concepts.PostgreSQL.html`, CREATING, (request) => {
    const unknown = request
      .list('EnableCloudwatchLogsExports')
      .filter((type) => !['postgresql', 'upgrade', 'iam-db-auth-error'].includes(type));
    return unknown.length === 0
      ? undefined
      : combination(`You cannot use the log types '${unknown.join(', ')}' with engine version postgres.`);
  }),
  rule('key-needs-encryption', CREATE, CREATING, (request) =>
    request.text('KmsKeyId') !== undefined && request.text('StorageEncrypted') !== 'true'
      ? combination('Invalid DB instance encryption request: KmsKeyId is given and StorageEncrypted is not true.')
      : undefined,
  ),
  rule('zone-or-multi-az', CREATE, CREATING, (request) =>
    request.flag('MultiAZ') && request.text('AvailabilityZone') !== undefined
      ? combination('Requesting a specific availability zone is not valid for Multi-AZ instances.')
      : undefined,
  ),
  rule('deletion-protection', DELETE, DELETING, (_request, { instance }) =>
    instance?.isProtected
      ? combination('Cannot delete protected DB Instance, please disable deletion protection and try again.')
      : undefined,
  ),
  rule('final-snapshot-or-none', DELETE, DELETING, (request) => {
    const isSkipped = request.flag('SkipFinalSnapshot');
    if (isSkipped !== (request.text('FinalDBSnapshotIdentifier') !== undefined)) return undefined;
    return combination(
      isSkipped
        ? 'FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is true.'
        : 'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.',
    );
  }),
  rule('final-snapshot-identifier', DELETE, DELETING, (request) => {
    const name = request.text('FinalDBSnapshotIdentifier');
    return name === undefined || isIdentifier(name, 255)
      ? undefined
      : invalid(`The parameter FinalDBSnapshotIdentifier is not a valid identifier: ${name}`);
  }),
  rule('final-snapshot-in-use', DELETE, DELETING, (request, { snapshots }) => {
    const name = request.text('FinalDBSnapshotIdentifier');
    return name !== undefined && snapshots.includes(name.toLowerCase())
      ? refusal(
          'DBSnapshotAlreadyExists',
          `Cannot create the snapshot because a snapshot with the identifier ${name} already exists.`,
        )
      : undefined;
  }),
];

/** Requests that a rule is about. */
export const RULED_ACTIONS: readonly RdsAction[] = [...new Set(RDS_RULES.flatMap(({ actions }) => actions))];

/** @returns how RDS refuses the request, or undefined where it does not */
export function refusalOf(request: RdsRequest, account: RdsAccount): RdsRefusal | undefined {
  for (const { actions, refuse } of RDS_RULES) {
    const found = actions.includes(request.action) ? refuse(request, account) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** RDS rounds up a growth of less than a tenth. @see MODIFY */
export function grownStorage(wantedGiB: number, presentGiB: number): number {
  return wantedGiB === presentGiB ? presentGiB : Math.max(wantedGiB, Math.ceil((presentGiB * 11) / 10));
}

/** Smallest and largest size by storage type, GiB. */
const STORAGE_GIB: Record<string, readonly [number, number]> = {
  gp2: [20, 65_536],
  gp3: [20, 65_536],
  io1: [100, 65_536],
  io2: [100, 65_536],
  standard: [5, 3072],
};

function rule(name: string, source: string, actions: readonly RdsAction[], refuse: RdsRule['refuse']): RdsRule {
  return { name, source, actions, refuse };
}

function refusal(code: string, message: string): RdsRefusal {
  return { code, message };
}

function invalid(message: string): RdsRefusal {
  return refusal('InvalidParameterValue', message);
}

function combination(message: string): RdsRefusal {
  return refusal('InvalidParameterCombination', message);
}

function isIdentifier(name: string | undefined, most: number): boolean {
  return name !== undefined && name.length <= most && /^[A-Za-z](-?[A-Za-z0-9])*$/.test(name);
}

function storageType(request: RdsRequest, instance?: RdsInstanceSettings): string {
  return request.text('StorageType') ?? instance?.storageType ?? (request.number('Iops') === undefined ? 'gp2' : 'io1');
}

function requestedGiB(request: RdsRequest, instance?: RdsInstanceSettings): number {
  return request.number('AllocatedStorage') ?? instance?.storageGiB ?? 0;
}

function isGp3(request: RdsRequest, instance?: RdsInstanceSettings): boolean {
  return storageType(request, instance) === 'gp3';
}

function hasRates(request: RdsRequest): boolean {
  return request.number('Iops') !== undefined || request.number('StorageThroughput') !== undefined;
}

function isOlder(one: string, other: string): boolean {
  const [major, minor] = one.split('.').map(Number);
  const [otherMajor, otherMinor] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor !== undefined && minor < otherMinor);
}

function isWithin(value: number | undefined, least: number, most: number): boolean {
  return value === undefined || (value >= least && value <= most);
}

function portRefusal(port: number | undefined): RdsRefusal | undefined {
  return isWithin(port, 1150, 65_535)
    ? undefined
    : invalid(`Invalid database port: ${port}. Valid values are 1150 to 65535.`);
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const DAY_MINUTES = 24 * 60;

/** The length of a window, 0 where it is none. */
function dailyMinutes(window: string): number {
  const match = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(window);
  if (!match) return 0;
  const [fromHour, fromMinute, toHour, toMinute] = match.slice(1).map(Number);
  return (toHour * 60 + toMinute - fromHour * 60 - fromMinute + DAY_MINUTES) % DAY_MINUTES;
}

function weeklyMinutes(window: string): number {
  const match = /^([a-z]{3}):(\d\d:\d\d)-([a-z]{3}):(\d\d:\d\d)$/i.exec(window);
  const [from, to] = [match?.[1], match?.[3]].map((day) => DAYS.indexOf(day?.toLowerCase() ?? ''));
  if (!match || from < 0 || to < 0) return 0;
  const days = (to - from + 7) % 7;
  const [fromMinutes, toMinutes] = [match[2], match[4]].map(
    (time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3)),
  );
  return days * DAY_MINUTES + toMinutes - fromMinutes;
}
