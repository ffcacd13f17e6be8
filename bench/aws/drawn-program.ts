import { createHash } from 'node:crypto';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { App, Fn, Lazy, TerraformStack, TerraformVariable, Token } from 'cdktf';
import {
  AlarmActionArns,
  BackupDashboard,
  BackupFunction,
  BackupRetention,
  BackupSchedule,
  BackupStorage,
  ConnectionTest,
  DatabaseEngine,
  DatabaseInsights,
  DatabaseNetwork,
  DatabasePlan,
  EngineLifecycleSupport,
  IAlarmAction,
  IManagedDatabase,
  LeftOut,
  ManagedDatabase,
  RestoreDrill,
  RestoreDrillCheck,
  RestoredDatabase,
  ScheduledBackup,
  StorageCredentials,
  StoredBackups,
} from '../../src';
import { CERTIFICATE } from '../../test/support/certificate';

/** Random numbers from a seed, the same on every machine. */
export class Random {
  private count = 0;

  constructor(private readonly seed: string) {}

  next(): number {
    const digest = createHash('sha256').update(`${this.seed}:${this.count++}`).digest();
    return digest.readUInt32BE(0) / 2 ** 32;
  }

  whole(below: number): number {
    return Math.floor(this.next() * below);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.whole(values.length)];
  }

  text(alphabet: string, length: number): string {
    return Array.from({ length }, () => alphabet[this.whole(alphabet.length)]).join('');
  }
}

/** Values that a prop is drawn from: ordinary ones, and others at and around its bounds. */
interface Values {
  readonly usual: readonly unknown[];
  /** A function where the values are many and costly. */
  readonly edge: readonly unknown[] | (() => readonly unknown[]);
}

const ACCOUNT = '123456789012';
const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const SECRET = `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:storage-AbCdEf`;
const TOPIC = `arn:aws:sns:eu-central-1:${ACCOUNT}:on-call`;

/** Wrong for almost every text. */
const ODD_TEXTS = ['', ' ', 'ü', '"', '${x}', 'a\nb', 'x'.repeat(300), 7, null, {}];
const ODD_NUMBERS = [0, -1, 1.5, NaN, Infinity, 2 ** 31, '7', null];

function around(minimum: number, maximum: number): number[] {
  return [minimum - 1, minimum, minimum + 1, maximum - 1, maximum, maximum + 1];
}

/** One program, with up to three values at or around their bounds. */
export class DrawnProgram {
  readonly stack: TerraformStack;
  /** What is drawn from the edges, for a report. */
  readonly edges: string[] = [];
  /** What was given a value, such as `ManagedDatabaseProps.port`. */
  readonly props = new Set<string>();

  private provider?: AwsProvider;
  private readonly chosen: Set<number>;
  private count = 0;

  /** @param secretArn of a secret that exists where the program is planned */
  constructor(
    private readonly random: Random,
    private readonly secretArn = SECRET,
  ) {
    this.stack = new TerraformStack(new App({ skipValidation: true }), 'stack');
    const edges = random.whole(4);
    this.chosen = new Set(Array.from({ length: edges }, () => random.whole(PROPS)));
  }

  /** Declares the program. @throws where synth refuses it */
  declare(): void {
    const { random } = this;
    new AwsProvider(this.stack, 'aws', { region: this.value('region', REGIONS, true) as string });
    // Another account or region; the modules of a batch get it from their root.
    this.provider =
      random.whole(4) === 0 ? new AwsProvider(this.stack, 'elsewhere', { alias: 'elsewhere' }) : undefined;
    const network = this.network();
    const databases = [this.database(network)];
    if (random.whole(3) === 0) databases.push(this.restored(network, databases[0]));
    const database = random.pick(databases);
    const backups = 1 + random.whole(2);
    const declared = Array.from({ length: backups }, (_, index) => this.backup(database, index + 1));
    if (random.whole(4) === 0) this.dashboard(declared);
    if (random.whole(4) === 0) {
      const retestOnEveryDeploy = random.pick([true, undefined]);
      const props = this.note('ConnectionTestProps', { database, storage: this.storage('test'), retestOnEveryDeploy });
      new ConnectionTest(this.stack, 'Test', props);
    }
    if (random.whole(4) === 0) {
      const actions = { usual: [['kms:Decrypt']], edge: [[], undefined, [undefined]] };
      const statement = { actions: this.value('actions', actions, true) as string[], resources: ['*'] };
      BackupFunction.of(database).addToRolePolicy('Added', this.note('FunctionStatement', statement));
    }
    if (random.whole(4) === 0) {
      const id = this.value(
        'ingress',
        { usual: ['sg-0123abcd'], edge: ['default', '', 'sg-1', this.variable()] },
        true,
      );
      database.allowIngressFrom('Ingress', id as string);
    }
  }

