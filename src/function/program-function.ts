import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import { DataAwsCallerIdentity } from '@cdktf/provider-aws/lib/data-aws-caller-identity';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { LambdaFunction } from '@cdktf/provider-aws/lib/lambda-function';
import { LambdaFunctionEventInvokeConfig } from '@cdktf/provider-aws/lib/lambda-function-event-invoke-config';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule';
import { Fn, ITerraformDependable, Token } from 'cdktf';
import { Construct } from 'constructs';
import { Grant } from './grant';
import { DatabaseNetwork } from '../database/database-network';
import { dependOn } from '../private/depend-on';
import { shortName } from '../private/short-name';
import { terraformJson } from '../private/terraform-json';

/** Longest run of a function in Lambda, in seconds. */
const TIMEOUT_SECONDS = 900;

/** Longest prefix of a role's name: IAM allows 64 characters, and Terraform adds 26. */
const LONGEST_ROLE_PREFIX = 38;

interface ProgramFunctionProps {
  readonly functionName: string;
  /** What the function is, in the descriptions of its role, its security group and the role of its schedules. */
  readonly title: string;
  readonly description: string;
  /** The prefixes of generated names. */
  readonly prefixes: {
    readonly role: RolePrefix;
    readonly schedulerRole: RolePrefix;
    readonly securityGroup: string;
  };
  /** Subnets that the function runs in. Absent: none, it reaches the internet and no VPC. */
  readonly network?: DatabaseNetwork;
  readonly code: { readonly bundlePath: string; readonly bundleHash: string; readonly layers: string[] };
  readonly runtime?: string;
  /** Memory in MiB. */
  readonly memoryMib: number;
  /** Size of `/tmp` in MiB. */
  readonly ephemeralStorageMib: number;
  readonly logRetentionDays?: number;
  readonly logKmsKeyArn?: string;
  /** ARN of an existing role. Absent: one is created. */
  readonly roleArn?: string;
  readonly permissionsBoundaryArn?: string;
  readonly onFailureDestinationArn?: string;
}

/** The prefix of a role's name: a name, shortened where it is long, and a suffix that stays whole. */
interface RolePrefix {
  readonly name: string;
  readonly suffix: string;
}

/** A Lambda function that runs the program, with all that belongs to it, as resources of a construct. */
export class ProgramFunction {
  readonly functionName: string;
  /** ARN of the function, without a version. */
  readonly functionArn: string;
  /** The version that was published last. */
  readonly version: string;
  /** ARN of that version. */
  readonly versionArn: string;
  readonly roleName: string;
  readonly roleArn: string;
  readonly logGroupName: string;
  readonly resource: LambdaFunction;
  /** ARN of the role under which EventBridge Scheduler invokes the function. */
  readonly schedulerRoleArn: string;
  readonly network?: DatabaseNetwork;
  /** Absent for a function without a network. */
  readonly securityGroupId?: string;
  /** How often Lambda repeats a failed run of that version: what schedules it depends on this. */
  readonly retries: ITerraformDependable;

  constructor(
    private readonly scope: Construct,
    props: ProgramFunctionProps,
  ) {
    const { functionName, title, prefixes, network, code, permissionsBoundaryArn } = props;
    this.functionName = functionName;
    this.logGroupName = `/aws/lambda/${functionName}`;
    this.network = network;

    const role =
      props.roleArn === undefined
        ? new IamRole(scope, 'Role', {
            namePrefix: rolePrefix(prefixes.role),
            description: title,
            assumeRolePolicy: trust('lambda.amazonaws.com'),
            permissionsBoundary: permissionsBoundaryArn,
          })
        : undefined;
    this.roleArn = role?.arn ?? props.roleArn!;
    this.roleName = role?.name ?? nameOfRole(this.roleArn);
    const logGroup = new CloudwatchLogGroup(scope, 'LogGroup', {
      name: this.logGroupName,
      retentionInDays: props.logRetentionDays ?? 90,
      kmsKeyId: props.logKmsKeyArn,
    });
    const runs = new IamRolePolicy(scope, 'Policy', {
      namePrefix: 'run-',
      role: this.roleName,
      policy: terraformJson({
        Version: '2012-10-17',
        Statement: [...logStatements(logGroup.arn), ...(network ? networkStatements(functionName) : [])],
      }),
    });
    const needed: ITerraformDependable[] = [logGroup, runs];
    if (network) {
      const securityGroup = new SecurityGroup(scope, 'SecurityGroup', {
        namePrefix: prefixes.securityGroup,
        description: title,
        vpcId: network.vpcId,
        lifecycle: { createBeforeDestroy: true },
      });
      // On destroy, Terraform deletes the group before the policy, once the function's network interfaces are gone. Lambda
      // deletes them with the permissions of the function's role.
      dependOn(securityGroup, runs);
      this.securityGroupId = securityGroup.id;
      const https = network._httpsTargets.flatMap((target, index) =>
        this.allowEgress(index === 0 ? 'HttpsEgress' : `HttpsEgress${index + 1}`, 443, target),
      );
      needed.push(...https, ...network._routes);
    }

    const lambda = new LambdaFunction(scope, 'Resource', {
      functionName,
      description: props.description,
      role: this.roleArn,
      runtime: props.runtime ?? 'nodejs22.x',
      handler: 'index.handler',
      architectures: ['x86_64'],
      filename: code.bundlePath,
      sourceCodeHash: code.bundleHash,
      layers: code.layers,
      publish: true,
      timeout: TIMEOUT_SECONDS,
      memorySize: props.memoryMib,
      ephemeralStorage: { size: props.ephemeralStorageMib },
      vpcConfig: network && { subnetIds: network.subnetIds, securityGroupIds: [this.securityGroupId!] },
    });
    dependOn(lambda, ...needed);
    this.resource = lambda;
    this.functionArn = lambda.arn;
    this.version = lambda.version;
    this.versionArn = lambda.qualifiedArn;
    this.retries = this.configureRetries(props.onFailureDestinationArn);
    this.schedulerRoleArn = this.createSchedulerRole(title, rolePrefix(prefixes.schedulerRole), permissionsBoundaryArn);
  }

