import { TerraformVariable } from 'cdktf';
import { DatabaseEngine, DatabaseNetwork, DatabasePlan, ManagedDatabase } from '../../src';
import { NETWORK, newDatabase, newScheduledBackup, newStack, Synthesized } from '../support/synth';

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
      final_snapshot_identifier: 'orders-final',
      backup_retention_period: 7,
      manage_master_user_password: true,
      username: 'postgres',
    });
    expect(body).not.toHaveProperty('password');
    expect(body).not.toHaveProperty('skip_final_snapshot');
    expect(synthesized.one('aws_db_parameter_group').body.parameter).toEqual([{ name: 'rds.force_ssl', value: '1' }]);
    expect(synthesized.all('aws_vpc_security_group_ingress_rule')).toEqual([]);
    expect(synthesized.all('aws_lambda_function')).toEqual([]);
  });

  test('with maximal properties hands every one to RDS', () => {
    const stack = newStack();
    newDatabase(stack, 'Orders', {
      databaseName: 'shop',
      masterUsername: 'owner',
      deletionProtection: false,
      finalSnapshot: false,
      multiAz: true,
      automatedBackupDays: 35,
      storageKmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/1',
    });
    const { body } = Synthesized.of(stack).one('aws_db_instance');
    expect(body).toMatchObject({
      db_name: 'shop',
      username: 'owner',
      deletion_protection: false,
      skip_final_snapshot: true,
      multi_az: true,
      backup_retention_period: 35,
      kms_key_id: 'arn:aws:kms:eu-central-1:123456789012:key/1',
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
      'stack/Orders/ParameterGroup',
      'stack/Orders/Resource',
      'stack/Orders/SecurityGroup',
      'stack/Orders/SubnetGroup',
    ]);
  });

  test('lets in whom it is told to', () => {
    const stack = newStack();
    newDatabase(stack).allowFrom('Application', 'sg-application');
    expect(Synthesized.of(stack).one('aws_vpc_security_group_ingress_rule').body).toMatchObject({
      referenced_security_group_id: 'sg-application',
      ip_protocol: 'tcp',
    });
  });

  test('that exists has backups as a declared one has, and none of it is made anew', () => {
    const stack = newStack();
    const database = ManagedDatabase.fromDatabaseAttributes(stack, 'Existing', {
      identifier: 'legacy',
      address: 'legacy.example.eu-central-1.rds.amazonaws.com',
      port: 5433,
      masterSecretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:master-AbCdEf',
      masterSecretKmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/2',
      securityGroupId: 'sg-legacy',
      network: NETWORK,
      engine: DatabaseEngine.postgreSql('15.4'),
      plan: DatabasePlan.LARGE,
    });
    newScheduledBackup(stack, database);
    const synthesized = Synthesized.of(stack);
    expect(synthesized.all('aws_db_instance')).toEqual([]);
    expect(synthesized.one('aws_scheduler_schedule', 'Backup/Schedule').body.target.input).toContain(
      '"endpoint":"legacy.example.eu-central-1.rds.amazonaws.com:5433"',
    );
    expect(synthesized.one('aws_vpc_security_group_ingress_rule').body).toMatchObject({
      security_group_id: 'sg-legacy',
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
      { Effect: 'Allow', Action: ['kms:Decrypt'], Resource: ['arn:aws:kms:eu-central-1:123456789012:key/2'] },
    ]);
  });

  test.each(['', 'Orders', '1orders', 'orders-', 'or--ders', 'a'.repeat(64), 'or_ders'])(
    'fails with the identifier %j',
    (identifier) => {
      const stack = newStack();
      expect(() => newDatabase(stack, 'Orders', { identifier })).toThrow(
        `An identifier has 1 to 63 lower-case letters, digits and single hyphens, begins with a letter and does not end with a hyphen. Got ${JSON.stringify(identifier)}. Choose such a name. (at stack/Orders)`,
      );
    },
  );

  test('fails with an identifier that only Terraform knows', () => {
    const stack = newStack();
    const identifier = new TerraformVariable(stack, 'name', {}).stringValue;
    expect(() => newDatabase(stack, 'Orders', { identifier })).toThrow(
      'The identifier names the folder of the backups and must be known when the program runs.',
    );
  });

  test.each([-1, 36, 1.5])('fails with %d days of automated backups', (automatedBackupDays) => {
    expect(() => newDatabase(newStack(), 'Orders', { automatedBackupDays })).toThrow(
      `automatedBackupDays is a whole number from 0 to 35. Got ${automatedBackupDays}. Leave it out for 7 days. (at stack/Orders)`,
    );
  });

  test.each(['admin', 'rdsadmin', 'pg_owner'])('fails with the master user %j', (masterUsername) => {
    expect(() => newDatabase(newStack(), 'Orders', { masterUsername })).toThrow(
      `which RDS and PostgreSQL keep for themselves. Got "${masterUsername}".`,
    );
  });

  test.each([
    ['masterUsername', 'my user'],
    ['databaseName', '1shop'],
  ])('fails with %s %j', (prop, value) => {
    expect(() => newDatabase(newStack(), 'Orders', { [prop]: value })).toThrow(
      `${prop} has 1 to 63 letters, digits and underscores and does not begin with a digit. Got "${value}".`,
    );
  });
});

describe('DatabaseEngine', () => {
  test('carries its version', () => {
    expect(DatabaseEngine.postgreSql('17.5')).toMatchObject({
      name: 'postgres',
      version: '17.5',
      majorVersion: 17,
      parameterGroupFamily: 'postgres17',
    });
  });

  test.each(['19', '19.1'])('fails with version %s, which the clients cannot dump', (version) => {
    expect(() => DatabaseEngine.postgreSql(version)).toThrow(
      `The clients that make the backups are of PostgreSQL 18 and cannot dump a newer server. Got "${version}". Use PostgreSQL 18 or older, or a later release of this library.`,
    );
  });

  test.each(['', '9.6', '10', 'latest', '17.x'])('fails with version %j', (version) => {
    expect(() => DatabaseEngine.postgreSql(version)).toThrow(
      `Got ${JSON.stringify(version)}. Name a version that RDS offers.`,
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

  test('fails with a storage below what RDS takes', () => {
    expect(() => plan(2, 8, 19)).toThrow("from 20 to 65536, the bounds of RDS's gp3 storage. Got 19.");
  });

  test('fails with no processor', () => {
    expect(() => plan(0, 8, 20)).toThrow("A plan's vcpu is a positive number. Got 0.");
  });

  test('fails with an instance class of EC2', () => {
    expect(() =>
      DatabasePlan.of({ name: 'own', instanceClass: 'm7g.large', vcpu: 2, memoryGib: 8, storageGib: 20 }),
    ).toThrow('An instance class of RDS begins with "db.". Got "m7g.large".');
  });
});

describe('DatabaseNetwork', () => {
  test('fails with one subnet', () => {
    expect(() => DatabaseNetwork.of({ vpcId: 'vpc-1', subnetIds: ['subnet-a'] })).toThrow(
      'A database needs subnets in at least two availability zones. Got ["subnet-a"]. Name two or more private subnets.',
    );
  });
});