  /** Notes which props of an interface are given a value. */
  private note<T extends object>(type: string, values: T): T {
    for (const [name, value] of Object.entries(values)) {
      if (value !== undefined) this.props.add(`${type}.${name}`);
    }
    return values;
  }

  /** A value of a prop: an edge where this prop was chosen for one, else a usual one, or none where it is optional. */
  private value(name: string, { usual, edge }: Values, isRequired = false): unknown {
    const index = this.count++;
    if (this.chosen.has(index)) {
      const drawn = this.random.pick([...(typeof edge === 'function' ? edge() : edge), undefined]);
      this.edges.push(name);
      return drawn;
    }
    return !isRequired && this.random.whole(2) === 0 ? undefined : this.random.pick(usual);
  }

  private variable(options: object = {}): string {
    return this.newVariable(options).stringValue;
  }

  private number(): number {
    return this.newVariable({ type: 'number' }).numberValue;
  }

  private newVariable(options: object): TerraformVariable {
    return new TerraformVariable(this.stack, `variable${this.stack.node.children.length}`, options);
  }

  private network(id = 'Network'): DatabaseNetwork {
    if (this.random.whole(4) === 0) {
      const props = this.note('NewDatabaseNetworkProps', {
        natGateway: this.random.pick([true, false, undefined]),
        cidrBlock: this.value('cidrBlock', {
          usual: ['10.0.0.0/16', '192.168.0.0/20', '172.16.0.0/24'],
          edge: [
            '10.0.0.0/15',
            '10.0.0.0/25',
            '10.0.0.0',
            '10.0.0.256/16',
            '10.0.0.1/16',
            ...ODD_TEXTS,
            this.variable(),
          ],
        }) as string,
        availabilityZones: this.value('availabilityZones', {
          usual: [
            ['eu-central-1a', 'eu-central-1b'],
            ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
          ],
          edge: [[], ['eu-central-1a'], ['eu-central-1a', 'eu-central-1a'], ['eu', 'west'], 'eu-central-1a'],
        }) as string[],
        provider: this.provider,
        tags: this.tags(),
      });
      return DatabaseNetwork.create(this.stack, id, props);
    }
    const list = this.newVariable({ type: 'list(string)' }).listValue;
    const existing = this.note('DatabaseNetworkProps', {
      vpcId: this.value(
        'vpcId',
        { usual: ['vpc-0123abcd', this.variable()], edge: ['vpc', 'main', ...ODD_TEXTS] },
        true,
      ) as string,
      subnetIds: this.value(
        'subnetIds',
        {
          usual: [['subnet-0123abcd', 'subnet-4567cdef'], list],
          edge: [
            [],
            ['subnet-0123abcd'],
            ['subnet-0123abcd', 'subnet-0123abcd'],
            ['a', 'b'],
            'subnet-0123abcd',
            [null, ''],
          ],
        },
        true,
      ) as string[],
    });
    return DatabaseNetwork.of(existing);
  }

  private tags(): { [name: string]: string } | undefined {
    return this.value('tags', {
      usual: [{}, { team: 'orders' }, { 'a b': this.variable() }],
      edge: [
        { 'aws:x': 'y' },
        { ['k'.repeat(128)]: 'v'.repeat(256) },
        { ['k'.repeat(129)]: 'v' },
        { k: 'v'.repeat(257) },
        { '': 'v' },
        { k: undefined },
        { 'k*': 'v' },
        Object.fromEntries(Array.from({ length: 41 }, (_, index) => [`k${index}`, 'v'])),
      ],
    }) as { [name: string]: string } | undefined;
  }

