import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { App, TerraformResource, TerraformStack, TerraformVariable } from 'cdktf';
import {
  DatabaseEngine,
  DatabaseInsights,
  DatabaseNetwork,
  DatabasePlan,
  EngineLifecycleSupport,
  ManagedDatabase,
} from '../../src';
import { CERTIFICATE } from '../support/certificate';
import {
  NETWORK,
  newDatabase,
  newScheduledBackup,
  newStack,
  newStorage,
  requestOf,
  Synthesized,
} from '../support/synth';

const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000001';

function broughtIn(stack: TerraformStack, attributes: object = {}) {
  return ManagedDatabase.fromManagedDatabaseAttributes(stack, 'Existing', {
    identifier: 'legacy',
    address: 'legacy.example.com',
    masterSecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:master-AbCdEf',
    securityGroupId: 'sg-00001ead',
    network: NETWORK,
    engine: DatabaseEngine.postgres('15.4'),
    plan: DatabasePlan.LARGE,
    ...attributes,
  });
}

describe('ManagedDatabase', () => {
  test('with minimal properties is encrypted, private, TLS only, protected, and keeps its last snapshot', () => {
    const stack = newStack();
    newDatabase(stack);
    const synthesized = Synthesized.of(stack);

    const { body } = synthesized.one('aws_db_instance');
    expect(body).toMatchObject({
      identifier: 'orders',
      engine: 'postgres',
      engine_version: '17',
      instance_class: 'db.t4g.small',
      allocated_storage: 20,
      storage_encrypted: true,
      publicly_accessible: false,
      deletion_protection: true,
      final_snapshot_identifier: 'orders-final-${formatdate("YYYYMMDDhhmmss", timestamp())}',
      apply_immediately: true,
      auto_minor_version_upgrade: true,
      backup_retention_period: 7,
      manage_master_user_password: true,
      username: 'postgres',
    });
    expect(body).not.toHaveProperty('password');
    expect(body).not.toHaveProperty('skip_final_snapshot');
    expect(synthesized.one('aws_db_parameter_group').body.parameter).toEqual([
      { name: 'rds.force_ssl', value: '1' },
      { name: 'log_min_duration_statement', value: '1000' },
    ]);
    expect(synthesized.all('aws_vpc_security_group_ingress_rule')).toEqual([]);
    expect(synthesized.all('aws_lambda_function')).toEqual([]);
  });

  test('with maximal properties passes every one to RDS', () => {
    const stack = newStack();
    newDatabase(stack, 'Orders', {
      databaseName: 'shop',
      masterUsername: 'owner',
      deletionProtection: false,
      finalSnapshot: false,
      multiAz: true,
      automatedBackupDays: 35,
      storageKmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000001',
    });
    const { body } = Synthesized.of(stack).one('aws_db_instance');
    expect(body).toMatchObject({
      db_name: 'shop',
      username: 'owner',
      deletion_protection: false,
      skip_final_snapshot: true,
      multi_az: true,
      backup_retention_period: 35,
      kms_key_id: 'arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000001',
    });
    expect(body).not.toHaveProperty('final_snapshot_identifier');
  });

  test('has construct ids that are a contract: changing one destroys a database', () => {
    const stack = newStack();
    newDatabase(stack);
    expect(
      Synthesized.of(stack)
        .resources.map((resource) => resource.path)
        .sort(),
    ).toEqual([
      'stack/Orders/Deployed',
      'stack/Orders/DeployedInstance',
      'stack/Orders/Identity',
      'stack/Orders/ParameterGroup',
      'stack/Orders/Resource',
      'stack/Orders/SecurityGroup',
      'stack/Orders/SubnetGroup',
    ]);
  });

  test('allowIngressFrom adds one rule for each security group', () => {
    const stack = newStack();
    newDatabase(stack).allowIngressFrom('Application', 'sg-0123456789abcdef0');
    expect(Synthesized.of(stack).one('aws_vpc_security_group_ingress_rule').body).toMatchObject({
      referenced_security_group_id: 'sg-0123456789abcdef0',
      ip_protocol: 'tcp',
    });
  });

  test('that exists has backups as one of this program has, and none of it is created', () => {
    const stack = newStack();
    const database = ManagedDatabase.fromManagedDatabaseAttributes(stack, 'Existing', {
      identifier: 'legacy',
      address: 'legacy.example.eu-central-1.rds.amazonaws.com',
      port: 5433,
      masterSecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:master-AbCdEf',
      masterSecretKmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000002',
      securityGroupId: 'sg-00001ead',
      network: NETWORK,
      engine: DatabaseEngine.postgres('15.4'),
      plan: DatabasePlan.LARGE,
    });
    newScheduledBackup(stack, database);
    const synthesized = Synthesized.of(stack);
    expect(synthesized.all('aws_db_instance')).toEqual([]);
    expect(synthesized.one('aws_scheduler_schedule', 'Backup/Schedule').body.target.input).toContain(
      '"endpoint":"legacy.example.eu-central-1.rds.amazonaws.com:5433"',
    );
    expect(synthesized.one('aws_vpc_security_group_ingress_rule').body).toMatchObject({
      security_group_id: 'sg-00001ead',
      from_port: 5433,
      to_port: 5433,
    });
    const { policy: grant, lifecycle } = synthesized.one('aws_iam_role_policy', 'DatabaseGrant').body;
    expect(lifecycle).toEqual({ create_before_destroy: true });
    expect(JSON.parse(grant).Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['secretsmanager:GetSecretValue'],
        Resource: ['arn:aws:secretsmanager:eu-central-1:123456789012:secret:master-AbCdEf'],
      },
      {
        Effect: 'Allow',
        Action: ['kms:Decrypt'],
        Resource: ['arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000002'],
      },
    ]);
  });

  test('that exists can do what one of this program can', () => {
    const stack = newStack();
    const database = broughtIn(stack);
    database.allowIngressFrom('Application', 'sg-0123456789abcdef0');
    database.createAfter();
    expect(database).toMatchObject({
      address: 'legacy.example.com',
      endpoint: 'legacy.example.com:5432',
      dependables: [],
      isCreatedHere: false,
    });
    expect(Synthesized.of(stack).one('aws_vpc_security_group_ingress_rule').body.security_group_id).toBe('sg-00001ead');
  });

  test.each([
    [
      'address',
      'https://legacy.example.com',
      'address is a host name or an IP address, without scheme, port and path.',
    ],
    ['address', 'legacy.example.com:5432', 'address is a host name or an IP address'],
    ['address', undefined, 'address is required. Got nothing.'],
    ['port', 0, 'port is a whole number from 1 to 65535. Got 0.'],
    ['masterSecretArn', undefined, 'masterSecretArn is required. Got nothing.'],
    [
      'masterSecretArn',
      'arn:aws:secretsmanager:eu-central-1:123456789012:secret:m:password::',
      'masterSecretArn is the ARN',
    ],
    ['masterSecretKmsKeyArn', 'alias/master', 'masterSecretKmsKeyArn is the ARN of a KMS key, not of an alias'],
    ['securityGroupId', 'default', 'securityGroupId is an id that begins with "sg-"'],
    ['securityGroupId', undefined, 'securityGroupId is required.'],
    ['engine', undefined, 'engine is required. Got nothing. Make it with DatabaseEngine.postgres.'],
    ['network', undefined, 'network is required. Got nothing. Make it with DatabaseNetwork.of'],
    ['plan', 'small', 'plan is made with DatabasePlan.of'],
  ])('that exists fails with %s %j', (prop, value, message) => {
    expect(() => broughtIn(newStack(), { [prop]: value })).toThrow(message);
    expect(() => broughtIn(newStack(), { [prop]: value })).toThrow('(at stack/Existing)');
  });

  test('fails without props or attributes', () => {
    expect(() => new ManagedDatabase(newStack(), 'Orders', undefined as any)).toThrow('identifier is required.');
    expect(() => ManagedDatabase.fromManagedDatabaseAttributes(newStack(), 'Orders', undefined as any)).toThrow(
      'identifier is required.',
    );
  });

  test.each(['Orders', '1orders', 'orders-', 'or--ders', 'a'.repeat(64), 'or_ders'])(
    'fails with the identifier %j',
    (identifier) => {
      const stack = newStack();
      expect(() => newDatabase(stack, 'Orders', { identifier })).toThrow(
        `identifier has 1 to 63 lower-case letters, digits and single hyphens, begins with a letter and does not end with a hyphen. Got ${JSON.stringify(identifier)}. Choose such a name. (at stack/Orders)`,
      );
    },
  );

  test('fails with an identifier that only Terraform knows', () => {
    const stack = newStack();
    const identifier = new TerraformVariable(stack, 'name', {}).stringValue;
    expect(() => newDatabase(stack, 'Orders', { identifier })).toThrow(
      'identifier is known when the program runs. Got a value that only Terraform knows. Write it out: it names the folder of the backups.',
    );
  });

  test('fails with the identifier of another one, naming both', () => {
    const stack = newStack();
    newDatabase(stack);
    expect(() => newDatabase(stack, 'Second')).toThrow(
      'Two databases of one stack have identifiers of their own; stack/Orders has this one already. Got "orders". Give one of them another identifier, or declare the database once. (at stack/Second)',
    );
  });

  const HIGH_RATES = { plan: DatabasePlan.XXLARGE, storageIops: 12_000 };

  test.each<[props: object, message: string]>([
    [{ identifier: undefined }, 'identifier is required. Got nothing.'],
    [{ engine: undefined }, 'engine is required. Got nothing.'],
    [{ plan: undefined }, 'plan is required. Got nothing.'],
    [{ network: undefined }, 'network is required. Got nothing.'],
    [{ network: {} }, 'network is made with DatabaseNetwork.of or DatabaseNetwork.create. Got {}.'],
    [
      { automatedBackupDays: -1 },
      'automatedBackupDays is a whole number of days from 0 to 35. Got -1. Leave it out for 7.',
    ],
    [{ automatedBackupDays: 36 }, 'automatedBackupDays is a whole number of days from 0 to 35. Got 36.'],
    [{ automatedBackupDays: 1.5 }, 'automatedBackupDays is a whole number of days from 0 to 35. Got 1.5.'],
    [{ masterUsername: 'admin' }, 'RDS and PostgreSQL reserve these names. Got "admin".'],
    [{ masterUsername: 'rdsadmin' }, 'RDS and PostgreSQL reserve these names. Got "rdsadmin".'],
    [{ masterUsername: 'pg_owner' }, 'RDS and PostgreSQL reserve these names. Got "pg_owner".'],
    [{ masterUsername: 'User' }, 'RDS and PostgreSQL reserve these names. Got "User".'],
    [
      { masterUsername: 'my user' },
      'masterUsername has 1 to 16 letters, digits and underscores and begins with a letter.',
    ],
    [{ masterUsername: 'a'.repeat(17) }, 'masterUsername has 1 to 16 letters'],
    [{ databaseName: '1shop' }, 'databaseName has 1 to 63 letters, digits and underscores and begins with a letter.'],
    [{ databaseName: '_shop' }, 'databaseName has 1 to 63 letters, digits and underscores and begins with a letter.'],
    [{ databaseName: 'order' }, 'databaseName is no key word of PostgreSQL'],
    [
      { databaseName: 'postgres' },
      'databaseName is no key word of PostgreSQL and no database that every instance has.',
    ],
    [{ port: 80 }, 'port is a whole number from 1150 to 65535. Got 80.'],
    [{ automatedBackupWindow: '2-3' }, 'automatedBackupWindow is a time of day of at least 30 minutes.'],
    [{ automatedBackupWindow: '02:00-02:10' }, 'automatedBackupWindow is a time of day of at least 30 minutes.'],
    [{ automatedBackupWindow: '02:00-03:00', automatedBackupDays: 0 }, 'automatedBackupWindow needs automated backups'],
    [{ maintenanceWindow: 'sun:05:00-sun:05:10' }, 'maintenanceWindow is a time of the week of at least 30 minutes'],
    [
      { maintenanceWindow: 'sun:23:45-mon:00:30', automatedBackupWindow: '00:00-00:30' },
      'maintenanceWindow and automatedBackupWindow have no minute in common.',
    ],
    [{ engineLifecycleSupport: 'none' }, 'engineLifecycleSupport is one of open-source-rds-extended-support,'],
    [{ existingSecurityGroupId: 'sg-x' }, 'existingSecurityGroupId is an id that begins with "sg-"'],
    [{ parameterGroupName: 'own', parameters: {} }, 'parameters cannot be combined with parameterGroupName.'],
    [{ parameters: { 'no name': '1' } }, 'parameters has names of PostgreSQL parameters and texts as values.'],
    [{ maximumStorageGib: 21 }, 'maximumStorageGib is a whole number of GiB from 22 to 65536.'],
    [
      { plan: DatabasePlan.LARGE, maximumStorageGib: 109 },
      "at least 10 % above the plan's storage of 100 GiB. Got 109.",
    ],
    [{ storageIops: 12_000 }, 'storageIops and storageThroughputMib need a plan with 400 GiB of storage or more.'],
    [{ ...HIGH_RATES, storageIops: 3000 }, 'storageIops is a whole number from 12000 to 64000. Got 3000.'],
    [{ ...HIGH_RATES, storageThroughputMib: 499 }, 'storageThroughputMib is a whole number of MiB/s from 500 to 4000.'],
    [{ ...HIGH_RATES, storageThroughputMib: 3001 }, 'storageThroughputMib is at most a quarter of storageIops.'],
    [{ storageKmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:alias/x' }, 'storageKmsKeyArn is the ARN of a KMS key'],
    [{ masterSecretKmsKeyArn: 'x' }, 'masterSecretKmsKeyArn is the ARN of a KMS key'],
    [{ logKmsKeyArn: KEY }, 'logKmsKeyArn belongs to logRetentionDays.'],
    [{ logRetentionDays: 8 }, 'logRetentionDays is one of 1, 3, 5, 7,'],
    [{ databaseInsights: 'all' }, 'databaseInsights is one of standard, advanced.'],
    [{ enhancedMonitoringSeconds: 20 }, 'enhancedMonitoringSeconds is one of 1, 5, 10, 15, 30, 60.'],
    [{ caIdentifier: 'rds-ca-2019' }, 'caIdentifier is one of rds-ca-rsa2048-g1'],
    [{ caCertificate: 'x' }, 'caCertificate of a database is one or more certificates in PEM.'],
    [{ tags: { 'aws:x': 'y' } }, 'the key does not begin with "aws:".'],
    [
      { backupFunctionOptions: { memoryMib: 127 } },
      'memoryMib of the backup function is a whole number of MiB from 128 to 10240.',
    ],
    [
      { backupFunctionOptions: { ephemeralStorageMib: 511 } },
      'ephemeralStorageMib of the backup function is a whole number',
    ],
    [
      { backupFunctionOptions: { runtime: 'python3.12' } },
      'runtime of the backup function is one of nodejs20.x, nodejs22.x.',
    ],
    [
      { backupFunctionOptions: { runtime: 'nodejs24.x' } },
      'runtime of the backup function is one of nodejs20.x, nodejs22.x.',
    ],
    [{ backupFunctionOptions: { logRetentionDays: 91 } }, 'logRetentionDays of the backup function is one of'],
    [
      { backupFunctionOptions: { logKmsKeyArn: 'alias/x' } },
      'logKmsKeyArn of the backup function is the ARN of a KMS key',
    ],
    [{ backupFunctionOptions: { roleArn: 'backup' } }, 'roleArn of the backup function is the ARN of an IAM role.'],
    [
      { backupFunctionOptions: { permissionsBoundaryArn: 'b' } },
      'permissionsBoundaryArn of the backup function is the ARN of an IAM policy.',
    ],
    [
      { backupFunctionOptions: { onFailureDestinationArn: 'arn:aws:sqs:eu-central-1:123456789012:failed.fifo' } },
      'onFailureDestinationArn of the backup function is the ARN of a standard SNS topic',
    ],
  ])('fails with %j', (props, message) => {
    expect(() => newDatabase(newStack(), 'Orders', props)).toThrow(message);
    expect(() => newDatabase(newStack(), 'Orders', props)).toThrow('(at stack/Orders)');
  });

  test.each(['default', '', undefined as unknown as string])('fails to allow ingress from %j', (securityGroupId) => {
    const database = newDatabase(newStack());
    expect(() => database.allowIngressFrom('Application', securityGroupId)).toThrow('securityGroupId is ');
  });
});

