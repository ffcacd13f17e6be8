import { ITerraformDependable, TerraformProvider } from 'cdktf';
import { IConstruct } from 'constructs';
import { BackupFunctionOptions } from './backup-function-options';
import { DatabaseEngine } from './database-engine';
import { DatabaseNetwork } from './database-network';
import { DatabasePlan } from './database-plan';

/** A managed PostgreSQL database: created by this program, restored by it, or brought in. */
export interface IManagedDatabase extends IConstruct {
  /** The identifier, which names the folder of its backups. */
  readonly identifier: string;
  /** Host name of the server. */
  readonly address: string;
  /** Port that the server listens on. */
  readonly port: number;
  /** Address and port, `host:port`. */
  readonly endpoint: string;
  /** ARN of the Secrets Manager secret that holds the master user's `username` and `password`. */
  readonly masterSecretArn: string;
  /** ARN of the KMS key that encrypts the master secret; absent for the account's own key of Secrets Manager. */
  readonly masterSecretKmsKeyArn?: string;
  /** Id of the security group of the instance. */
  readonly securityGroupId: string;
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
  /** Provider of the database's resources and of its backup function; absent for the AWS provider of the stack. */
  readonly provider?: TerraformProvider;
  /** Tags of the database's resources and of its backup function; absent for none. */
  readonly tags?: { [name: string]: string };
  /** Whether this program creates the instance; false for a database that was brought in. */
  readonly isCreatedHere: boolean;
  /** Whether the instance is protected from deletion; false for a database that was brought in. */
  readonly deletionProtection: boolean;
  /**
   * What to depend on before the database is used: its instance and, for a restored one, its restore. Empty for a
   * database that was brought in.
   */
  readonly dependables: ITerraformDependable[];
  /** Creates the instance after these resources. It has no effect on a database that was brought in. */
  createAfter(...dependables: ITerraformDependable[]): void;
  /**
   * Allows the members of a security group to connect to the database.
   *
   * @param id id of the rule, unique in this database.
   * @param securityGroupId id of the security group, such as `sg-0123456789abcdef0`.
   * @throws where it is no such id
   */
  allowIngressFrom(id: string, securityGroupId: string): void;
}