  private identifier(name: string): string {
    const length = this.random.pick([1, 2, 27, 28, 29, 30, 51, 52, 56, 57, 58, 62, 63]);
    const letters = (size: number) => this.random.text('abcxyz', 1) + this.random.text('abc0189', size - 1);
    return this.value(
      name,
      {
        usual: [letters(length), `a-${letters(20)}`],
        edge: [letters(63), letters(64), 'sg-1', 'a-', 'a--b', '1a', 'A', this.variable(), ...ODD_TEXTS],
      },
      true,
    ) as string;
  }

  private sizes() {
    const { random } = this;
    const plans = Object.values(DatabasePlan).filter((plan) => plan instanceof DatabasePlan);
    const own = (edge: object) =>
      DatabasePlan.of(
        this.note('DatabasePlanProps', {
          ...{ name: 'own', instanceClass: 'db.m7g.large', vcpu: 2, memoryGib: 8, storageGib: 500 },
          ...edge,
        }),
      );
    return {
      engine: this.value(
        'engine',
        {
          usual: ['13', '14', '15', '16', '17', '18', '17.5', '16.10'].map((version) =>
            DatabaseEngine.postgres(version),
          ),
          edge: ['12', '19', '9.6', '17.', '17.500', 'x', ...ODD_TEXTS, this.variable()].map((version) =>
            DatabaseEngine.postgres(version as string),
          ),
        },
        true,
      ) as DatabaseEngine,
      plan: this.value(
        'plan',
        {
          usual: [...plans, own({ storageGib: random.pick([20, 399, 400, 65_536]) })],
          edge: () => [
            ...around(20, 65_536).map((storageGib) => own({ storageGib })),
            ...ODD_NUMBERS.flatMap((odd) => [own({ storageGib: odd }), own({ vcpu: odd }), own({ memoryGib: odd })]),
            ...ODD_TEXTS.flatMap((odd) => [own({ instanceClass: odd }), own({ name: odd })]),
          ],
        },
        true,
      ) as DatabasePlan,
    };
  }

  private functionOptions() {
    if (this.random.whole(2) === 0) return undefined;
    const days = [1, 3, 90, 3653];
    return this.note('BackupFunctionOptions', {
      runtime: this.value('runtime', {
        usual: ['nodejs20.x', 'nodejs22.x'],
        edge: [this.variable(), 'nodejs18.x', 'nodejs24.x', 'python3.12', ...ODD_TEXTS],
      }) as string,
      memoryMib: this.value('memoryMib', {
        usual: [128, 2048, 10_240, this.number()],
        edge: [...around(128, 10_240), ...ODD_NUMBERS],
      }) as number,
      ephemeralStorageMib: this.value('ephemeralStorageMib', {
        usual: [512, 10_240, this.number()],
        edge: [...around(512, 10_240), ...ODD_NUMBERS],
      }) as number,
      logRetentionDays: this.value('logRetentionDays', { usual: days, edge: [2, 91, 3654, ...ODD_NUMBERS] }) as number,
      logKmsKeyArn: this.key('function.logKmsKeyArn'),
      roleArn: this.value('roleArn', {
        usual: [`arn:aws:iam::${ACCOUNT}:role/path/backup`, this.variable()],
        edge: ['backup', `arn:aws:iam::${ACCOUNT}:user/x`, `arn:aws:iam::${ACCOUNT}:role/`, ...ODD_TEXTS],
      }) as string,
      permissionsBoundaryArn: this.value('permissionsBoundaryArn', {
        usual: [`arn:aws:iam::${ACCOUNT}:policy/b`, 'arn:aws:iam::aws:policy/PowerUserAccess', this.variable()],
        edge: ['b', `arn:aws:iam::${ACCOUNT}:role/b`, ...ODD_TEXTS],
      }) as string,
      onFailureDestinationArn: this.value('onFailureDestinationArn', {
        usual: [
          TOPIC,
          `arn:aws:sqs:eu-central-1:${ACCOUNT}:failed`,
          `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:f`,
        ],
        edge: [
          `${TOPIC}.fifo`,
          `arn:aws:s3:::bucket`,
          `arn:aws:events:eu-central-1:${ACCOUNT}:event-bus/default`,
          ...ODD_TEXTS,
        ],
      }) as string,
    });
  }