describe('the instance of a ManagedDatabase', () => {
  const instanceOf = (props: object) => {
    const stack = newStack();
    newDatabase(stack, 'Orders', props);
    return Synthesized.of(stack).one('aws_db_instance').body;
  };

  test('states its rates from 400 GiB on, so that growing beyond never sends those of the smaller volume', () => {
    expect(instanceOf({ plan: DatabasePlan.XLARGE })).not.toHaveProperty('iops');
    expect(instanceOf({ plan: DatabasePlan.XXLARGE })).toMatchObject({ iops: 12_000, storage_throughput: 500 });
    expect(instanceOf({ plan: DatabasePlan.XXLARGE, storageIops: 16_000, storageThroughputMib: 4000 })).toMatchObject({
      iops: 16_000,
      storage_throughput: 4000,
    });
  });

  test('stays at a full version: RDS would upgrade it, and the next plan would be a downgrade', () => {
    expect(instanceOf({ engine: DatabaseEngine.postgres('17.5') })).toMatchObject({
      engine_version: '17.5',
      auto_minor_version_upgrade: false,
    });
  });

  test('is upgraded to another major version only where the program says so', () => {
    expect(instanceOf({})).not.toHaveProperty('allow_major_version_upgrade');
    expect(instanceOf({ allowMajorVersionUpgrade: true }).allow_major_version_upgrade).toBe(true);
  });

  test('changes in the maintenance window where the program says so', () => {
    expect(instanceOf({ applyImmediately: false }).apply_immediately).toBe(false);
  });

  test('is kept by Terraform while it is protected, before anything else is destroyed', () => {
    expect(instanceOf({}).lifecycle.prevent_destroy).toBe(true);
    expect(instanceOf({ deletionProtection: false }).lifecycle).not.toHaveProperty('prevent_destroy');
  });

  test('names its last snapshot by the time of its creation, and keeps the name', () => {
    expect(instanceOf({}).lifecycle.ignore_changes).toEqual(['final_snapshot_identifier']);
    expect(instanceOf({ finalSnapshot: false }).lifecycle).not.toHaveProperty('ignore_changes');
  });

  test('refuses a plan with another identifier or with less storage', () => {
    const [renamed, shrunk] = instanceOf({}).lifecycle.precondition;
    expect(renamed.condition).toMatch(/^\$\{terraform_data\.\w+\.output\.identifier == "orders"\}$/);
    expect(renamed.error_message).toContain('The identifier of a database cannot be changed');
    expect(shrunk.condition).toMatch(/ : size <= 20\]\)\}$/);
    expect(shrunk.error_message).toContain('RDS never shrinks storage');
    expect(instanceOf({ maximumStorageGib: 100 }).lifecycle.precondition).toHaveLength(1);
  });

  test('has names that EC2 accepts, whatever its identifier begins with', () => {
    const stack = newStack();
    newScheduledBackup(stack, newDatabase(stack, 'Orders', { identifier: 'sg-1' }));
    for (const { body } of Synthesized.of(stack).all('aws_security_group')) {
      expect(body.name_prefix).not.toMatch(/^sg-/);
    }
  });

  test('with every further property passes it to RDS', () => {
    const stack = newStack();
    newDatabase(stack, 'Orders', {
      port: 5433,
      automatedBackupWindow: '02:00-02:30',
      maintenanceWindow: 'Sun:05:00-Sun:06:00',
      engineLifecycleSupport: EngineLifecycleSupport.STANDARD,
      parameters: { 'rds.force_ssl': '0', shared_preload_libraries: 'pg_stat_statements' },
      subnetGroupName: 'existing-subnets',
      existingSecurityGroupId: 'sg-0123456789abcdef0',
      maximumStorageGib: 100,
      masterSecretKmsKeyArn: KEY,
      logRetentionDays: 30,
      logKmsKeyArn: KEY,
      databaseInsights: DatabaseInsights.ADVANCED,
      enhancedMonitoringSeconds: 60,
      caIdentifier: 'rds-ca-rsa2048-g1',
      iamAuthentication: true,
      tags: { team: 'orders' },
    });
    const result = Synthesized.of(stack);
    expect(result.one('aws_db_instance').body).toMatchObject({
      port: 5433,
      backup_window: '02:00-02:30',
      maintenance_window: 'sun:05:00-sun:06:00',
      engine_lifecycle_support: 'open-source-rds-extended-support-disabled',
      db_subnet_group_name: 'existing-subnets',
      vpc_security_group_ids: ['sg-0123456789abcdef0'],
      max_allocated_storage: 100,
      master_user_secret_kms_key_id: KEY,
      enabled_cloudwatch_logs_exports: ['postgresql'],
      database_insights_mode: 'advanced',
      performance_insights_enabled: true,
      performance_insights_retention_period: 465,
      monitoring_interval: 60,
      ca_cert_identifier: 'rds-ca-rsa2048-g1',
      iam_database_authentication_enabled: true,
      tags: { team: 'orders' },
    });
    expect(result.one('aws_cloudwatch_log_group').body).toMatchObject({
      name: '/aws/rds/instance/orders/postgresql',
      retention_in_days: 30,
      kms_key_id: KEY,
    });
    expect(result.one('aws_db_parameter_group').body.parameter).toContainEqual({
      name: 'shared_preload_libraries',
      value: 'pg_stat_statements',
      apply_method: 'pending-reboot',
    });
    expect(result.all('aws_security_group')).toEqual([]);
    expect(result.all('aws_db_subnet_group')).toEqual([]);
  });

  test('of a major version in Extended Support is a warning at synth', () => {
    const stack = newStack();
    const warningsOf = (database: ManagedDatabase) => database.node.metadata.map(({ data }) => data);
    expect(warningsOf(newDatabase(stack, 'Old', { engine: DatabaseEngine.postgres('13') }))).toEqual([
      'The standard support of PostgreSQL 13 on RDS ended on 2026-02-28: Extended Support is billed by the vCPU and hour. Choose a newer major version.',
    ]);
    expect(warningsOf(newDatabase(stack, 'New', { identifier: 'new', engine: DatabaseEngine.postgres('18') }))).toEqual(
      [],
    );
    expect(() =>
      newDatabase(newStack(), 'Old', {
        engine: DatabaseEngine.postgres('13'),
        engineLifecycleSupport: EngineLifecycleSupport.STANDARD,
      }),
    ).toThrow('RDS creates no instance without Extended Support of a major version whose standard support has ended');
  });

  test('in a region whose root certificate the function lacks needs its certificate authority', () => {
    const region = 'eu-nowhere-1';
    const stack = new TerraformStack(new App({ skipValidation: true }), 'stack');
    new AwsProvider(stack, 'aws', { region });
    expect(() => newDatabase(stack)).toThrow(
      `The backup function lacks the root certificate of RDS for this region, so no backup could connect to the database. Got "${region}".`,
    );
    newScheduledBackup(stack, newDatabase(stack, 'Second', { caCertificate: CERTIFICATE }));
    const { target } = Synthesized.of(stack).one('aws_scheduler_schedule', 'Backup/Schedule').body;
    expect(requestOf(target.input).database.caCertificate).toBe(CERTIFICATE);
  });

  test('in two regions and two accounts of one program may have one identifier, each with a function of its own', () => {
    const stack = newStack();
    const aliases = ['ireland', 'staging'];
    aliases.forEach((alias) => {
      const role = alias === 'staging' ? [{ roleArn: 'arn:aws:iam::210987654321:role/deploy' }] : undefined;
      const provider = new AwsProvider(stack, alias, { region: 'eu-west-1', alias, assumeRole: role });
      const database = newDatabase(stack, `Orders-${alias}`, { provider });
      newScheduledBackup(stack, database, { storage: newStorage({ path: alias }) }, `Backup-${alias}`);
    });
    const result = Synthesized.of(stack);
    for (const type of ['aws_lambda_function', 'aws_lambda_layer_version', 'aws_db_instance', 'aws_caller_identity']) {
      const providers = result.resources.filter((each) => each.type === type).map(({ body }) => body.provider);
      expect([type, new Set(providers)]).toEqual([type, new Set(aliases.map((alias) => `aws.${alias}`))]);
    }
  });

  test('and its function take provider and tags through to every resource and data source', () => {
    const stack = newStack();
    const provider = new AwsProvider(stack, 'elsewhere', { region: 'eu-west-1', alias: 'elsewhere' });
    const tags = { team: 'orders' };
    const database = newDatabase(stack, 'Orders', {
      provider,
      tags,
      enhancedMonitoringSeconds: 60,
      logRetentionDays: 1,
    });
    newScheduledBackup(stack, database, { tags: { tier: 'gold' } });
    newScheduledBackup(stack, newDatabase(stack, 'Users', { identifier: 'users' }), {}, 'UsersBackup');
    const result = Synthesized.of(stack);
    const mine = result.resources.filter(({ path }) =>
      /stack\/(Orders|Backup|BackupFunctionAssets-elsewhere)\//.test(path),
    );
    for (const { type, body, path } of mine) {
      if (type !== 'terraform_data') expect([path, body.provider]).toEqual([path, 'aws.elsewhere']);
    }
    const taggable = database.node
      .findAll()
      .filter((node): node is TerraformResource => TerraformResource.isTerraformResource(node) && 'tagsInput' in node);
    expect(taggable.length).toBeGreaterThan(8);
    for (const node of taggable) expect([node.node.path, (node as any).tagsInput]).toEqual([node.node.path, tags]);
    // A filter there: a database or an endpoint with other tags would not be found.
    expect(mine.filter(({ address, body }) => address.startsWith('data.') && body.tags)).toEqual([]);
    expect(result.one('aws_cloudwatch_metric_alarm', 'stack/Backup/AgeAlarm').body.tags).toEqual({
      ...tags,
      tier: 'gold',
    });
    expect(result.all('aws_lambda_layer_version')).toHaveLength(2);
  });
});

