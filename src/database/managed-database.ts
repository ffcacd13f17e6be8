import { DbInstance } from '@cdktf/provider-aws/lib/db-instance';
import { DbParameterGroup } from '@cdktf/provider-aws/lib/db-parameter-group';
import { DbSubnetGroup } from '@cdktf/provider-aws/lib/db-subnet-group';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule';
import { ITerraformDependable, Token } from 'cdktf';
import { Construct, IConstruct } from 'constructs';
import { DatabaseEngine } from './database-engine';
import { DatabaseNetwork } from './database-network';
import { DatabasePlan } from './database-plan';
import { dependOn } from '../private/depend-on';
import { InvalidInput } from '../private/invalid-input';

/** A managed PostgreSQL database, declared here or brought in. */
export interface IManagedDatabase extends IConstruct {
  /** The identifier, which names the folder of its backups. */
  readonly identifier: string;
  /** `host:port`. */
  readonly endpoint: string;
  /** Port that the server listens on. */
  readonly port: number;
  /** ARN of the Secrets Manager secret that holds the master user's `username` and `password`. */
  readonly masterSecretArn: string;
  /** Key that encrypts the master secret; absent for the account's own key of Secrets Manager. */
  readonly masterSecretKmsKeyArn?: string;
  /** Id of the security group of the instance. */
  readonly securityGroupId: string;
  readonly network: DatabaseNetwork;
  readonly engine: DatabaseEngine;
  readonly plan: DatabasePlan;
  /** Choices for the backup function; absent for the defaults. */
  readonly backupFunction?: BackupFunctionOptions;
}

/** Choices for the Lambda function that tests, makes and restores the backups of a database. */
export interface BackupFunctionOptions {
  /**
   * Runtime of Lambda, Node.js 20 or newer.
   *
   * @default - `nodejs22.x`
   */
  readonly runtime?: string;
  /**
   * Memory in MiB, 128 to 10240. Lambda gives processor time in proportion: 1769 MiB are one processor.
   *
   * @default - 2048
   */
  readonly memoryMib?: number;
  /**
   * Size of the function's `/tmp` in MiB, 512 to 10240: a compressed dump must find room in it.
   *
   * @default - 10240
   */
  readonly ephemeralStorageMib?: number;
}

/** A database that exists outside of this program. */
export interface ManagedDatabaseAttributes {
  /** The identifier, which names the folder of its backups. */
  readonly identifier: string;
  /** Host name of the server. */
  readonly address: string;
  /**
   * Port that the server listens on.
   *
   * @default - 5432
   */
  readonly port?: number;
  /** ARN of a Secrets Manager secret that holds `{"username", "password"}` of the master user. */
  readonly masterSecretArn: string;
  /**
   * Key that encrypts the master secret.
   *
   * @default - the account's own key of Secrets Manager, which asks for no grant
   */
  readonly masterSecretKmsKeyArn?: string;
  /** Id of the security group of the instance: a rule is added to it that lets the backup function in. */
  readonly securityGroupId: string;
  readonly network: DatabaseNetwork;
  readonly engine: DatabaseEngine;
  readonly plan: DatabasePlan;
  /**
   * Choices for the backup function.
   *
   * @default - Node.js 22, 2 GiB of memory, 10 GiB of temporary storage
   */
  readonly backupFunction?: BackupFunctionOptions;
}

