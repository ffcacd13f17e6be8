import { ITerraformDependable, TerraformProvider, Token } from 'cdktf';
import { Construct } from 'constructs';
import { BackupFunctionOptions } from './backup-function-options';
import { IManagedDatabase } from './database';
import { DatabaseEngine } from './database-engine';
import { DatabaseNetwork } from './database-network';
import { DatabasePlan } from './database-plan';
import { ManagedDatabaseProps } from './managed-database-props';
import { allowIngress } from './private/ingress';
import { claimIdentifier, commonProblems } from './private/validate-database';
import { RdsDatabase } from './rds-database';
import { given } from '../private/given';
import { InvalidInput } from '../private/invalid-input';
import { shareProviderAndTags } from '../private/provider-and-tags';
import { hostName, kmsKeyArn, required, resourceId, secretArn, wholeNumber } from '../private/rules';

/** A database that exists outside of this program. Wrong values are refused with the path of the construct. */
export interface ManagedDatabaseAttributes {
  /**
   * The identifier, which names the folder of its backups: 1 to 63 lower-case letters, digits and single hyphens, a
   * letter first.
   */
  readonly identifier: string;
  /** Host name or IP address of the server, without scheme and port. */
  readonly address: string;
  /**
   * Port that the server listens on, 1 to 65535.
   *
   * @default - 5432
   */
  readonly port?: number;
  /** ARN of a Secrets Manager secret that holds `{"username", "password"}` of the master user. */
  readonly masterSecretArn: string;
  /**
   * ARN of the KMS key that encrypts the master secret; the backup function is granted `kms:Decrypt` on it. The ARN of an
   * alias is refused.
   *
   * @default - the account's own key of Secrets Manager, which needs no grant
   */
  readonly masterSecretKmsKeyArn?: string;
  /** Id of the security group of the instance. A rule is added to it that allows the backup function to connect. */
  readonly securityGroupId: string;
  /** VPC and subnets for the backup function. */
  readonly network: DatabaseNetwork;
  /** PostgreSQL and its version. */
  readonly engine: DatabaseEngine;
  /** Size of the database: what a restore of its backups needs at least. */
  readonly plan: DatabasePlan;
  /**
   * Certificate authority that the backup function verifies the server's certificate with: one or more certificates in
   * PEM. Needed for a server that is not on RDS, and in a region whose root certificate the function's program lacks.
   *
   * @default - the root certificates of RDS
   */
  readonly caCertificate?: string;
  /**
   * Options of the backup function.
   *
   * @default - Node.js 22, 2048 MiB of memory, 10240 MiB of temporary storage
   */
  readonly backupFunctionOptions?: BackupFunctionOptions;
  /**
   * Provider of the backup function and of the rule that allows it to connect.
   *
   * @default - the AWS provider of the stack
   */
  readonly provider?: TerraformProvider;
  /**
   * Tags of the backup function and of what belongs to it, at most 40.
   *
   * @default - none
   */
  readonly tags?: { [name: string]: string };
}

/**
 * A managed PostgreSQL database on RDS: the instance with its subnet group, security group and parameter group, and a
 * master secret that RDS creates and rotates. Encrypted, private, TLS only, protected from deletion.
 */
export class ManagedDatabase extends RdsDatabase {
  /**
   * Brings in a database that exists. It can do what a database of this program can: have backups, be restored from,
   * allow clients to connect.
   */
  static fromManagedDatabaseAttributes(
    scope: Construct,
    id: string,
    attributes: ManagedDatabaseAttributes,
  ): IManagedDatabase {
    return new ImportedDatabase(scope, id, given(attributes));
  }

  /**
   * Declares a database.
   *
   * @param scope the stack, or a construct in it, that the database belongs to.
   * @param id id of the construct, unique in its scope. Another id is another database for Terraform, so do not change it.
   * @param props size, engine, network and options of the database.
   */
  constructor(scope: Construct, id: string, props: ManagedDatabaseProps) {
    super(scope, id, props);
  }
}

class ImportedDatabase extends Construct implements IManagedDatabase {
  readonly identifier: string;
  readonly address: string;
  readonly port: number;
  readonly endpoint: string;
  readonly masterSecretArn: string;
  readonly masterSecretKmsKeyArn?: string;
  readonly securityGroupId: string;
  readonly network: DatabaseNetwork;
  readonly engine: DatabaseEngine;
  readonly plan: DatabasePlan;
  readonly caCertificate?: string;
  readonly backupFunctionOptions?: BackupFunctionOptions;
  readonly provider?: TerraformProvider;
  readonly tags?: { [name: string]: string };
  readonly isCreatedHere = false;
  readonly deletionProtection = false;
  readonly dependables: ITerraformDependable[] = [];

  constructor(scope: Construct, id: string, attributes: ManagedDatabaseAttributes) {
    super(scope, id);
    validateAttributes(attributes, this);
    this.identifier = attributes.identifier;
    this.address = attributes.address;
    this.port = attributes.port ?? 5432;
    this.endpoint = `${attributes.address}:${Token.isUnresolved(this.port) ? Token.asString(this.port) : this.port}`;
    this.masterSecretArn = attributes.masterSecretArn;
    this.masterSecretKmsKeyArn = attributes.masterSecretKmsKeyArn;
    this.securityGroupId = attributes.securityGroupId;
    this.network = attributes.network;
    this.engine = attributes.engine;
    this.plan = attributes.plan;
    this.caCertificate = attributes.caCertificate;
    this.backupFunctionOptions = attributes.backupFunctionOptions;
    this.provider = attributes.provider;
    this.tags = attributes.tags;
    claimIdentifier(this);
    shareProviderAndTags(this, this);
  }

  createAfter(): void {
    // The instance exists.
  }

  allowIngressFrom(id: string, securityGroupId: string): void {
    allowIngress(this, id, securityGroupId);
  }
}

function validateAttributes(attributes: ManagedDatabaseAttributes, scope: Construct): void {
  const { address, port, masterSecretArn, masterSecretKmsKeyArn, securityGroupId } = attributes;
  InvalidInput.check(scope, [
    ...commonProblems(attributes, scope),
    required('address', address, 'Name the host of the server.'),
    hostName('address', address),
    wholeNumber('port', port, { minimum: 1, maximum: 65_535 }, 'Leave it out for 5432.'),
    required('masterSecretArn', masterSecretArn, 'Pass the ARN of the secret that holds {"username", "password"}.'),
    secretArn('masterSecretArn', masterSecretArn),
    kmsKeyArn('masterSecretKmsKeyArn', masterSecretKmsKeyArn),
    required('securityGroupId', securityGroupId, 'Name the security group of the instance.'),
    resourceId('securityGroupId', 'sg', securityGroupId),
  ]);
}