describe('DatabaseEngine', () => {
  const attempt = (version: string) => () =>
    newDatabase(newStack(), 'Orders', { engine: DatabaseEngine.postgres(version) });

  test('carries its version', () => {
    expect(DatabaseEngine.postgres('17.5')).toMatchObject({
      name: 'postgres',
      version: '17.5',
      majorVersion: 17,
      parameterGroupFamily: 'postgres17',
    });
  });

  test.each([
    '',
    '9.6',
    '10',
    '11',
    '12',
    '12.22',
    '19',
    '19.1',
    'latest',
    '17.x',
    '017',
    undefined as unknown as string,
  ])('fails with version %j', (version) => {
    expect(attempt(version)).toThrow(
      `DatabaseEngine.postgres takes a version from 13 to 18, such as "17" or "17.5". Got ${version === undefined ? 'nothing' : JSON.stringify(version)}. Name a major version from 13 to 18, alone or with its minor version. (at stack/Orders)`,
    );
  });
});

describe('DatabasePlan', () => {
  const plan = (vcpu: number, memoryGib: number, storageGib: number) =>
    DatabasePlan.of({ name: 'own', instanceClass: 'db.m7g.large', vcpu, memoryGib, storageGib });

  test('is at least another when vCPU, memory and storage each are', () => {
    expect(plan(2, 8, 100).isAtLeast(plan(2, 8, 100))).toBe(true);
    expect(plan(4, 16, 200).isAtLeast(plan(2, 8, 100))).toBe(true);
    expect(plan(1, 16, 200).isAtLeast(plan(2, 8, 100))).toBe(false);
    expect(plan(4, 4, 200).isAtLeast(plan(2, 8, 100))).toBe(false);
    expect(plan(4, 16, 50).isAtLeast(plan(2, 8, 100))).toBe(false);
  });

  test('has ready-made sizes in rising order', () => {
    const { MICRO, SMALL, MEDIUM, LARGE, XLARGE, XXLARGE } = DatabasePlan;
    const sizes = [MICRO, SMALL, MEDIUM, LARGE, XLARGE, XXLARGE];
    sizes.slice(1).forEach((size, index) => {
      expect(size.isAtLeast(sizes[index])).toBe(true);
      expect(sizes[index].isAtLeast(size)).toBe(false);
    });
  });

  test('has one word for each size', () => {
    for (const [constant, size] of Object.entries(DatabasePlan)) {
      expect(size.name).toBe(constant.toLowerCase().replace('_', '-'));
    }
  });

  test.each([
    ['storageGib', 19, 'storageGib of a plan is a whole number of GiB from 20 to 65536. Got 19.'],
    ['storageGib', 20.5, 'storageGib of a plan is a whole number of GiB from 20 to 65536. Got 20.5.'],
    ['vcpu', 0, 'vcpu of a plan is a whole number from 1 to 1024. Got 0.'],
    ['memoryGib', 0, 'memoryGib of a plan is a number above 0. Got 0.'],
    [
      'instanceClass',
      'm7g.large',
      'instanceClass of a plan is an instance class of RDS, which begins with "db.". Got "m7g.large".',
    ],
    ['name', undefined, 'name of a plan is required. Got nothing.'],
    ['name', '${x}', 'name of a plan has 1 to 64 letters, digits, spaces, hyphens, underscores and dots. Got "${x}".'],
    ['vcpu', undefined, 'vcpu of a plan is required. Got nothing.'],
  ])('fails with %s %j', (prop, value, message) => {
    const size = { name: 'own', instanceClass: 'db.m7g.large', vcpu: 2, memoryGib: 8, storageGib: 20 };
    const own = DatabasePlan.of({ ...size, [prop]: value });
    expect(() => newDatabase(newStack(), 'Orders', { plan: own })).toThrow(message);
    expect(() => newDatabase(newStack(), 'Orders', { plan: own })).toThrow('(at stack/Orders)');
  });
});