  /** Allows the function to send events to the default bus of its account and region. */
  grantEvents(): ITerraformDependable {
    // arn:aws:lambda:region:account:function:name becomes arn:aws:events:region:account:event-bus/default
    const bus = Fn.replace(this.functionArn, '/:lambda:([^:]+:[0-9]+):.*/', ':events:$1:event-bus/default');
    return (
      (this.scope.node.tryFindChild('EventsGrant') as Grant | undefined) ??
      new Grant(this.scope, 'EventsGrant', {
        roleName: this.roleName,
        name: 'events',
        statements: [{ actions: ['events:PutEvents'], resources: [bus] }],
      })
    );
  }

  /** Allows the function to connect to a port. A function without a network needs no such rule and gets none. */
  allowEgress(
    id: string,
    port: number,
    to: { cidrIpv4?: string; cidrIpv6?: string; prefixListId?: string; referencedSecurityGroupId?: string },
  ): ITerraformDependable[] {
    if (this.securityGroupId === undefined) return [];
    const known = this.scope.node.tryFindChild(id) as VpcSecurityGroupEgressRule | undefined;
    return [
      known ??
        new VpcSecurityGroupEgressRule(this.scope, id, {
          securityGroupId: this.securityGroupId,
          ipProtocol: 'tcp',
          fromPort: port,
          toPort: port,
          ...to,
        }),
    ];
  }

  /**
   * EventBridge Scheduler invokes a function asynchronously, so that its retry policy covers the delivery alone
   * (https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html). Lambda repeats a failed run once:
   * every action is harmless when it is repeated. The old version keeps its setting until the schedule names the new one.
   */
  private configureRetries(destination: string | undefined): ITerraformDependable {
    const config = new LambdaFunctionEventInvokeConfig(this.scope, 'EventInvokeConfig', {
      functionName: this.resource.functionName,
      qualifier: this.version,
      maximumRetryAttempts: 1,
      destinationConfig: destination === undefined ? undefined : { onFailure: { destination } },
      lifecycle: { createBeforeDestroy: true },
    });
    if (destination !== undefined) {
      const action = SENDING[destination.split(':')[2]];
      const statements = [{ actions: [action], resources: [destination] }];
      const grant = new Grant(this.scope, 'FailureGrant', { roleName: this.roleName, name: 'on-failure', statements });
      // Lambda refuses a destination that the role may not send to.
      dependOn(config, grant);
    }
    return config;
  }

  private createSchedulerRole(title: string, namePrefix: string, permissionsBoundary: string | undefined): string {
    // Only schedules of this account may use the role
    // (https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html).
    const { accountId } = new DataAwsCallerIdentity(this.scope, 'Account');
    const role = new IamRole(this.scope, 'SchedulerRole', {
      namePrefix,
      description: `Invokes the ${title.charAt(0).toLowerCase()}${title.slice(1)}`,
      assumeRolePolicy: trust('scheduler.amazonaws.com', accountId),
      permissionsBoundary,
    });
    new IamRolePolicy(this.scope, 'SchedulerPolicy', {
      namePrefix: 'invoke-',
      role: role.name,
      policy: terraformJson({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: `${this.functionArn}:*` }],
      }),
    });
    return role.arn;
  }
}

/** The action that sends a record to a destination, by the service of its ARN. */
const SENDING: Readonly<Record<string, string>> = {
  sns: 'sns:Publish',
  sqs: 'sqs:SendMessage',
  lambda: 'lambda:InvokeFunction',
  events: 'events:PutEvents',
};

function rolePrefix({ name, suffix }: RolePrefix): string {
  return `${shortName(name, LONGEST_ROLE_PREFIX - suffix.length)}${suffix}`;
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

/** What Lambda needs to keep the log of a function. */
function logStatements(logGroupArn: string) {
  return [{ Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: `${logGroupArn}:*` }];
}

/**
 * What Lambda needs to run a function in a VPC. The rights are Lambda's; the program is denied them
 * (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html).
 */
function networkStatements(functionName: string) {
  const Action = [
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
  const Condition = { ArnLike: { 'lambda:SourceFunctionArn': `arn:*:lambda:*:*:function:${functionName}` } };
  return [
    { Effect: 'Allow', Action, Resource: '*' },
    { Effect: 'Deny', Action, Resource: '*', Condition },
  ];
}