  private key(name: string): string | undefined {
    return this.value(name, {
      usual: [KEY, this.variable()],
      edge: [KEY.replace(/key.*/, 'alias/x'), 'alias/x', KEY.replace('kms', 'sns'), ...ODD_TEXTS],
    }) as string | undefined;
  }

  private database(network: DatabaseNetwork): IManagedDatabase {
    return this.random.whole(4) === 0
      ? this.broughtIn(network)
      : new ManagedDatabase(this.stack, 'Database', this.databaseProps(network));
  }

  private broughtIn(network: DatabaseNetwork): IManagedDatabase {
    const attributes = this.note('ManagedDatabaseAttributes', {
      identifier: this.identifier('identifier'),
      address: this.value(
        'address',
        {
          usual: ['db.example.com', '10.0.0.1', this.variable(), 'fd00::1'],
          edge: ['https://db.example.com', 'db.example.com:5432', 'db/x', 'a..b', 'a'.repeat(64), ...ODD_TEXTS],
        },
        true,
      ) as string,
      port: this.value('port', {
        usual: [5432, this.number()],
        edge: [...around(1, 65_535), ...ODD_NUMBERS],
      }) as number,
      masterSecretArn: this.value(
        'masterSecretArn',
        { usual: [SECRET, this.variable()], edge: [`${SECRET}:password::`, 'secret', ...ODD_TEXTS] },
        true,
      ) as string,
      masterSecretKmsKeyArn: this.key('masterSecretKmsKeyArn'),
      securityGroupId: this.value(
        'securityGroupId',
        { usual: ['sg-0123abcd', this.variable()], edge: ['default', 'sg-x', ...ODD_TEXTS] },
        true,
      ) as string,
      network,
      ...this.sizes(),
      caCertificate: this.value('caCertificate', { usual: [CERTIFICATE], edge: ['x', ...ODD_TEXTS] }) as string,
      backupFunctionOptions: this.functionOptions(),
      provider: this.provider,
      tags: this.tags(),
    });
    return ManagedDatabase.fromManagedDatabaseAttributes(this.stack, 'Database', attributes);
  }

