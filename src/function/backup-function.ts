import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { LambdaFunction } from '@cdktf/provider-aws/lib/lambda-function';
import { LambdaFunctionEventInvokeConfig } from '@cdktf/provider-aws/lib/lambda-function-event-invoke-config';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule';
import { Fn, ITerraformDependable, Token } from 'cdktf';
import { Construct } from 'constructs';
import { FunctionAssets } from './assets';
import { DeletionGuard } from './deletion-guard';
import { Grant } from './grant';
import { DatabaseSettings } from '../contract/database-settings';
import { IManagedDatabase } from '../database/database';
import { dependOn } from '../private/depend-on';
import { given } from '../private/given';
import { InvalidInput } from '../private/invalid-input';
import { each, required } from '../private/rules';
import { shortName } from '../private/short-name';
import { terraformJson } from '../private/terraform-json';

/** Longest run of a function in Lambda, in seconds. */
const TIMEOUT_SECONDS = 900;

/** Longest name of a function in Lambda, in characters. */
const LONGEST_FUNCTION_NAME = 64;

/** Longest prefix of a role's name: IAM allows 64 characters, and Terraform adds 26. */
const LONGEST_ROLE_PREFIX = 38;

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

  /**
   * How often Lambda repeats a failed run of that version: what schedules it depends on this.
   *
   * @internal
   */
  readonly _retries: ITerraformDependable;

  private readonly database: IManagedDatabase;
  private readonly deletionGuard?: DeletionGuard;
  private databaseGrants?: readonly ITerraformDependable[];

  private constructor(database: IManagedDatabase) {
    super(database, ID);
    this.database = database;
    const { identifier, network } = database;
    const options = given(database.backupFunctionOptions);
    const assets = FunctionAssets.of(this, database.provider);
    this.functionName = `${shortName(identifier, LONGEST_FUNCTION_NAME - FUNCTION_SUFFIX.length)}${FUNCTION_SUFFIX}`;
    this.logGroupName = `/aws/lambda/${this.functionName}`;

    const role = options.roleArn === undefined ? this.createRole(options.permissionsBoundaryArn) : undefined;
    this.roleArn = role?.arn ?? options.roleArn!;
    this.roleName = role?.name ?? nameOfRole(this.roleArn);
    const logGroup = new CloudwatchLogGroup(this, 'LogGroup', {
      name: this.logGroupName,
      retentionInDays: options.logRetentionDays ?? 90,
      kmsKeyId: options.logKmsKeyArn,
    });
    const runs = new IamRolePolicy(this, 'Policy', {
      namePrefix: 'run-',
      role: this.roleName,
      policy: terraformJson(runPolicy(logGroup.arn, this.functionName)),
    });
    const securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      namePrefix: `backup-${identifier}-`,
      description: `Backup function of database ${identifier}`,
      vpcId: network.vpcId,
      lifecycle: { createBeforeDestroy: true },
    });
    // On destroy, Terraform deletes the group before the policy, once the function's network interfaces are gone. Lambda
    // deletes them with the permissions of the function's role.
    dependOn(securityGroup, runs);
    this.securityGroupId = securityGroup.id;
    const https = network._httpsTargets.map((target, index) =>
      this._allowEgress(index === 0 ? 'HttpsEgress' : `HttpsEgress${index + 1}`, 443, target),
    );

    const lambda = new LambdaFunction(this, 'Resource', {
      functionName: this.functionName,
      description: `Tests, makes and restores the backups of database ${identifier}`,
      role: this.roleArn,
      runtime: options.runtime ?? 'nodejs22.x',
      handler: 'index.handler',
      architectures: ['x86_64'],
      filename: assets.bundlePath,
      sourceCodeHash: assets.bundleHash,
      layers: [assets.layerArn],
      publish: true,
      timeout: TIMEOUT_SECONDS,
      memorySize: options.memoryMib ?? 2048,
      ephemeralStorage: { size: options.ephemeralStorageMib ?? 10_240 },
      vpcConfig: { subnetIds: network.subnetIds, securityGroupIds: [this.securityGroupId] },
    });
    dependOn(lambda, logGroup, runs, ...https, ...network._routes);
    this.functionArn = lambda.arn;
    this.version = lambda.version;
    this.versionArn = lambda.qualifiedArn;
    this._retries = this.configureRetries(lambda, options.onFailureDestinationArn);
    this.schedulerRoleArn = this.createSchedulerRole(options.permissionsBoundaryArn);
    if (database.isCreatedHere) {
      this.deletionGuard = new DeletionGuard(this, 'DeletionGuard', {
        functionName: lambda.functionName,
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

  /**
   * Allows the function to send events to the default bus of its account and region.
   *
   * @internal
   */
  _grantEvents(): ITerraformDependable {
    // arn:aws:lambda:region:account:function:name becomes arn:aws:events:region:account:event-bus/default
    const bus = Fn.replace(this.functionArn, '/:lambda:([^:]+:[0-9]+):.*/', ':events:$1:event-bus/default');
    return (
      (this.node.tryFindChild('EventsGrant') as Grant | undefined) ??
      new Grant(this, 'EventsGrant', {
        roleName: this.roleName,
        name: 'events',
        statements: [{ actions: ['events:PutEvents'], resources: [bus] }],
      })
    );
  }

  /**
   * Allows the function to connect to a port.
   *
   * @internal
   */
  _allowEgress(
    id: string,
    port: number,
    to: { cidrIpv4?: string; cidrIpv6?: string; prefixListId?: string; referencedSecurityGroupId?: string },
  ): VpcSecurityGroupEgressRule {
    return (
      (this.node.tryFindChild(id) as VpcSecurityGroupEgressRule | undefined) ??
      new VpcSecurityGroupEgressRule(this, id, {
        securityGroupId: this.securityGroupId,
        ipProtocol: 'tcp',
        fromPort: port,
        toPort: port,
        ...to,
      })
    );
  }

  private createRole(permissionsBoundary: string | undefined): IamRole {
    return new IamRole(this, 'Role', {
      namePrefix: rolePrefix(this.database.identifier, '-backup-'),
      description: `Backup function of database ${this.database.identifier}`,
      assumeRolePolicy: trust('lambda.amazonaws.com'),
      permissionsBoundary,
    });
  }

  /**
   * EventBridge Scheduler invokes a function asynchronously, so that its retry policy covers the delivery alone
   * (https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html). Lambda repeats a failed run once: a
   * backup id stands for one backup, so a repetition is harmless. The old version keeps its setting until the schedule names the
   * new one.
   */
  private configureRetries(lambda: LambdaFunction, destination: string | undefined): ITerraformDependable {
    const config = new LambdaFunctionEventInvokeConfig(this, 'EventInvokeConfig', {
      functionName: lambda.functionName,
      qualifier: this.version,
      maximumRetryAttempts: 1,
      destinationConfig: destination === undefined ? undefined : { onFailure: { destination } },
      lifecycle: { createBeforeDestroy: true },
    });
    if (destination !== undefined) {
      const action = SENDING[destination.split(':')[2]];
      const statements = [{ actions: [action], resources: [destination] }];
      // Lambda refuses a destination that the role may not send to.
      dependOn(config, new Grant(this, 'FailureGrant', { roleName: this.roleName, name: 'on-failure', statements }));
    }
    return config;
  }

  private createSchedulerRole(permissionsBoundary: string | undefined): string {
    const { identifier } = this.database;
    // Only schedules of this account may use the role
    // (https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html).
    const { accountId } = new DataAwsCallerIdentity(this, 'Account');
    const role = new IamRole(this, 'SchedulerRole', {
      namePrefix: rolePrefix(identifier, '-schedule-'),
      description: `Invokes the backup function of database ${identifier}`,
      assumeRolePolicy: trust('scheduler.amazonaws.com', accountId),
      permissionsBoundary,
    });
    new IamRolePolicy(this, 'SchedulerPolicy', {
      namePrefix: 'invoke-',
      role: role.name,
      policy: terraformJson({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: `${this.functionArn}:*` }],
      }),
    });
    return role.arn;
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
    const egress = this._allowEgress('DatabaseEgress', database.port, {
      referencedSecurityGroupId: database.securityGroupId,
    });
    const ingress = new VpcSecurityGroupIngressRule(this, 'DatabaseIngress', {
      securityGroupId: database.securityGroupId,
      referencedSecurityGroupId: this.securityGroupId,
      ipProtocol: 'tcp',
      fromPort: database.port,
      toPort: database.port,
    });
    return [grant, egress, ingress];
  }
}

