import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { LambdaFunction } from '@cdktf/provider-aws/lib/lambda-function';
import { LambdaFunctionEventInvokeConfig } from '@cdktf/provider-aws/lib/lambda-function-event-invoke-config';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule';
import { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { FunctionAssets } from './assets';
import { Grant } from './grant';
import { DatabaseSettings } from '../contract/database-settings';
import { IManagedDatabase, ManagedDatabase } from '../database/managed-database';
import { dependOn } from '../private/depend-on';
import { terraformJson } from '../private/terraform-json';

/** The longest that Lambda lets a function run, in seconds. */
const TIMEOUT_SECONDS = 900;

/**
 * The Lambda function of a database: one, made on first need, shared by its connection test, backups, watch and
 * restore. Its environment carries no settings; they travel in each request, so that new ones are used only after they
 * have passed a test.
 */
export class BackupFunction extends Construct {
  /** The database's own, made on first need. */
  static of(database: IManagedDatabase): BackupFunction {
    const id = 'BackupFunction';
    return (database.node.tryFindChild(id) as BackupFunction | undefined) ?? new BackupFunction(database, id);
  }

  readonly role: IamRole;
  /** Name of the function. */
  readonly functionName: string;
  /** The version just published: what test and schedule name, so that a new program is proved before it is used. */
  readonly version: string;
  /** ARN of that version. */
  readonly versionArn: string;
  /** Role under which EventBridge Scheduler invokes the function. */
  readonly schedulerRoleArn: string;
  /** How often Lambda repeats an asynchronous invocation of that version: whoever schedules it waits for this. */
  readonly retries: ITerraformDependable;

  private readonly resource: LambdaFunction;
  private readonly securityGroup: SecurityGroup;
  private databaseGrants?: readonly ITerraformDependable[];

  private constructor(
    private readonly database: IManagedDatabase,
    id: string,
  ) {
    super(database, id);
    const { identifier, network } = database;
    const options = database.backupFunction ?? {};
    const assets = FunctionAssets.of(this);
    // Lambda allows 64 characters.
    this.functionName = `${identifier.slice(0, 57)}-backup`;

    this.role = new IamRole(this, 'Role', {
      namePrefix: `${identifier.slice(0, 30)}-backup-`,
      description: `Backup function of database ${identifier}`,
      assumeRolePolicy: trust('lambda.amazonaws.com'),
    });
    const logGroup = new CloudwatchLogGroup(this, 'LogGroup', {
      name: `/aws/lambda/${this.functionName}`,
      retentionInDays: 90,
    });
    const basics = new IamRolePolicy(this, 'Policy', {
      namePrefix: 'run-',
      role: this.role.name,
      policy: terraformJson(runPolicy(logGroup.arn, this.functionName)),
    });
    this.securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      namePrefix: `${identifier}-backup-`,
      description: `Backup function of database ${identifier}`,
      vpcId: network.vpcId,
      lifecycle: { createBeforeDestroy: true },
    });
    const https = this.allowEgress('HttpsEgress', 443, { cidrIpv4: '0.0.0.0/0' });

    this.resource = new LambdaFunction(this, 'Resource', {
      functionName: this.functionName,
      description: `Tests, makes and restores the backups of database ${identifier}`,
      role: this.role.arn,
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
      vpcConfig: { subnetIds: network.subnetIds, securityGroupIds: [this.securityGroup.id] },
    });
    dependOn(this.resource, basics, https);
    this.version = this.resource.version;
    this.versionArn = this.resource.qualifiedArn;

    // Lambda would start an asynchronous invocation that failed twice more; the scheduler starts it once more itself.
    // The old version keeps its setting until the schedule names the new one.
    this.retries = new LambdaFunctionEventInvokeConfig(this, 'EventInvokeConfig', {
      functionName: this.resource.functionName,
      qualifier: this.version,
      maximumRetryAttempts: 0,
      lifecycle: { createBeforeDestroy: true },
    });

    const schedulerRole = new IamRole(this, 'SchedulerRole', {
      namePrefix: `${identifier.slice(0, 30)}-schedule-`,
      description: `Invokes the backup function of database ${identifier}`,
      assumeRolePolicy: trust('scheduler.amazonaws.com'),
    });
    new IamRolePolicy(this, 'SchedulerPolicy', {
      namePrefix: 'invoke-',
      role: schedulerRole.name,
      policy: terraformJson({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: `${this.resource.arn}:*` }],
      }),
    });
    this.schedulerRoleArn = schedulerRole.arn;
  }

  /** The database as the program is told of it. */
  get databaseSettings(): DatabaseSettings {
    const { identifier, endpoint, masterSecretArn, plan } = this.database;
    return {
      identifier,
      endpoint,
      credentials: { kind: 'secret', secretArn: masterSecretArn },
      plan: { name: plan.name, vcpu: plan.vcpu, memoryGib: plan.memoryGib, storageGib: plan.storageGib },
    };
  }

  /** Lets the function read the master secret and reach the server. Made on first need: the test needs none of it. */
  grantDatabase(): readonly ITerraformDependable[] {
    this.databaseGrants ??= this.makeDatabaseGrants();
    return this.databaseGrants;
  }

  /** Lets the function reach a storage that listens elsewhere than on 443. */
  allowEgress(
    id: string,
    port: number,
    to: { cidrIpv4?: string; referencedSecurityGroupId?: string },
  ): VpcSecurityGroupEgressRule {
    return (
      (this.node.tryFindChild(id) as VpcSecurityGroupEgressRule | undefined) ??
      new VpcSecurityGroupEgressRule(this, id, {
        securityGroupId: this.securityGroup.id,
        ipProtocol: 'tcp',
        fromPort: port,
        toPort: port,
        ...to,
      })
    );
  }

  private makeDatabaseGrants(): ITerraformDependable[] {
    const { database } = this;
    const grant = new Grant(this, 'DatabaseGrant', {
      role: this.role,
      name: 'database-secret',
      // Terraform hands create_before_destroy down to all that a resource depends on, and an instance cannot be made
      // while another has its identifier. A declared database's secret changes with its instance alone.
      destroyBeforeReplace: database instanceof ManagedDatabase,
      statements: [
        { actions: ['secretsmanager:GetSecretValue'], resources: [database.masterSecretArn] },
        ...(database.masterSecretKmsKeyArn === undefined
          ? []
          : [{ actions: ['kms:Decrypt'], resources: [database.masterSecretKmsKeyArn] }]),
      ],
    });
    const egress = this.allowEgress('DatabaseEgress', database.port, {
      referencedSecurityGroupId: database.securityGroupId,
    });
    const ingress = new VpcSecurityGroupIngressRule(this, 'DatabaseIngress', {
      securityGroupId: database.securityGroupId,
      referencedSecurityGroupId: this.securityGroup.id,
      ipProtocol: 'tcp',
      fromPort: database.port,
      toPort: database.port,
    });
    return [grant, egress, ingress];
  }
}

function trust(service: string): string {
  return terraformJson({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service } }],
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