  private databaseProps(network: DatabaseNetwork, name = 'identifier') {
    const { random } = this;
    const sizes = this.sizes();
    const isStriped = sizes.plan?.storageGib >= 400;
    return this.note('ManagedDatabaseProps', {
      identifier: this.identifier(name),
      network,
      ...sizes,
      databaseName: this.value('databaseName', {
        usual: ['orders', 'a'.repeat(63), 'O_1', this.variable()],
        edge: ['a'.repeat(64), '_a', '1a', 'select', 'postgres', 'rdsadmin', 'a-b', ...ODD_TEXTS],
      }) as string,
      masterUsername: this.value('masterUsername', {
        usual: ['owner', 'a'.repeat(16), this.variable()],
        edge: ['a'.repeat(17), 'admin', 'rdsadmin', 'pg_x', 'user', 'a-b', ...ODD_TEXTS],
      }) as string,
      port: this.value('port', {
        usual: [5432, 1150, this.number()],
        edge: [...around(1150, 65_535), ...ODD_NUMBERS],
      }) as number,
      deletionProtection: random.pick([true, false, undefined]),
      finalSnapshot: random.pick([true, false, undefined]),
      multiAz: random.pick([true, false, undefined]),
      automatedBackupDays: this.value('automatedBackupDays', {
        usual: [7, 35, this.number()],
        edge: [...around(0, 35), ...ODD_NUMBERS],
      }) as number,
      automatedBackupWindow: this.value('automatedBackupWindow', {
        usual: ['02:00-02:30', '23:45-00:15', this.variable()],
        edge: ['02:00-02:29', '2:00-3:00', '24:00-24:30', '02:00', ...ODD_TEXTS],
      }) as string,
      maintenanceWindow: this.value('maintenanceWindow', {
        usual: ['sun:05:00-sun:06:00', 'Mon:10:00-Mon:10:30', 'sun:23:45-mon:00:15'],
        edge: ['sun:05:00-sun:05:29', 'sun:02:00-sun:03:00', 'day:05:00-day:06:00', 'sun', ...ODD_TEXTS],
      }) as string,
      applyImmediately: random.pick([true, false, undefined]),
      allowMajorVersionUpgrade: random.pick([true, false, undefined]),
      engineLifecycleSupport: this.value('engineLifecycleSupport', {
        usual: [EngineLifecycleSupport.EXTENDED],
        edge: [EngineLifecycleSupport.STANDARD, 'none', ...ODD_TEXTS],
      }) as EngineLifecycleSupport,
      parameters: this.value('parameters', {
        usual: [{}, { work_mem: '8192' }, { shared_preload_libraries: 'pg_stat_statements', 'rds.force_ssl': '0' }],
        edge: [{ 'a b': '1' }, { x: undefined }, { x: 1 }, { '': '1' }, { x: this.variable() }],
      }) as { [name: string]: string },
      parameterGroupName: this.value('parameterGroupName', {
        usual: [undefined, 'existing', this.variable()],
        edge: ['a'.repeat(256), 'a_b', 'a--b', ...ODD_TEXTS],
      }) as string,
      subnetGroupName: this.value('subnetGroupName', {
        usual: ['existing', this.variable()],
        edge: ['a'.repeat(256), 'a/b', ...ODD_TEXTS],
      }) as string,
      existingSecurityGroupId: this.value('existingSecurityGroupId', {
        usual: ['sg-0123abcd', this.variable()],
        edge: ['default', 'sg-x', ...ODD_TEXTS],
      }) as string,
      maximumStorageGib: this.value('maximumStorageGib', {
        usual: [65_536, this.number()],
        edge: [...around(22, 65_536), 440, ...ODD_NUMBERS],
      }) as number,
      storageIops: this.value('storageIops', {
        usual: isStriped ? [12_000, 16_000] : [undefined],
        edge: [...around(12_000, 64_000), this.number(), ...ODD_NUMBERS],
      }) as number,
      storageThroughputMib: this.value('storageThroughputMib', {
        usual: isStriped ? [500, 3000] : [undefined],
        edge: [...around(500, 4000), 3000, this.number(), ...ODD_NUMBERS],
      }) as number,
      storageKmsKeyArn: this.key('storageKmsKeyArn'),
      masterSecretKmsKeyArn: this.key('masterSecretKmsKeyArn'),
      ...this.exportedLog(),
      databaseInsights: this.value('databaseInsights', {
        usual: [DatabaseInsights.STANDARD, DatabaseInsights.ADVANCED],
        edge: ODD_TEXTS,
      }) as DatabaseInsights,
      enhancedMonitoringSeconds: this.value('enhancedMonitoringSeconds', {
        usual: [1, 60],
        edge: [...around(1, 60), ...ODD_NUMBERS],
      }) as number,
      caIdentifier: this.value('caIdentifier', {
        usual: ['rds-ca-rsa2048-g1'],
        edge: ['rds-ca-2019', ...ODD_TEXTS],
      }) as string,
      caCertificate: this.value('caCertificate', { usual: [CERTIFICATE], edge: ['x', ...ODD_TEXTS] }) as string,
      iamAuthentication: random.pick([true, false, undefined]),
      backupFunctionOptions: this.functionOptions(),
      provider: this.provider,
      tags: this.tags(),
    });
  }

  private exportedLog() {
    const logRetentionDays = this.value('logRetentionDays', { usual: [1, 30], edge: [2, ...ODD_NUMBERS] }) as number;
    return { logRetentionDays, logKmsKeyArn: logRetentionDays === undefined ? undefined : this.key('logKmsKeyArn') };
  }