describe('DatabaseNetwork', () => {
  const SUBNETS = ['subnet-0000000a', 'subnet-0000000b'];

  test.each<[props: any, message: string]>([
    [
      { vpcId: 'vpc-00000001', subnetIds: ['subnet-0000000a'] },
      'A database needs subnets in at least two availability zones.',
    ],
    [{ vpcId: 'main', subnetIds: SUBNETS }, 'vpcId of a network is an id that begins with "vpc-"'],
    [{ vpcId: undefined, subnetIds: SUBNETS }, 'vpcId of a network is required. Got nothing.'],
    [{ vpcId: 'vpc-00000001', subnetIds: undefined }, 'subnetIds of a network is required.'],
    [{ vpcId: 'vpc-00000001', subnetIds: ['a', 'b'] }, 'Each of subnetIds is an id that begins with "subnet-"'],
    [{ vpcId: 'vpc-00000001', subnetIds: [SUBNETS[0], undefined] }, 'Each of subnetIds of a network is required.'],
    [{ vpcId: 'vpc-00000001', subnetIds: [SUBNETS[0], SUBNETS[0]] }, 'subnetIds of a network has each value once.'],
    [undefined, 'vpcId of a network is required.'],
  ])('fails with %j', (props, message) => {
    const network = DatabaseNetwork.of(props);
    expect(() => newDatabase(newStack(), 'Orders', { network })).toThrow(message);
    expect(() => newDatabase(newStack(), 'Orders', { network })).toThrow('(at stack/Orders)');
  });

  const created = (props: object = {}) => {
    const stack = newStack();
    newScheduledBackup(
      stack,
      newDatabase(stack, 'Orders', { network: DatabaseNetwork.create(stack, 'Network', props) }),
    );
    return Synthesized.of(stack);
  };

  test('that is created has private subnets and two endpoints, and the function reaches nothing else', () => {
    const result = created();
    expect(result.all('aws_subnet')).toHaveLength(2);
    expect(
      result
        .all('aws_vpc_endpoint')
        .map(({ body }) => body.vpc_endpoint_type)
        .sort(),
    ).toEqual(['Gateway', 'Interface']);
    expect(result.all('aws_nat_gateway')).toEqual([]);
    const targets = result.all('aws_vpc_security_group_egress_rule').map(({ body }) => body);
    const https = targets.filter(({ from_port: port }) => port === 443);
    expect(https.map((target) => target.prefix_list_id ?? target.referenced_security_group_id).sort()).toEqual([
      expect.stringMatching(/^\$\{aws_security_group\.Network_EndpointSecurityGroup_\w+\.id\}$/),
      expect.stringMatching(/^\$\{aws_vpc_endpoint\.Network_StorageEndpoint_\w+\.prefix_list_id\}$/),
    ]);
    expect(targets.some((target) => 'cidr_ipv4' in target)).toBe(false);
  });

  test('that is created with a NAT gateway has a route to the internet', () => {
    const result = created({ natGateway: true, cidrBlock: '10.8.0.0/20', tags: { team: 'orders' } });
    expect(result.one('aws_nat_gateway').body.tags).toEqual({ team: 'orders' });
    expect(result.all('aws_subnet')).toHaveLength(3);
    expect(result.one('aws_vpc_security_group_egress_rule', 'HttpsEgress').body.cidr_ipv4).toBe('0.0.0.0/0');
  });

  test('that is created without a NAT gateway is a warning for a storage outside of it', () => {
    const stack = newStack();
    const network = DatabaseNetwork.create(stack, 'Network');
    const { connectionTest } = newScheduledBackup(stack, newDatabase(stack, 'Orders', { network }));
    const warnings = connectionTest.node
      .findAll()
      .flatMap(({ node }) => node.metadata.filter(({ type }) => type === '@cdktf/warn').map(({ data }) => data));
    expect(warnings).toEqual([expect.stringContaining('The network has no route to this storage')]);
  });

  test.each([
    [{ cidrBlock: '10.0.0.0/8' }, 'cidrBlock is an IPv4 block of /16 to /24'],
    [{ cidrBlock: '10.0.0.256/16' }, 'cidrBlock is an IPv4 block of /16 to /24'],
    [{ cidrBlock: '10.0.8.0/20' }, 'cidrBlock begins at the first address of its block. Got "10.0.8.0/20"'],
    [{ availabilityZones: ['eu-central-1a'] }, 'The number of availabilityZones is one of 2, 3. Got 1.'],
    [
      { availabilityZones: ['eu-central-1', 'eu-central-1b'] },
      'Each of availabilityZones is the name of an availability zone.',
    ],
    [{ availabilityZones: ['eu-central-1a', 'eu-central-1a'] }, 'availabilityZones has each value once.'],
  ])('fails to be created with %j', (props, message) => {
    expect(() => DatabaseNetwork.create(newStack(), 'Network', props)).toThrow(message);
    expect(() => DatabaseNetwork.create(newStack(), 'Network', props)).toThrow('(at stack/Network)');
  });
});