const ID = 'BackupFunction';
const FUNCTION_SUFFIX = '-backup';

/** The action that sends a record to a destination, by the service of its ARN. */
const SENDING: Readonly<Record<string, string>> = {
  sns: 'sns:Publish',
  sqs: 'sqs:SendMessage',
  lambda: 'lambda:InvokeFunction',
  events: 'events:PutEvents',
};

function rolePrefix(identifier: string, suffix: string): string {
  return `${shortName(identifier, LONGEST_ROLE_PREFIX - suffix.length)}${suffix}`;
}

function nameOfRole(arn: string): string {
  return Token.isUnresolved(arn) ? Token.asString(Fn.element(Fn.split('/', arn), -1)) : arn.split('/').at(-1)!;
}

function trust(service: string, sourceAccount?: string): string {
  return terraformJson({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Service: service },
        Condition: sourceAccount === undefined ? undefined : { StringEquals: { 'aws:SourceAccount': sourceAccount } },
      },
    ],
  });
}

/**
 * What Lambda itself needs to run a function in a VPC and keep its log. The network rights are Lambda's; the program is
 * denied them (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html).
 */
function runPolicy(logGroupArn: string, functionName: string) {
  const network = [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSubnets',
    'ec2:DescribeVpcs',
    'ec2:GetSecurityGroupsForVpc',
    'ec2:UnassignPrivateIpAddresses',
  ];
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: `${logGroupArn}:*` },
      { Effect: 'Allow', Action: network, Resource: '*' },
      {
        Effect: 'Deny',
        Action: network,
        Resource: '*',
        Condition: { ArnLike: { 'lambda:SourceFunctionArn': `arn:*:lambda:*:*:function:${functionName}` } },
      },
    ],
  };
}