  private restored(network: DatabaseNetwork, source: IManagedDatabase): IManagedDatabase {
    const backups = StoredBackups.fromStorage(this.storage('source'), this.identifier('databaseIdentifier'));
    const id = this.value(
      'backup id',
      { usual: ['20261122T030000Z', '2026-11-22T03:00:00Z'], edge: ['20260230T030000Z', 'latest', ...ODD_TEXTS] },
      true,
    );
    const time = this.value(
      'time',
      {
        usual: ['2026-11-22T03:00:00Z', '2026-11-22T03:00Z'],
        edge: ['2026-02-30T00:00:00Z', '2026-11-22', ...ODD_TEXTS],
      },
      true,
    );
    const { plan, engine } = source;
    const props = this.note('RestoredDatabaseProps', {
      ...this.databaseProps(network, 'restored.identifier'),
      ...(this.random.whole(4) > 0 ? { plan, engine } : {}),
      source: this.random.pick([backups.latest(), backups.byId(id as string), backups.before(time as string)]),
      keepGoing: this.random.pick([true, false, undefined]),
    });
    return new RestoredDatabase(this.stack, 'Restored', props);
  }

  private credentials(): StorageCredentials {
    const keys = (edge: object = {}) =>
      StorageCredentials.fromKeys(
        this.note('StorageKeys', {
          accessKeyId: this.variable(),
          secretAccessKey: this.variable({ sensitive: true }),
          ...edge,
        }),
      );
    const written = () => [
      'key',
      `x${this.variable()}`,
      Token.asString(Fn.sensitive('key')),
      Lazy.stringValue({ produce: () => 'key' }),
      this.variable({ default: 'key' }),
    ];
    return this.value(
      'credentials',
      {
        usual: [
          StorageCredentials.fromSecret(this.secretArn),
          StorageCredentials.fromSecret(this.variable(), this.note('StorageSecretOptions', { kmsKeyArn: KEY })),
          keys(),
        ],
        edge: () => [
          ...['name', `${SECRET}:key::`, ...ODD_TEXTS].map((arn) => StorageCredentials.fromSecret(arn as string)),
          ...[...written(), ...ODD_TEXTS].flatMap((key) => [
            keys({ accessKeyId: key }),
            keys({ secretAccessKey: key }),
          ]),
          StorageCredentials.fromSecret(SECRET, { kmsKeyArn: 'alias/x' }),
          StorageCredentials.fromRole(),
        ],
      },
      true,
    ) as StorageCredentials;
  }

  private storage(folder: string): BackupStorage {
    const common = {
      bucket: this.value(
        'bucket',
        {
          usual: ['company-backups', 'a.b', 'b'.repeat(63), this.variable()],
          edge: ['b', 'b'.repeat(64), 'a_b', 'A-b', '-ab', ...ODD_TEXTS],
        },
        true,
      ) as string,
      path: this.value(
        'path',
        {
          usual: [folder, `/${folder}/`, `${folder}/ä b/c`, this.variable()],
          edge: [
            'a*',
            'a?',
            'a/${aws:x}',
            'a//b',
            '..',
            '%{if}',
            'a'.repeat(201),
            Array(6).fill('p'.repeat(180)).join('/'),
            ...ODD_TEXTS,
          ],
        },
        true,
      ) as string,
      credentials: this.credentials(),
    };
    switch (this.random.whole(5)) {
      case 0:
        return BackupStorage.amazonS3(
          this.note('AmazonS3Props', {
            ...common,
            credentials: this.random.pick([common.credentials, StorageCredentials.fromRole()]),
            region: this.value('s3 region', REGIONS, true) as string,
            kmsKeyArn: this.key('bucket key'),
          }),
        );
      case 1:
        return BackupStorage.cloudflareR2(
          this.note('CloudflareR2Props', {
            ...common,
            accountId: this.value(
              'accountId',
              { usual: ['0123456789abcdef'.repeat(2), this.variable()], edge: ['x', '0'.repeat(33), ...ODD_TEXTS] },
              true,
            ) as string,
          }),
        );
      case 2:
        return BackupStorage.digitalOceanSpaces(
          this.note('DigitalOceanSpacesProps', {
            ...common,
            region: this.value(
              'spaces region',
              { usual: ['fra1', this.variable()], edge: ['fra', 'eu-central-1', ...ODD_TEXTS] },
              true,
            ) as string,
          }),
        );
      default:
        return BackupStorage.s3Compatible(
          this.note('S3CompatibleProps', {
            ...common,
            endpoint: this.value(
              'endpoint',
              {
                usual: ['https://s3.example.com', 'https://10.0.0.1:9000', 'https://[fd00::1]:9000', this.variable()],
                edge: [
                  'http://s3.example.com',
                  'https://s3.example.com/b',
                  'https://u:p@s3.example.com',
                  's3.example.com',
                  'https://s3.example.com?x=y',
                  'https://:9',
                  ...ODD_TEXTS,
                ],
              },
              true,
            ) as string,
            region: this.value('region of store', {
              usual: ['us-east-1', 'somewhere', this.variable()],
              edge: ODD_TEXTS,
            }) as string,
            caCertificate: this.value('storage.caCertificate', {
              usual: [CERTIFICATE, this.variable()],
              edge: ['x', ...ODD_TEXTS],
            }) as string,
            pathStyle: this.random.pick([true, false, undefined]),
            allowUnencrypted: this.random.pick([true, false, undefined]),
          }),
        );
    }
  }

