import { isIP } from 'net';
import { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition';
import { DataAwsSecretsmanagerSecretVersions } from '@cdktf/provider-aws/lib/data-aws-secretsmanager-secret-versions';
import { SecretsmanagerSecret } from '@cdktf/provider-aws/lib/secretsmanager-secret';
import { SecretsmanagerSecretVersion } from '@cdktf/provider-aws/lib/secretsmanager-secret-version';
import { Annotations, Fn, ITerraformDependable, ref, TerraformStack, Token } from 'cdktf';
import { Construct } from 'constructs';
import { Grant, GrantStatement } from './grant';
import { ProgramFunction } from './program-function';
import { ObjectRights } from '../contract/minimum-policy';
import { StorageCredentialsSource, StorageSettings } from '../contract/storage-settings';
import { IManagedDatabase } from '../database/database';
import { knownRegion } from '../private/region';
import { BackupStorage } from '../storage/backup-storage';
import { StorageCredentials } from '../storage/storage-credentials';

interface StorageAccessProps {
  readonly program: ProgramFunction;
  readonly database: IManagedDatabase;
  readonly storage: BackupStorage;
  /** What a function that has no keys may do with the objects of the storage. */
  readonly rights: readonly ObjectRights[];
  /** Credentials in the place of those of the storage. */
  readonly credentials?: StorageCredentials;
  /** Access of another function with the same credentials, whose secret is used. */
  readonly sharedWith?: StorageAccess;
}

/** Keys in a secret, and what a role needs to read them. */
interface StorageSecret {
  readonly source: StorageCredentialsSource;
  readonly statements: GrantStatement[];
}

/** How a function reaches the storage of a database: the secret where keys are given, the grant, the settings. */
export class StorageAccess extends Construct {
  /** The storage as the program needs it. */
  readonly settings: StorageSettings;
  /** What must be there before the function can use the settings. */
  readonly grants: ITerraformDependable[];

  private readonly program: ProgramFunction;
  private readonly secret?: StorageSecret;

  constructor(scope: Construct, id: string, props: StorageAccessProps) {
    super(scope, id);
    const { program, storage, database } = props;
    this.program = program;
    const credentials = props.credentials ?? storage.credentials;
    this.secret = props.sharedWith?.secret ?? this.secretOf(credentials, database.identifier);
    const source: StorageCredentialsSource = this.secret?.source ?? { kind: 'role' };
    const statements = this.secret?.statements ?? this.roleStatements(storage, props.rights);
    this.grants = [
      new Grant(this, 'Grant', { roleName: program.roleName, name: 'backup-storage', statements }),
      ...this.egressRules(storage.endpoint),
    ];
    this.settings = {
      kind: storage._kind,
      endpoint: storage.endpoint,
      region: storage.region,
      bucket: storage.bucket,
      path: storage.path,
      pathStyle: storage._pathStyle,
      allowUnencrypted: storage._allowUnencrypted,
      caCertificate: storage._caCertificate,
      credentials: source,
      network: program.network && { vpcId: program.network.vpcId, subnetIds: program.network.subnetIds },
    };
    this.warnOfUnreachable(storage, database);
  }

  /** A network that was created without a NAT gateway has a route to Amazon S3 in its own region, and to nothing else. */
  private warnOfUnreachable(storage: BackupStorage, database: IManagedDatabase): void {
    const region = knownRegion(this, database.provider);
    const isNear =
      storage._kind === 'amazon-s3' &&
      (Token.isUnresolved(storage.region) || region === undefined || storage.region === region);
    if (this.program.network?._isolated && !isNear) {
      Annotations.of(this).addWarning(
        'The network has no route to this storage: it was created without a NAT gateway, and the storage is not Amazon S3 in the same region. Pass natGateway: true to DatabaseNetwork.create.',
      );
    }
  }

  /** The secret with the keys; none for Amazon S3 through the role of the function. */
  private secretOf(credentials: StorageCredentials, identifier: string): StorageSecret | undefined {
    switch (credentials._kind) {
      case 'role':
        return undefined;
      case 'secret': {
        const secretArn = credentials._secretArn!;
        const kmsKeyArn = credentials._kmsKeyArn;
        return {
          source: { kind: 'secret', secretArn, versionId: this.currentVersion(secretArn) },
          statements: [
            readSecret(secretArn),
            ...(kmsKeyArn === undefined ? [] : [{ actions: ['kms:Decrypt'], resources: [kmsKeyArn] }]),
          ],
        };
      }
      case 'keys': {
        const written = this.writeSecret(identifier, credentials._accessKeyId!, credentials._secretAccessKey!);
        return { source: { kind: 'secret', ...written }, statements: [readSecret(written.secretArn)] };
      }
    }
  }

  private roleStatements(storage: BackupStorage, rights: readonly ObjectRights[]): GrantStatement[] {
    const { partition } = new DataAwsPartition(this, 'Partition');
    // Joined by Terraform: CDKTF warns of text around a token inside of a function.
    const objects = (keys: string) =>
      Fn.join('', ['arn:', partition, ':s3:::', storage.bucket, '/', storage.path, `/${keys}`]);
    return [
      ...rights.map(({ actions, keys }) => ({ actions, resources: [objects(keys)] })),
      ...storage._keyStatements().map(({ Action, Resource }) => ({ actions: Action, resources: [Resource] })),
    ];
  }

  /** The id of the secret's current version. The data source shows ids and stages; no value ends in the state. */
  private currentVersion(secretArn: string): string {
    const versions = new DataAwsSecretsmanagerSecretVersions(this, 'Versions', { secretId: secretArn });
    const list = `data.${versions.terraformResourceType}.${versions.friendlyUniqueId}.versions`;
    const current = `[for version in ${list} : version.version_id if contains(version.version_stages, "AWSCURRENT")]`;
    return Token.asString(ref(`one(${current})`));
  }

  /**
   * Writes the keys into a secret of their own, which the state does not hold. Other keys create another secret: the one that a running
   * schedule names stays whole until they have passed the test. A version would not: Secrets Manager drops it once it
   * has lost its last label to versions that came after.
   */
  private writeSecret(
    identifier: string,
    accessKeyId: string,
    secretAccessKey: string,
  ): { secretArn: string; versionId: string } {
    TerraformStack.of(this).addOverride('terraform.required_version', '>= 1.11.0');
    const keys = Fn.jsonencode({ accessKeyId, secretAccessKey });
    // 32 bits of the digest: enough to see a change, too few to identify a key.
    const digest = Fn.substr(Fn.sha256(keys), 0, 8);
    const secret = new SecretsmanagerSecret(this, 'Secret', {
      namePrefix: `${identifier}-backup-storage-${digest}-`,
      description: `Storage of the backups of database ${identifier}`,
      lifecycle: { createBeforeDestroy: true },
    });
    const version = new SecretsmanagerSecretVersion(this, 'SecretVersion', {
      secretId: secret.id,
      secretStringWo: keys,
      secretStringWoVersion: Token.asNumber(Fn.parseint(digest, 16)),
      lifecycle: { createBeforeDestroy: true },
    });
    return { secretArn: secret.arn, versionId: version.versionId };
  }

  private egressRules(endpoint: string | undefined): ITerraformDependable[] {
    if (endpoint === undefined || Token.isUnresolved(endpoint)) {
      return [];
    }
    const url = new URL(endpoint);
    const port = Number(url.port) || (url.protocol === 'http:' ? 80 : 443);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    switch (isIP(host)) {
      case 4:
        return this.program.allowEgress(`StorageEgress${port}-${host}`, port, { cidrIpv4: `${host}/32` });
      case 6:
        return this.program.allowEgress(`StorageEgress${port}-${host}`, port, { cidrIpv6: `${host}/128` });
      default:
        // The addresses behind a name are not known in advance. Port 443 is open already, except in a network without
        // a route to the internet.
        return port === 443 ? [] : this.program.allowEgress(`StorageEgress${port}`, port, { cidrIpv4: '0.0.0.0/0' });
    }
  }
}

function readSecret(arn: string): GrantStatement {
  return { actions: ['secretsmanager:GetSecretValue'], resources: [arn] };
}
