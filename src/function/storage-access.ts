import { isIP } from 'net';
import { DataAwsPartition } from '@cdktf/provider-aws/lib/data-aws-partition';
import { DataAwsSecretsmanagerSecretVersions } from '@cdktf/provider-aws/lib/data-aws-secretsmanager-secret-versions';
import { SecretsmanagerSecret } from '@cdktf/provider-aws/lib/secretsmanager-secret';
import { SecretsmanagerSecretVersion } from '@cdktf/provider-aws/lib/secretsmanager-secret-version';
import { Annotations, Fn, ITerraformDependable, ref, TerraformStack, Token } from 'cdktf';
import { Construct } from 'constructs';
import { BackupFunction } from './backup-function';
import { Grant, GrantStatement } from './grant';
import { MINIMUM_ACTIONS } from '../contract/minimum-policy';
import { StorageCredentialsSource, StorageSettings } from '../contract/storage-settings';
import { IManagedDatabase } from '../database/database';
import { knownRegion } from '../private/region';
import { BackupStorage } from '../storage/backup-storage';

interface StorageAccessProps {
  readonly database: IManagedDatabase;
  readonly storage: BackupStorage;
}

/** How the backup function of a database reaches a storage: the secret where keys are given, the grant, the settings. */
export class StorageAccess extends Construct {
  /** The storage as the program needs it. */
  readonly settings: StorageSettings;
  /** What must be there before the function can use the settings. */
  readonly grants: ITerraformDependable[];

  private readonly backupFunction: BackupFunction;

  constructor(scope: Construct, id: string, props: StorageAccessProps) {
    super(scope, id);
    const { storage, database } = props;
    this.backupFunction = BackupFunction.of(database);
    const { source, statements } = this.credentials(storage, database.identifier);
    this.grants = [
      new Grant(this, 'Grant', { roleName: this.backupFunction.roleName, name: 'backup-storage', statements }),
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
      network: { vpcId: database.network.vpcId, subnetIds: database.network.subnetIds },
    };
    this.warnOfUnreachable(storage, database);
  }

  /** A network that was created without a NAT gateway has a route to Amazon S3 in its own region, and to nothing else. */
  private warnOfUnreachable(storage: BackupStorage, database: IManagedDatabase): void {
    const region = knownRegion(this, database.provider);
    const isNear =
      storage._kind === 'amazon-s3' &&
      (Token.isUnresolved(storage.region) || region === undefined || storage.region === region);
    if (database.network._isolated && !isNear) {
      Annotations.of(this).addWarning(
        'The network has no route to this storage: it was created without a NAT gateway, and the storage is not Amazon S3 in the same region. Pass natGateway: true to DatabaseNetwork.create.',
      );
    }
  }

  private credentials(
    storage: BackupStorage,
    identifier: string,
  ): { source: StorageCredentialsSource; statements: GrantStatement[] } {
    const { credentials } = storage;
    switch (credentials._kind) {
      case 'role':
        return { source: { kind: 'role' }, statements: this.roleStatements(storage) };
      case 'secret':
        return {
          source: {
            kind: 'secret',
            secretArn: credentials._secretArn!,
            versionId: this.currentVersion(credentials._secretArn!),
          },
          statements: [
            readSecret(credentials._secretArn!),
            ...(credentials._kmsKeyArn === undefined
              ? []
              : [{ actions: ['kms:Decrypt'], resources: [credentials._kmsKeyArn] }]),
          ],
        };
      case 'keys': {
        const { secretArn, versionId } = this.writeSecret(
          identifier,
          credentials._accessKeyId!,
          credentials._secretAccessKey!,
        );
        return {
          source: { kind: 'secret', secretArn, versionId },
          statements: [readSecret(secretArn)],
        };
      }
    }
  }

  private roleStatements(storage: BackupStorage): GrantStatement[] {
    const { partition } = new DataAwsPartition(this, 'Partition');
    // Joined by Terraform: CDKTF warns of text around a token inside of a function.
    const resource = Fn.join('', ['arn:', partition, ':s3:::', storage.bucket, '/', storage.path, '/*']);
    return [
      { actions: MINIMUM_ACTIONS, resources: [resource] },
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
        return [this.backupFunction._allowEgress(`StorageEgress${port}-${host}`, port, { cidrIpv4: `${host}/32` })];
      case 6:
        return [this.backupFunction._allowEgress(`StorageEgress${port}-${host}`, port, { cidrIpv6: `${host}/128` })];
      default:
        // The addresses behind a name are not known in advance. Port 443 is open already, except in a network without
        // a route to the internet.
        return port === 443
          ? []
          : [this.backupFunction._allowEgress(`StorageEgress${port}`, port, { cidrIpv4: '0.0.0.0/0' })];
    }
  }
}

function readSecret(arn: string): GrantStatement {
  return { actions: ['secretsmanager:GetSecretValue'], resources: [arn] };
}