  private backup(database: IManagedDatabase, number: number): ScheduledBackup {
    const props = this.note('ScheduledBackupProps', {
      database,
      storage: this.storage(`folder${number}`),
      schedule: this.value(
        'schedule',
        {
          usual: SCHEDULES,
          edge: () =>
            [
              '0 3 * * ? *',
              '0 3 * * *',
              '0 0 3 1 * MON',
              '0 0 3 30 2 *',
              '1 0 3 * * *',
              '? 0 3 * * *',
              this.variable(),
              ...ODD_TEXTS,
            ].map((text) => BackupSchedule.cron(text as string)),
        },
        true,
      ) as BackupSchedule,
      retention: this.value(
        'retention',
        {
          usual: [1, 30, 36_500, this.number()].map((days) => BackupRetention.days(days)),
          edge: [...around(1, 36_500), ...ODD_NUMBERS].map((days) => BackupRetention.days(days as number)),
        },
        true,
      ) as BackupRetention,
      drill: this.drill(number),
      paused: this.random.pick([true, false, undefined]),
      scheduleName: this.value(
        'scheduleName',
        {
          usual: [`nightly_${number}`, 'n'.repeat(57) + number],
          edge: [`nightly.${number}`, 'n'.repeat(58), 'n'.repeat(59), 'a b', this.variable(), ...ODD_TEXTS],
        },
        number > 1,
      ) as string,
      alarmTopicArns: this.value('alarmTopicArns', {
        usual: [[], [TOPIC], [TOPIC, this.variable()]],
        edge: [[`${TOPIC}.fifo`], [`arn:aws:sqs:eu-central-1:${ACCOUNT}:q`], ['on-call'], [undefined], TOPIC],
      }) as string[],
      alarmActions: this.alarmActions(),
      alarmAfterHours: this.value('alarmAfterHours', {
        usual: [24 * 366 * 2],
        edge: [this.number(), 1, 24, 48, 24 * 366 * 2 + 1, ...ODD_NUMBERS],
      }) as number,
      publishEvents: this.random.pick([true, false, undefined]),
      leaveOut: this.leftOut(),
      retestOnEveryDeploy: this.random.pick([true, false, undefined]),
      tags: this.tags(),
    });
    return new ScheduledBackup(this.stack, `Backup${number}`, props);
  }

