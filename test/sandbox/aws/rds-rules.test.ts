import {
  grownStorage,
  RdsAccount,
  RdsAction,
  RdsInstanceSettings,
  RdsRequest,
  RDS_RULES,
  refusalOf,
} from '../../../sandbox/aws/rds-rules';

type Parameters = Record<string, string | undefined>;

const INSTANCE: RdsInstanceSettings = {
  engineVersion: '17.5',
  storageGiB: 100,
  storageType: 'gp3',
  isProtected: false,
};

/** A request of each action that RDS takes. */
const VALID: Record<RdsAction, Parameters> = {
  CreateDBInstance: {
    DBInstanceIdentifier: 'orders',
    DBInstanceClass: 'db.t4g.micro',
    MasterUsername: 'postgres',
    ManageMasterUserPassword: 'true',
    AllocatedStorage: '20',
    StorageType: 'gp3',
  },
  ModifyDBInstance: { DBInstanceIdentifier: 'orders' },
  DeleteDBInstance: { DBInstanceIdentifier: 'orders', FinalDBSnapshotIdentifier: 'orders-last' },
  CreateDBSubnetGroup: { DBSubnetGroupName: 'orders', 'SubnetIds.SubnetIdentifier.1': 'subnet-1' },
  CreateDBParameterGroup: { DBParameterGroupName: 'orders', DBParameterGroupFamily: 'postgres17', Description: 'text' },
};

/** What breaks a rule, and some of what RDS then says. */
const BROKEN: readonly [
  rule: string,
  action: RdsAction,
  parameters: Parameters,
  says: string,
  account?: Partial<RdsAccount>,
][] = [
  ['instance-identifier', 'CreateDBInstance', { DBInstanceIdentifier: 'a--b' }, 'not a valid identifier'],
  ['new-instance-identifier', 'ModifyDBInstance', { NewDBInstanceIdentifier: '1a' }, '1a'],
  ['identifier-in-use', 'CreateDBInstance', {}, 'already exists', { instance: INSTANCE }],
  ['master-username-characters', 'CreateDBInstance', { MasterUsername: '1st' }, 'begin with a letter'],
  ['master-username-reserved', 'CreateDBInstance', { MasterUsername: 'admin' }, 'reserved word used by the engine'],
  ['master-username-reserved', 'CreateDBInstance', { MasterUsername: 'pg_dba' }, 'starting with "pg_"'],
  ['master-username-reserved', 'CreateDBInstance', { MasterUsername: 'rdsadmin' }, 'reserved word'],
  ['master-password', 'ModifyDBInstance', { MasterUserPassword: 'with a space' }, 'not a valid password'],
  ['managed-or-own-password', 'CreateDBInstance', { MasterUserPassword: 'long-enough' }, 'ManageMasterUserPassword'],
  ['database-name', 'CreateDBInstance', { DBName: 'a-b' }, 'begin with a letter'],
  ['database-name-reserved', 'CreateDBInstance', { DBName: 'user' }, 'reserved word'],
  ['engine-version', 'CreateDBInstance', { EngineVersion: '17.99' }, 'Cannot find version 17.99'],
  ['engine-version', 'CreateDBInstance', { EngineVersion: '9.6' }, 'Cannot find version 9.6'],
  ['instance-class', 'CreateDBInstance', { DBInstanceClass: 't4g.micro' }, 'Invalid DB Instance class'],
  ['storage-size', 'CreateDBInstance', { AllocatedStorage: '19' }, 'Invalid storage size'],
  ['storage-size', 'CreateDBInstance', { AllocatedStorage: '99', StorageType: 'io2', Iops: '1000' }, 'io2: 99'],
  ['no-smaller-storage', 'ModifyDBInstance', { AllocatedStorage: '99' }, "can't be reduced"],
  ['storage-ceiling', 'CreateDBInstance', { MaxAllocatedStorage: '21' }, 'at least 10% greater'],
  ['iops-required', 'CreateDBInstance', { StorageType: 'io1', AllocatedStorage: '100' }, 'requires iops'],
  ['iops-range', 'CreateDBInstance', { StorageType: 'io1', AllocatedStorage: '100', Iops: '5001' }, 'ratio'],
  ['no-iops-for-type', 'CreateDBInstance', { StorageType: 'gp2', Iops: '3000' }, 'Invalid iops value'],
  ['gp3-rates-from-400-gib', 'CreateDBInstance', { Iops: '3000' }, "You can't specify IOPS or storage throughput"],
  // What the provider sends of an instance that grows across 400 GiB.
  ['gp3-iops-range', 'ModifyDBInstance', { AllocatedStorage: '500', Iops: '3000' }, 'allowed are 12000 to 64000'],
  ['gp3-throughput-range', 'CreateDBInstance', { AllocatedStorage: '400', StorageThroughput: '4000' }, 'a quarter'],
  ['throughput-of-gp3-only', 'CreateDBInstance', { StorageType: 'gp2', StorageThroughput: '500' }, 'throughput'],
  ['no-downgrade', 'ModifyDBInstance', { EngineVersion: '17.4' }, 'Cannot upgrade postgres from 17.5 to 17.4'],
  ['major-upgrade-allowed', 'ModifyDBInstance', { EngineVersion: '18.1' }, 'AllowMajorVersionUpgrade'],
  [
    ...(['parameter-group-family', 'CreateDBInstance'] as const),
    { EngineVersion: '17', DBParameterGroupName: 'mine' },
    'Use a parameter group with DBParameterGroupFamily postgres17',
    { parameterGroupFamily: 'postgres16' },
  ],
  ['parameter-group-name', 'CreateDBParameterGroup', { DBParameterGroupName: 'a_b' }, 'a_b'],
  ['parameter-group-description', 'CreateDBParameterGroup', { Description: '' }, 'must not be blank'],
  ['parameter-group-family-known', 'CreateDBParameterGroup', { DBParameterGroupFamily: 'postgres9' }, 'postgres9'],
  ['subnet-group-name', 'CreateDBSubnetGroup', { DBSubnetGroupName: 'default' }, 'not valid: default'],
  ['subnet-group-zones', 'CreateDBSubnetGroup', {}, 'at least 2 AZs', { zones: ['us-east-1a', 'us-east-1a'] }],
  ['backup-retention', 'CreateDBInstance', { BackupRetentionPeriod: '36' }, 'between 0 and 35'],
  ['port', 'CreateDBInstance', { Port: '1149' }, '1150 to 65535'],
  ['new-port', 'ModifyDBInstance', { DBPortNumber: '65536' }, '1150 to 65535'],
  ['backup-window', 'CreateDBInstance', { PreferredBackupWindow: '23:50-00:10' }, 'at least 30 minutes'],
  ['maintenance-window', 'CreateDBInstance', { PreferredMaintenanceWindow: 'sun:23:50-mon:00:10' }, '30 minutes'],
  ['performance-insights-retention', 'CreateDBInstance', { PerformanceInsightsRetentionPeriod: '30' }, '731'],
  [
    'monitoring-interval',
    'CreateDBInstance',
    { MonitoringInterval: '20', MonitoringRoleArn: 'arn' },
    'Valid values are 0, 1, 5',
  ],
  ['monitoring-role', 'CreateDBInstance', { MonitoringInterval: '60' }, 'MonitoringRoleARN value is required'],
  ['exported-logs', 'CreateDBInstance', { 'EnableCloudwatchLogsExports.member.1': 'error' }, "log types 'error'"],
  ['key-needs-encryption', 'CreateDBInstance', { KmsKeyId: 'arn' }, 'StorageEncrypted is not true'],
  ['zone-or-multi-az', 'CreateDBInstance', { MultiAZ: 'true', AvailabilityZone: 'us-east-1a' }, 'Multi-AZ'],
  ['deletion-protection', 'DeleteDBInstance', {}, 'protected', { instance: { ...INSTANCE, isProtected: true } }],
  ['final-snapshot-or-none', 'DeleteDBInstance', { SkipFinalSnapshot: 'true' }, 'can not be specified'],
  ['final-snapshot-or-none', 'DeleteDBInstance', { FinalDBSnapshotIdentifier: undefined }, 'is required'],
  ['final-snapshot-identifier', 'DeleteDBInstance', { FinalDBSnapshotIdentifier: 'a-' }, 'not a valid identifier'],
  ['final-snapshot-in-use', 'DeleteDBInstance', {}, 'already exists', { snapshots: ['orders-last'] }],
];