/** Props of a managed database. */
export interface ManagedDatabaseProps {
  /**
   * Identifier of the instance: 1 to 63 lower-case letters, digits and single hyphens, a letter first. It names the
   * folder of the backups, so it is never made up.
   */
  readonly identifier: string;
  readonly engine: DatabaseEngine;
  readonly plan: DatabasePlan;
  readonly network: DatabaseNetwork;
  /**
   * Name of a database that is made in the instance, beside `postgres`.
   *
   * @default - none
   */
  readonly databaseName?: string;
  /**
   * Name of the master user. RDS makes its password, keeps it in a secret and rotates it.
   *
   * @default - `postgres`
   */
  readonly masterUsername?: string;
  /**
   * Whether RDS refuses to delete the instance.
   *
   * @default - true
   */
  readonly deletionProtection?: boolean;
  /**
   * Whether RDS takes a last snapshot, `<identifier>-final`, when the instance is deleted.
   *
   * @default - true
   */
  readonly finalSnapshot?: boolean;
  /**
   * Whether a standby instance runs in another availability zone.
   *
   * @default - false
   */
  readonly multiAz?: boolean;
  /**
   * How many days RDS keeps its own automated backups, 0 to 35. They give point-in-time recovery inside of the account,
   * which a scheduled backup does not; 0 turns them off.
   *
   * @default - 7
   */
  readonly automatedBackupDays?: number;
  /**
   * Key that encrypts the storage of the instance.
   *
   * @default - the account's own key of RDS
   */
  readonly storageKmsKeyArn?: string;
  /**
   * Choices for the backup function.
   *
   * @default - Node.js 22, 2 GiB of memory, 10 GiB of temporary storage
   */
  readonly backupFunction?: BackupFunctionOptions;
}

/**
 * A managed PostgreSQL database on RDS: the instance with its subnet group, security group and parameter group, and a
 * master secret that RDS makes and rotates. Encrypted, private, TLS only, protected from deletion.
 */
export class ManagedDatabase extends Construct implements IManagedDatabase {
  /** Brings in a database that exists, with everything that a declared one can do. */
  static fromDatabaseAttributes(scope: Construct, id: string, attributes: ManagedDatabaseAttributes): IManagedDatabase {
    return new ImportedDatabase(scope, id, attributes);
  }

  readonly identifier: string;
  readonly endpoint: string;
  readonly port: number;
  readonly masterSecretArn: string;
  readonly securityGroupId: string;
  readonly network: DatabaseNetwork;
  readonly engine: DatabaseEngine;
  readonly plan: DatabasePlan;
  readonly backupFunction?: BackupFunctionOptions;
  /** Host name of the server. */
  readonly address: string;

  /**
   * What must be there before the database holds what it should.
   *
   * @internal
   */
  readonly _ready: ITerraformDependable[];

  /** @internal */
  readonly _instance: DbInstance;

  constructor(scope: Construct, id: string, props: ManagedDatabaseProps) {
    super(scope, id);
    validateIdentifier(props.identifier, this);
    validateProps(props, this);
    this.identifier = props.identifier;
    this.network = props.network;
    this.engine = props.engine;
    this.plan = props.plan;
    this.backupFunction = props.backupFunction;

    const subnetGroup = new DbSubnetGroup(this, 'SubnetGroup', {
      namePrefix: `${props.identifier}-`,
      subnetIds: props.network.subnetIds,
    });
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      namePrefix: `${props.identifier}-database-`,
      description: `Database ${props.identifier}`,
      vpcId: props.network.vpcId,
      lifecycle: { createBeforeDestroy: true },
    });
    const parameterGroup = new DbParameterGroup(this, 'ParameterGroup', {
      namePrefix: `${props.identifier}-`,
      family: props.engine.parameterGroupFamily,
      description: `Database ${props.identifier}`,
      parameter: [{ name: 'rds.force_ssl', value: '1' }],
      lifecycle: { createBeforeDestroy: true },
    });
    this._instance = new DbInstance(this, 'Resource', {
      identifier: props.identifier,
      engine: props.engine.name,
      engineVersion: props.engine.version,
      instanceClass: props.plan.instanceClass,
      allocatedStorage: props.plan.storageGib,
      storageType: 'gp3',
      storageEncrypted: true,
      kmsKeyId: props.storageKmsKeyArn,
      dbName: props.databaseName,
      username: props.masterUsername ?? 'postgres',
      manageMasterUserPassword: true,
      dbSubnetGroupName: subnetGroup.name,
      vpcSecurityGroupIds: [securityGroup.id],
      parameterGroupName: parameterGroup.name,
      publiclyAccessible: false,
      multiAz: props.multiAz ?? false,
      backupRetentionPeriod: props.automatedBackupDays ?? 7,
      copyTagsToSnapshot: true,
      autoMinorVersionUpgrade: true,
      deletionProtection: props.deletionProtection ?? true,
      ...((props.finalSnapshot ?? true)
        ? { finalSnapshotIdentifier: `${props.identifier}-final` }
        : { skipFinalSnapshot: true }),
    });

    this.securityGroupId = securityGroup.id;
    this.endpoint = this._instance.endpoint;
    this.address = this._instance.address;
    this.port = this._instance.port;
    this.masterSecretArn = this._instance.masterUserSecret.get(0).secretArn;
    this._ready = [this._instance];
  }

  /** Lets the members of a security group connect to the database. */
  allowFrom(id: string, securityGroupId: string): void {
    new VpcSecurityGroupIngressRule(this, id, {
      securityGroupId: this.securityGroupId,
      referencedSecurityGroupId: securityGroupId,
      ipProtocol: 'tcp',
      fromPort: this.port,
      toPort: this.port,
    });
  }

  /**
   * Makes the instance wait: a connection test that fails lets no database through.
   *
   * @internal
   */
  _waitFor(...dependables: ITerraformDependable[]): void {
    dependOn(this._instance, ...dependables);
  }
}

