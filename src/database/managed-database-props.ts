import { TerraformProvider } from 'cdktf';
import { BackupFunctionOptions } from './backup-function-options';
import { DatabaseEngine } from './database-engine';
import { DatabaseNetwork } from './database-network';
import { DatabasePlan } from './database-plan';
import { EngineLifecycleSupport } from './engine-lifecycle-support';

/** CloudWatch Database Insights, the successor of Performance Insights. */
export enum DatabaseInsights {
  /** Performance Insights with a history of 7 days, which is free. */
  STANDARD = 'standard',
  /** The advanced mode with a history of 465 days, billed by the vCPU and hour. */
  ADVANCED = 'advanced',
}

/** Props of a managed database. Wrong values are refused with the rule, the value and the path of the construct. */
export interface ManagedDatabaseProps {
  /**
   * Identifier of the instance: 1 to 63 lower-case letters, digits and single hyphens, a letter first. It names the
   * folder of the backups, so it is never generated, and it cannot be changed later: a plan that changes it is refused.
   */
  readonly identifier: string;
  /** PostgreSQL and its version. */
  readonly engine: DatabaseEngine;
  /** Size of the database. Its storage can grow later, but not shrink: a plan that shrinks it is refused. */
  readonly plan: DatabasePlan;
  /** VPC and subnets of the database and its backup function. */
  readonly network: DatabaseNetwork;
  /**
   * Name of a database that RDS creates in the instance in addition to `postgres`: 1 to 63 letters, digits and underscores, a
   * letter first, and no key word of PostgreSQL.
   *
   * @default - none
   */
  readonly databaseName?: string;
  /**
   * Name of the master user: 1 to 16 letters, digits and underscores, a letter first, and no name that RDS or PostgreSQL
   * reserve. RDS generates its password, keeps it in a secret and rotates it.
   *
   * @default - `postgres`
   */
  readonly masterUsername?: string;
  /**
   * Port that the server listens on, 1150 to 65535.
   *
   * @default - 5432
   */
  readonly port?: number;
  /**
   * Whether RDS refuses to delete the instance. Terraform then refuses a plan that would delete or replace it, before
   * anything else is deleted. To destroy the database, set it to false, deploy, then destroy.
   *
   * @default - true
   */
  readonly deletionProtection?: boolean;
  /**
   * Whether RDS takes a last snapshot when the instance is deleted. Its name is `<identifier>-final-` and the time at
   * which the instance was created, so that each instance that has had the identifier keeps its own.
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
   * Time of day, in UTC, at which RDS makes its automated backups, such as `02:00-02:30`: at least 30 minutes, and not in
   * the maintenance window.
   *
   * @default - RDS chooses one
   */
  readonly automatedBackupWindow?: string;
  /**
   * Time of the week, in UTC, at which RDS may restart the instance for maintenance, such as `sun:05:00-sun:06:00`: at
   * least 30 minutes.
   *
   * @default - RDS chooses one
   */
  readonly maintenanceWindow?: string;
  /**
   * Whether a change is made at once instead of in the next maintenance window. Made at once, a change of the plan, the
   * engine or a parameter of the kind that needs it can restart the instance. If false, every plan shows the change until
   * the window has passed.
   *
   * @default - true
   */
  readonly applyImmediately?: boolean;
  /**
   * Whether a changed `engine` may upgrade the instance to another major version. An upgrade restarts the instance and
   * cannot be undone: make a backup first.
   *
   * @default - false: RDS refuses such a change
   */
  readonly allowMajorVersionUpgrade?: boolean;
  /**
   * What RDS does when the standard support of the major version has ended.
   *
   * @default - `EngineLifecycleSupport.EXTENDED`, as RDS has it, with a warning at synth when Extended Support is billed
   */
  readonly engineLifecycleSupport?: EngineLifecycleSupport;
  /**
   * Parameters of the instance by name, over the defaults `rds.force_ssl = 1` and `log_min_duration_statement = 1000`
   * (milliseconds), such as `shared_preload_libraries`. A parameter that PostgreSQL reads at its start changes at the
   * next restart.
   *
   * @default - the two defaults
   */
  readonly parameters?: { [name: string]: string };
  /**
   * Name of an existing parameter group of the engine's family. It cannot be combined with `parameters`.
   *
   * @default - a group is created
   */
  readonly parameterGroupName?: string;
  /**
   * Name of an existing subnet group.
   *
   * @default - a group is created for the subnets of the network
   */
  readonly subnetGroupName?: string;
  /**
   * Id of an existing security group for the instance. Rules are added to it for the clients that may connect.
   *
   * @default - a group is created
   */
  readonly existingSecurityGroupId?: string;
  /**
   * Ceiling in GiB to which RDS may extend the storage by itself: at least 10 % above the plan's storage, at most 65536.
   *
   * @default - the storage is not extended
   */
  readonly maximumStorageGib?: number;
  /**
   * Operations per second of the gp3 storage, 12000 to 64000, and at most 500 for each GiB. Only for plans with 400 GiB
   * or more; smaller ones have 3000.
   *
   * @default - 12000 from 400 GiB on
   */
  readonly storageIops?: number;
  /**
   * Throughput of the gp3 storage in MiB/s, 500 to 4000, and at most a quarter of `storageIops`. Only for plans with
   * 400 GiB or more; smaller ones have 125.
   *
   * @default - 500 from 400 GiB on
   */
  readonly storageThroughputMib?: number;
  /**
   * ARN of the KMS key that encrypts the storage of the instance. The ARN of an alias is refused.
   *
   * @default - the account's own key of RDS
   */
  readonly storageKmsKeyArn?: string;
  /**
   * ARN of the KMS key that encrypts the master secret; the backup function is granted `kms:Decrypt` on it. The ARN of an
   * alias is refused.
   *
   * @default - the account's own key of Secrets Manager, which needs no grant
   */
  readonly masterSecretKmsKeyArn?: string;
  /**
   * How many days CloudWatch keeps PostgreSQL's log, one of the numbers that CloudWatch Logs accepts (1, 3, 5, 7, 14, 30,
   * 60, 90, …, 3653).
   *
   * @default - the log is not exported to CloudWatch; RDS keeps it for 3 days
   */
  readonly logRetentionDays?: number;
  /**
   * ARN of the KMS key that encrypts PostgreSQL's log in CloudWatch. Only together with `logRetentionDays`.
   *
   * @default - CloudWatch's own key
   */
  readonly logKmsKeyArn?: string;
  /**
   * CloudWatch Database Insights, the successor of Performance Insights.
   *
   * @default - off
   */
  readonly databaseInsights?: DatabaseInsights;
  /**
   * Interval of enhanced monitoring in seconds: 1, 5, 10, 15, 30 or 60. A role for it is created.
   *
   * @default - off
   */
  readonly enhancedMonitoringSeconds?: number;
  /**
   * Identifier of the certificate authority that signs the server's certificate: `rds-ca-rsa2048-g1`,
   * `rds-ca-rsa4096-g1` or `rds-ca-ecc384-g1`.
   *
   * @default - the default of the account
   */
  readonly caIdentifier?: string;
  /**
   * Certificate authority that the backup function verifies the server's certificate with: one or more certificates in
   * PEM. Needed in a region whose root certificate the function's program lacks; such a region is refused without it.
   *
   * @default - the root certificates of RDS
   */
  readonly caCertificate?: string;
  /**
   * Whether users may authenticate with IAM.
   *
   * @default - false
   */
  readonly iamAuthentication?: boolean;
  /**
   * Options of the backup function.
   *
   * @default - Node.js 22, 2048 MiB of memory, 10240 MiB of temporary storage
   */
  readonly backupFunctionOptions?: BackupFunctionOptions;
  /**
   * Provider of all resources of the database and of its backup function, for another region or account than the
   * stack's.
   *
   * @default - the AWS provider of the stack
   */
  readonly provider?: TerraformProvider;
  /**
   * Tags of all resources of the database and of its backup function, at most 40.
   *
   * @default - none
   */
  readonly tags?: { [name: string]: string };
}
