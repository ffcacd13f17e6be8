import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { DataAwsDbInstance } from '@cdktf/provider-aws/lib/data-aws-db-instance';
import { DataAwsDbInstances } from '@cdktf/provider-aws/lib/data-aws-db-instances';
import { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition';
import { DbInstance } from '@cdktf/provider-aws/lib/db-instance';
import { DbParameterGroup } from '@cdktf/provider-aws/lib/db-parameter-group';
import { DbSubnetGroup } from '@cdktf/provider-aws/lib/db-subnet-group';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { Annotations, Fn, ITerraformDependable, Precondition, TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { BackupFunctionOptions } from './backup-function-options';
import { IManagedDatabase } from './database';
import { DatabaseEngine } from './database-engine';
import { DatabaseNetwork } from './database-network';
import { DatabasePlan } from './database-plan';
import { EngineLifecycleSupport } from './engine-lifecycle-support';
import { DatabaseInsights, ManagedDatabaseProps } from './managed-database-props';
import { parametersOf } from './private/parameters';
import { endedStandardSupport } from './private/standard-support';
import { claimIdentifier, commonProblems, databaseProblems, STRIPED_FROM_GIB } from './private/validate-database';
import { dependOn } from '../private/depend-on';
import { given } from '../private/given';
import { InvalidInput } from '../private/invalid-input';
import { shareProviderAndTags } from '../private/provider-and-tags';
import { shortName } from '../private/short-name';
import { terraformJson } from '../private/terraform-json';
import { allowIngress } from './private/ingress';
import { TerraformData } from './private/terraform-data';

/** What `ManagedDatabase` and `RestoredDatabase` have in common: an RDS instance with what belongs to it. */
export abstract class RdsDatabase extends Construct implements IManagedDatabase {
  /** The identifier, which names the folder of its backups. */
  readonly identifier: string;
  /** Host name of the server, known once the instance is created. */
  readonly address: string;
  /** Port that the server listens on. */
  readonly port: number;
  /** Address and port, `host:port`. */
  readonly endpoint: string;
  /** ARN of the Secrets Manager secret that holds the master user's `username` and `password`; RDS creates it. */
  readonly masterSecretArn: string;
  /** ARN of the KMS key that encrypts the master secret; absent for the account's own key of Secrets Manager. */
  readonly masterSecretKmsKeyArn?: string;
  /** Id of the security group of the instance. */
  readonly securityGroupId: string;
  /** Name of the parameter group of the instance. */
  readonly parameterGroupName: string;
  /** Name of the subnet group of the instance. */
  readonly subnetGroupName: string;
  /** ARN of the instance, known once it is created. */
  readonly instanceArn: string;
  /** Name of the log group that PostgreSQL's log is exported to; absent without `logRetentionDays`. */
  readonly logGroupName?: string;
  /** VPC and subnets of the database and its backup function. */
  readonly network: DatabaseNetwork;
  /** PostgreSQL and its version. */
  readonly engine: DatabaseEngine;
  /** Size of the database. */
  readonly plan: DatabasePlan;
  /** Certificate authority of the server in PEM; absent for those of RDS. */
  readonly caCertificate?: string;
  /** Options of the backup function; absent for the defaults. */
  readonly backupFunctionOptions?: BackupFunctionOptions;
  /** Provider of the resources; absent for the AWS provider of the stack. */
  readonly provider?: TerraformProvider;
  /** Tags of the resources; absent for none. */
  readonly tags?: { [name: string]: string };
  /** True: this program creates the instance. */
  readonly isCreatedHere: boolean = true;
  /** Whether the instance is protected from deletion. */
  readonly deletionProtection: boolean;
  /** What to depend on before the database is used: its instance and, for a restored one, its restore. */
  readonly dependables: ITerraformDependable[];

  /** @internal */
  readonly _instance: DbInstance;

  /**
   * Creates the instance and what belongs to it.
   *
   * @param scope the stack, or a construct in it, that the database belongs to.
   * @param id id of the construct, unique in its scope. Another id is another database for Terraform, so do not change it.
   * @param props size, engine, network and options of the database.
   */
  protected constructor(scope: Construct, id: string, props: ManagedDatabaseProps) {
    super(scope, id);
    const own = given(props);
    InvalidInput.check(this, [...commonProblems(own, this), ...databaseProblems(own, new Date())]);
    this.identifier = own.identifier;
    this.network = own.network;
    this.engine = own.engine;
    this.plan = own.plan;
    this.caCertificate = own.caCertificate;
    this.backupFunctionOptions = own.backupFunctionOptions;
    this.masterSecretKmsKeyArn = own.masterSecretKmsKeyArn;
    this.deletionProtection = own.deletionProtection ?? true;
    this.provider = own.provider;
    this.tags = own.tags;
    claimIdentifier(this);
    shareProviderAndTags(this, this);
    this.warnOfExtendedSupport(own.engineLifecycleSupport);

    this.subnetGroupName = own.subnetGroupName ?? this.createSubnetGroup();
    this.securityGroupId = own.existingSecurityGroupId ?? this.createSecurityGroup();
    this.parameterGroupName = own.parameterGroupName ?? this.createParameterGroup(own.parameters);
    const logGroup = own.logRetentionDays === undefined ? undefined : this.createLogGroup(own);
    this.logGroupName = logGroup?.name;
    this._instance = new DbInstance(this, 'Resource', {
      identifier: own.identifier,
      engine: own.engine.name,
      engineVersion: own.engine.version,
      // A full version stays as it is: RDS would upgrade it, and the next plan would be a downgrade.
      autoMinorVersionUpgrade: own.engine._minorVersion === undefined,
      allowMajorVersionUpgrade: own.allowMajorVersionUpgrade ? true : undefined,
      engineLifecycleSupport: own.engineLifecycleSupport,
      applyImmediately: own.applyImmediately ?? true,
      instanceClass: own.plan.instanceClass,
      allocatedStorage: own.plan.storageGib,
      maxAllocatedStorage: own.maximumStorageGib,
      storageType: 'gp3',
      ...storageRates(own),
      storageEncrypted: true,
      kmsKeyId: own.storageKmsKeyArn,
      dbName: own.databaseName,
      username: own.masterUsername ?? 'postgres',
      manageMasterUserPassword: true,
      masterUserSecretKmsKeyId: own.masterSecretKmsKeyArn,
      iamDatabaseAuthenticationEnabled: own.iamAuthentication ? true : undefined,
      port: own.port,
      dbSubnetGroupName: this.subnetGroupName,
      vpcSecurityGroupIds: [this.securityGroupId],
      parameterGroupName: this.parameterGroupName,
      publiclyAccessible: false,
      multiAz: own.multiAz ?? false,
      caCertIdentifier: own.caIdentifier,
      backupRetentionPeriod: own.automatedBackupDays ?? 7,
      backupWindow: own.automatedBackupWindow,
      maintenanceWindow: own.maintenanceWindow?.toLowerCase(),
      copyTagsToSnapshot: true,
      enabledCloudwatchLogsExports: logGroup ? ['postgresql'] : undefined,
      ...insights(own.databaseInsights),
      ...this.monitoring(own.enhancedMonitoringSeconds),
      ...this.protection(own),
    });
    if (logGroup) dependOn(this._instance, logGroup);
    this._refuse(...this.changesToRefuse(own));

    this.endpoint = this._instance.endpoint;
    this.address = this._instance.address;
    this.port = this._instance.port;
    this.instanceArn = this._instance.arn;
    this.masterSecretArn = this._instance.masterUserSecret.get(0).secretArn;
    this.dependables = [this._instance];
  }

  /** Creates the instance after these resources. */
  createAfter(...dependables: ITerraformDependable[]): void {
    dependOn(this._instance, ...dependables);
  }

  /**
   * Allows the members of a security group to connect to the database.
   *
   * @param id id of the rule, unique in this database.
   * @param securityGroupId id of the security group, such as `sg-0123456789abcdef0`.
   * @throws where it is no such id
   */
  allowIngressFrom(id: string, securityGroupId: string): void {
    allowIngress(this, id, securityGroupId);
  }

  /**
   * Whether the database is filled from a backup.
   *
   * @internal
   */
  get _isRestored(): boolean {
    return false;
  }

  /**
   * Refuses a plan that breaks one of the conditions, before anything is changed.
   *
   * @internal
   */
  _refuse(...preconditions: Precondition[]): void {
    const { lifecycle } = this._instance;
    const others = lifecycle && 'precondition' in lifecycle ? (lifecycle.precondition ?? []) : [];
    this._instance.lifecycle = { ...lifecycle, precondition: [...others, ...preconditions] };
  }

  private warnOfExtendedSupport(support: EngineLifecycleSupport | undefined): void {
    const ended = endedStandardSupport(this.engine.majorVersion, new Date());
    if (ended !== undefined && support !== EngineLifecycleSupport.STANDARD) {
      Annotations.of(this).addWarning(
        `The standard support of PostgreSQL ${this.engine.majorVersion} on RDS ended on ${ended}: Extended Support is billed by the vCPU and hour. Choose a newer major version.`,
      );
    }
  }

  private createSubnetGroup(): string {
    return new DbSubnetGroup(this, 'SubnetGroup', {
      namePrefix: `${this.identifier}-`,
      subnetIds: this.network.subnetIds,
    }).name;
  }

  private createSecurityGroup(): string {
    return new SecurityGroup(this, 'SecurityGroup', {
      // EC2 refuses names that begin with "sg-".
      namePrefix: `database-${this.identifier}-`,
      description: `Database ${this.identifier}`,
      vpcId: this.network.vpcId,
      lifecycle: { createBeforeDestroy: true },
    }).id;
  }

  private createParameterGroup(parameters: ManagedDatabaseProps['parameters']): string {
    return new DbParameterGroup(this, 'ParameterGroup', {
      namePrefix: `${this.identifier}-`,
      family: this.engine.parameterGroupFamily,
      description: `Database ${this.identifier}`,
      parameter: parametersOf(parameters),
      lifecycle: { createBeforeDestroy: true },
    }).name;
  }

  private createLogGroup(props: ManagedDatabaseProps): CloudwatchLogGroup {
    return new CloudwatchLogGroup(this, 'LogGroup', {
      name: `/aws/rds/instance/${this.identifier}/postgresql`,
      retentionInDays: props.logRetentionDays,
      kmsKeyId: props.logKmsKeyArn,
    });
  }

  private monitoring(seconds: number | undefined) {
    if (seconds === undefined) return {};
    const role = new IamRole(this, 'MonitoringRole', {
      namePrefix: `${shortName(this.identifier, 26)}-monitoring-`,
      description: `Enhanced monitoring of database ${this.identifier}`,
      assumeRolePolicy: terraformJson({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'monitoring.rds.amazonaws.com' } },
        ],
      }),
    });
    const { partition } = new DataAwsPartition(this, 'Partition');
    new IamRolePolicyAttachment(this, 'MonitoringPolicy', {
      role: role.name,
      policyArn: `arn:${partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole`,
    });
    return { monitoringInterval: seconds, monitoringRoleArn: role.arn };
  }

  /** Protection from deletion and the last snapshot. */
  private protection(props: ManagedDatabaseProps) {
    const takesSnapshot = props.finalSnapshot ?? true;
    return {
      deletionProtection: this.deletionProtection,
      ...(takesSnapshot
        ? {
            finalSnapshotIdentifier: `${shortName(this.identifier, 200)}-final-${Fn.formatdate('YYYYMMDDhhmmss', Fn.timestamp())}`,
          }
        : { skipFinalSnapshot: true }),
      lifecycle: {
        // Terraform refuses the deletion while it plans. RDS would refuse it only when schedules and alarms are gone.
        ...(this.deletionProtection ? { preventDestroy: true } : {}),
        // The time at which the instance was created stays in the name.
        ...(takesSnapshot ? { ignoreChanges: ['final_snapshot_identifier'] } : {}),
      },
    };
  }

  /** Changes that Terraform would plan and that must not be made. */
  private changesToRefuse(props: ManagedDatabaseProps): Precondition[] {
    const identity = new TerraformData(this, 'Identity', {
      input: { identifier: this.identifier, restored: this._isRestored },
      lifecycle: { ignoreChanges: ['input'] },
    });
    const first = `${identity.fqn}.output.identifier`;
    const renamed = {
      condition: `\${${first} == "${this.identifier}"}`,
      errorMessage: `The identifier of a database cannot be changed: it was \${${first}}, and the program names ${this.identifier}. Its backups, its function and its log belong to the old name. Go back to it, or declare a RestoredDatabase under the new one.`,
    };
    const filledLater = {
      condition: `\${${identity.fqn}.output.restored}`,
      errorMessage: `A restore fills a new database, never one that exists: database ${this.identifier} was not created as a RestoredDatabase. Declare the RestoredDatabase beside it, with an id and an identifier of its own.`,
    };
    return [
      renamed,
      ...(this._isRestored ? [filledLater] : []),
      ...(props.maximumStorageGib === undefined ? [this.shrunk()] : []),
    ];
  }

  /** RDS never shrinks storage (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.StorageTypes.html). */
  private shrunk(): Precondition {
    const found = new DataAwsDbInstances(this, 'Deployed', {
      filter: [{ name: 'db-instance-id', values: [this.identifier] }],
    });
    const deployed = new DataAwsDbInstance(this, 'DeployedInstance', { dbInstanceIdentifier: '${each.value}' });
    deployed.addOverride('for_each', `\${toset(${found.fqn}.instance_identifiers)}`);
    const sizes = `[for instance in ${deployed.fqn} : instance.allocated_storage]`;
    return {
      condition: `\${alltrue([for size in ${sizes} : size <= ${this.plan.storageGib}])}`,
      errorMessage: `RDS never shrinks storage: database ${this.identifier} has \${join(", ", ${sizes})} GiB, and the plan ${this.plan.name} has ${this.plan.storageGib} GiB. Choose a plan with at least as much storage.`,
    };
  }
}

/**
 * From 400 GiB on, rates are written out: when storage grows beyond, the provider would send the ones of the smaller
 * volume, which RDS refuses (hashicorp/terraform-provider-aws#28382).
 */
function storageRates(props: ManagedDatabaseProps) {
  return props.plan.storageGib < STRIPED_FROM_GIB
    ? {}
    : { iops: props.storageIops ?? 12_000, storageThroughput: props.storageThroughputMib ?? 500 };
}

function insights(mode: DatabaseInsights | undefined) {
  switch (mode) {
    case undefined:
      return {};
    case DatabaseInsights.STANDARD:
      return { performanceInsightsEnabled: true, performanceInsightsRetentionPeriod: 7 };
    case DatabaseInsights.ADVANCED:
      return {
        databaseInsightsMode: 'advanced',
        performanceInsightsEnabled: true,
        performanceInsightsRetentionPeriod: 465,
      };
  }
}