  private drill(number: number): RestoreDrill | undefined {
    if (this.random.whole(2) === 0) return undefined;
    const check = (values: object) =>
      this.note('RestoreDrillCheck', { database: 'orders', query: 'SELECT true', ...values });
    const options = this.note('RestoreDrillOptions', {
      checks: this.value('checks', {
        usual: [[], [check({})], [check({ expect: '0' }), check({ query: this.variable() })]],
        edge: [
          check({}),
          ...[...ODD_TEXTS, 'x'.repeat(63), 'x'.repeat(4000), 'x'.repeat(4001)].flatMap((text) => [
            [check({ database: text })],
            [check({ query: text })],
            [check({ expect: text })],
          ]),
          Array.from({ length: 50 }, () => check({ query: 'x'.repeat(4000) })),
          Array.from({ length: 51 }, () => check({})),
        ],
      }) as RestoreDrillCheck[],
      network: this.random.whole(3) === 0 ? this.network(`DrillNetwork${number}`) : undefined,
      credentials: this.random.whole(3) === 0 ? this.credentials() : undefined,
      memoryMib: this.value('drill.memoryMib', {
        usual: [1024, 4096, 10_240, this.number()],
        edge: [...around(1024, 10_240), ...ODD_NUMBERS],
      }) as number,
      ephemeralStorageMib: this.value('drill.ephemeralStorageMib', {
        usual: [512, 10_240, this.number()],
        edge: [...around(512, 10_240), ...ODD_NUMBERS],
      }) as number,
    });
    return this.value('drill', {
      usual: [RestoreDrill.weekly(options), RestoreDrill.daily(options), RestoreDrill.cron('0 15 6 1 * *', options)],
      edge: () => [
        'weekly',
        ...['0 3 * * *', '0 0 3 1,L * *', this.variable(), ...ODD_TEXTS].map((text) =>
          RestoreDrill.cron(text as string, options),
        ),
      ],
    }) as RestoreDrill | undefined;
  }

  private alarmActions(): IAlarmAction[] {
    const action = (arns: unknown) => ({ bind: () => this.note('AlarmActionArns', arns as AlarmActionArns) });
    const topics = [TOPIC, this.variable()];
    return this.value('alarmActions', {
      usual: [
        [],
        [action({})],
        [action({ onAlarm: topics, onOk: [TOPIC] }), action({ onInsufficientData: topics })],
        [action({ onAlarm: ['arn:aws:automate:eu-central-1:ec2:stop'] })],
      ],
      edge: [
        [{}],
        [undefined],
        action({}),
        [action({ onAlarm: 'x' })],
        ...[...ODD_TEXTS, TOPIC.replace(ACCOUNT, '1')].map((arn) => [action({ onOk: [arn] })]),
        [action({ onAlarm: Array.from({ length: 5 }, (_, index) => `${TOPIC}${index}`) })],
        [action({ onAlarm: Array.from({ length: 6 }, (_, index) => `${TOPIC}${index}`) })],
      ],
    }) as IAlarmAction[];
  }

  private leftOut(): LeftOut[] {
    const one = (values: object) => this.note('LeftOut', { schema: 'audit', ...values });
    return this.value('leaveOut', {
      usual: [
        [],
        [one({})],
        [one({ table: 'events' }), one({ database: 'shop', schema: 'ü"' })],
        [one({ table: this.variable() })],
      ],
      edge: [
        one({}),
        ...['x'.repeat(63), 'x'.repeat(64), ...ODD_TEXTS].flatMap((name) => [
          [one({ schema: name })],
          [one({ table: name })],
          [one({ database: name })],
        ]),
      ],
    }) as LeftOut[];
  }

  private dashboard(backups: ScheduledBackup[]): void {
    const props = this.note('BackupDashboardProps', {
      backups: this.value(
        'backups',
        { usual: [backups], edge: [[], backups[0], [undefined]] },
        true,
      ) as ScheduledBackup[],
      dashboardName: this.value(
        'dashboardName',
        { usual: ['backups', 'n'.repeat(255)], edge: ['n'.repeat(256), 'a b', this.variable(), ...ODD_TEXTS] },
        true,
      ) as string,
    });
    new BackupDashboard(this.stack, 'Dashboard', props);
  }
}

/** About as many values as a program with two backups draws. */
const PROPS = 100;

/** Computed once: the gaps of a schedule take a while. */
const SCHEDULES = ['0 0 3 * * *', '0 0 * * * *', '0 30 4 1,L * ?', '0 15 2 ? * 1,3,5', '0 0 0 29 2 *'].map((text) =>
  BackupSchedule.cron(text),
);

const REGIONS: Values = {
  usual: ['eu-central-1', 'us-east-1'],
  edge: ['us-gov-west-1', 'cn-north-1', 'il-central-1', 'ap-southeast-7', 'eu-west-1'],
};