test('at least twenty rules, each with its source and a request that breaks it', () => {
  expect(RDS_RULES.length).toBeGreaterThanOrEqual(20);
  expect(new Set(BROKEN.map(([rule]) => rule))).toEqual(new Set(RDS_RULES.map(({ name }) => name)));
  for (const { source } of RDS_RULES) expect(source).toMatch(/^https:\/\/docs\.aws\.amazon\.com\/AmazonRDS\//);
});

test.each(Object.keys(VALID) as RdsAction[])('%s that RDS takes is taken', (action) => {
  expect(refusalOf(requestOf(action), accountFor(action))).toBeUndefined();
});

// A function of five parameters would be given a callback where a row has four.
test.each(BROKEN)('fails by %s: %s of %j', (...[rule, action, parameters, says, account]) => {
  const request = requestOf(action, parameters);
  const found = accountFor(action, account);

  expect(refusalOf(request, found)?.message).toContain(says);
  // No other rule would have refused it.
  const others = RDS_RULES.filter((each) => each.name !== rule && each.actions.includes(action));
  expect(others.filter((each) => each.refuse(request, found)).map(({ name }) => name)).toEqual([]);
});

test.each<[string, Parameters, Partial<RdsInstanceSettings>?]>([
  ['gp3 of 400 GiB with rates', { AllocatedStorage: '500', Iops: '12000', StorageThroughput: '500' }],
  ['a newer minor', { EngineVersion: '17.6' }],
  ['a newer major, allowed', { EngineVersion: '18', AllowMajorVersionUpgrade: 'true' }],
  ['the same size', { AllocatedStorage: '100', MaxAllocatedStorage: '1000' }],
])('ModifyDBInstance: %s is taken', (_what, parameters) => {
  expect(refusalOf(requestOf('ModifyDBInstance', parameters), accountFor('ModifyDBInstance'))).toBeUndefined();
});

test('a growth of less than a tenth is rounded up', () => {
  expect([grownStorage(100, 100), grownStorage(101, 100), grownStorage(110, 100), grownStorage(200, 100)]).toEqual([
    100, 110, 110, 200,
  ]);
});

function requestOf(action: RdsAction, changes: Parameters = {}): RdsRequest {
  const parameters: Parameters = { ...VALID[action], ...changes };
  return {
    action,
    text: (name) => parameters[name],
    number: (name) => (parameters[name] === undefined ? undefined : Number(parameters[name])),
    flag: (name) => parameters[name] === 'true',
    list: (name) =>
      Object.entries(parameters).flatMap(([key, value]) => (key.startsWith(`${name}.`) && value ? [value] : [])),
  };
}

function accountFor(action: RdsAction, changes: Partial<RdsAccount> = {}): RdsAccount {
  const instance = ['ModifyDBInstance', 'DeleteDBInstance'].includes(action) ? INSTANCE : undefined;
  return { instance, snapshots: [], zones: ['us-east-1a', 'us-east-1b'], ...changes };
}