class ImportedDatabase extends Construct implements IManagedDatabase {
  readonly identifier: string;
  readonly endpoint: string;
  readonly port: number;
  readonly masterSecretArn: string;
  readonly masterSecretKmsKeyArn?: string;
  readonly securityGroupId: string;
  readonly network: DatabaseNetwork;
  readonly engine: DatabaseEngine;
  readonly plan: DatabasePlan;
  readonly backupFunction?: BackupFunctionOptions;

  constructor(scope: Construct, id: string, attributes: ManagedDatabaseAttributes) {
    super(scope, id);
    validateIdentifier(attributes.identifier, this);
    this.identifier = attributes.identifier;
    this.port = attributes.port ?? 5432;
    this.endpoint = `${attributes.address}:${Token.isUnresolved(this.port) ? Token.asString(this.port) : this.port}`;
    this.masterSecretArn = attributes.masterSecretArn;
    this.masterSecretKmsKeyArn = attributes.masterSecretKmsKeyArn;
    this.securityGroupId = attributes.securityGroupId;
    this.network = attributes.network;
    this.engine = attributes.engine;
    this.plan = attributes.plan;
    this.backupFunction = attributes.backupFunction;
  }
}

function validateIdentifier(identifier: string, scope: Construct): void {
  if (Token.isUnresolved(identifier)) {
    throw InvalidInput.of(
      'The identifier names the folder of the backups and must be known when the program runs.',
      'a value that only Terraform knows',
      'Write the identifier out.',
      scope,
    );
  }
  if (!/^[a-z](?:-?[a-z0-9]){0,62}$/.test(identifier) || identifier.length > 63) {
    throw InvalidInput.of(
      'An identifier has 1 to 63 lower-case letters, digits and single hyphens, begins with a letter and does not end with a hyphen.',
      identifier,
      'Choose such a name.',
      scope,
    );
  }
}

function validateProps(props: ManagedDatabaseProps, scope: Construct): void {
  const days = props.automatedBackupDays;
  if (days !== undefined && !Token.isUnresolved(days) && !(Number.isInteger(days) && days >= 0 && days <= 35)) {
    throw InvalidInput.of(
      'automatedBackupDays is a whole number from 0 to 35.',
      days,
      'Leave it out for 7 days.',
      scope,
    );
  }
  for (const [what, name] of [
    ['masterUsername', props.masterUsername],
    ['databaseName', props.databaseName],
  ] as const) {
    if (name !== undefined && !Token.isUnresolved(name) && !/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name)) {
      throw InvalidInput.of(
        `${what} has 1 to 63 letters, digits and underscores and does not begin with a digit.`,
        name,
        'Choose such a name.',
        scope,
      );
    }
  }
  if (props.masterUsername !== undefined && /^(rds|pg_|admin$)/.test(props.masterUsername)) {
    throw InvalidInput.of(
      'masterUsername is not "admin" and does not begin with "rds" or "pg_", which RDS and PostgreSQL keep for themselves.',
      props.masterUsername,
      'Choose another name, or leave it out for "postgres".',
      scope,
    );
  }
}
