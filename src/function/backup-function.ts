import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule';
import { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { FunctionAssets } from './assets';
import { DeletionGuard } from './deletion-guard';
import { Grant } from './grant';
import { ProgramFunction } from './program-function';
import { DatabaseSettings } from '../contract/database-settings';
import { LAMBDA_MAXIMUM_MIB } from '../contract/lambda-limits';
import { IManagedDatabase } from '../database/database';
import { given } from '../private/given';
import { InvalidInput } from '../private/invalid-input';
import { each, required } from '../private/rules';
import { shortName } from '../private/short-name';

/** Longest name of a function in Lambda, in characters. */
const LONGEST_FUNCTION_NAME = 64;

/** A statement for the role of a backup function: it allows actions on resources. */
export interface FunctionStatement {
  /** Actions, such as `kms:Decrypt`. At least one. */
  readonly actions: string[];
  /** ARNs of resources. At least one. */
  readonly resources: string[];
}

/**
 * The backup function of a database: the Lambda function that its connection test, backups, watch and restore share. It
 * is created when one of them first needs it. Its environment carries no settings; they travel in each request, so that
 * new ones are used only after they have passed a test.
 *
 * Each change publishes a version. Lambda keeps the earlier ones, which cost nothing but hold network interfaces in the
 * subnets; delete them with `aws lambda delete-function --function-name <name> --qualifier <version>` once a deployment
 * has succeeded and before a subnet is removed. Deleting the function deletes them all; Lambda can take up to 45 minutes
 * to release its network interfaces.
 */
export class BackupFunction extends Construct {
  /** The backup function of a database, created if there is none yet. */
  static of(database: IManagedDatabase): BackupFunction {
    return (database.node.tryFindChild(ID) as BackupFunction | undefined) ?? new BackupFunction(database);
  }

  /** Name of the function. */
  readonly functionName: string;
  /** ARN of the function, without a version. */
  readonly functionArn: string;
  /** The version that was published last: the one that connection test and schedules use. */
  readonly version: string;
  /** ARN of that version. */
  readonly versionArn: string;
  /** Name of the function's role. */
  readonly roleName: string;
  /** ARN of the function's role. */
  readonly roleArn: string;
  /** Id of the function's security group. */
  readonly securityGroupId: string;
  /** Name of the log group of the function. */
  readonly logGroupName: string;
  /** ARN of the role under which EventBridge Scheduler invokes the function. */
  readonly schedulerRoleArn: string;

  /** @internal */
  readonly _program: ProgramFunction;

  private readonly database: IManagedDatabase;
  private readonly deletionGuard?: DeletionGuard;
  private databaseGrants?: readonly ITerraformDependable[];

  private constructor(database: IManagedDatabase) {
    super(database, ID);
    this.database = database;
    const { identifier, network } = database;
    const options = given(database.backupFunctionOptions);
    const { bundlePath, bundleHash, clientLayerArn } = FunctionAssets.of(this, database.provider);
    this._program = new ProgramFunction(this, {
      ...options,
      functionName: `${shortName(identifier, LONGEST_FUNCTION_NAME - FUNCTION_SUFFIX.length)}${FUNCTION_SUFFIX}`,
      title: `Backup function of database ${identifier}`,
      description: `Tests, makes and restores the backups of database ${identifier}`,
      prefixes: {
        role: { name: identifier, suffix: '-backup-' },
        schedulerRole: { name: identifier, suffix: '-schedule-' },
        securityGroup: `backup-${identifier}-`,
      },
      network,
      code: { bundlePath, bundleHash, layers: [clientLayerArn] },
      memoryMib: options.memoryMib ?? 2048,
      ephemeralStorageMib: options.ephemeralStorageMib ?? LAMBDA_MAXIMUM_MIB,
    });
    this.functionName = this._program.functionName;
    this.functionArn = this._program.functionArn;
    this.version = this._program.version;
    this.versionArn = this._program.versionArn;
    this.roleName = this._program.roleName;
    this.roleArn = this._program.roleArn;
    this.securityGroupId = this._program.securityGroupId!;
    this.logGroupName = this._program.logGroupName;
    this.schedulerRoleArn = this._program.schedulerRoleArn;
    if (database.isCreatedHere) {
      this.deletionGuard = new DeletionGuard(this, 'DeletionGuard', {
        functionName: this._program.resource.functionName,
        database: identifier,
        isProtected: database.deletionProtection,
      });
      this._keepWithDatabase(database);
    }
  }

  /**
   * Adds a statement to the function's role, as a policy of its own, such as the use of a KMS key.
   *
   * @param id id of the policy, unique in this function.
   * @param statement actions and resources to allow.
   * @throws where there is no action or no resource
   */
  addToRolePolicy(id: string, statement: FunctionStatement): void {
    const { actions, resources } = given(statement);
    const remedy = 'Name at least one.';
    InvalidInput.check(this, [
      required('id of addToRolePolicy', id, 'Give the policy an id of its own.'),
      required('actions', actions?.length ? actions : undefined, remedy),
      each('actions', actions, () => undefined),
      required('resources', resources?.length ? resources : undefined, remedy),
      each('resources', resources, () => undefined),
    ]);
    new Grant(this, id, { roleName: this.roleName, name: 'added', statements: [{ actions, resources }] });
  }

  /**
   * The database as the program needs it.
   *
   * @internal
   */
  get _databaseSettings(): DatabaseSettings {
    const { identifier, endpoint, masterSecretArn, plan, caCertificate } = this.database;
    return {
      identifier,
      endpoint,
      credentials: { kind: 'secret', secretArn: masterSecretArn },
      plan: { name: plan.name, vcpu: plan.vcpu, memoryGib: plan.memoryGib, storageGib: plan.storageGib },
      caCertificate,
    };
  }

  /**
   * Keeps the resources of a construct for as long as the database is protected from deletion.
   *
   * @internal
   */
  _keepWithDatabase(construct: Construct): void {
    this.deletionGuard?.keep(construct);
  }

  /**
   * Allows the function to read the master secret and to connect to the server. Created on first need: the connection
   * test needs none of it.
   *
   * @internal
   */
  _grantDatabase(): readonly ITerraformDependable[] {
    this.databaseGrants ??= this.createDatabaseGrants();
    return this.databaseGrants;
  }

  private createDatabaseGrants(): ITerraformDependable[] {
    const { database } = this;
    const grant = new Grant(this, 'DatabaseGrant', {
      roleName: this.roleName,
      name: 'database-secret',
      // Terraform hands create_before_destroy down to all that a resource depends on, and an instance cannot be created
      // while another has its identifier. The secret of a database of this program changes with its instance alone.
      destroyBeforeReplace: database.isCreatedHere,
      statements: [
        { actions: ['secretsmanager:GetSecretValue'], resources: [database.masterSecretArn] },
        ...(database.masterSecretKmsKeyArn === undefined
          ? []
          : [{ actions: ['kms:Decrypt'], resources: [database.masterSecretKmsKeyArn] }]),
      ],
    });
    const egress = this._program.allowEgress('DatabaseEgress', database.port, {
      referencedSecurityGroupId: database.securityGroupId,
    });
    const ingress = new VpcSecurityGroupIngressRule(this, 'DatabaseIngress', {
      securityGroupId: database.securityGroupId,
      referencedSecurityGroupId: this.securityGroupId,
      ipProtocol: 'tcp',
      fromPort: database.port,
      toPort: database.port,
    });
    return [grant, ...egress, ingress];
  }
}

const ID = 'BackupFunction';
const FUNCTION_SUFFIX = '-backup';
