import { Token } from 'cdktf';
import { StorageCredentials } from './storage-credentials';
import { BACKUP_RIGHTS, drillRights, ObjectRights } from '../contract/minimum-policy';
import { normalizePath } from '../contract/object-keys';
import { bucketNameError, endpointError, pathError } from '../contract/storage-rules';
import { StorageKind } from '../contract/storage-settings';
import { given } from '../private/given';
import { InvalidInput, Problem } from '../private/invalid-input';
import { partitionOf } from '../private/partition';
import { accepted, certificates, checkedValue, kmsKeyArn, matching, regionName, required } from '../private/rules';
import { terraformJson } from '../private/terraform-json';

/** What every storage needs. */
export interface BackupStorageProps {
  /** Name of a bucket that exists: 3 to 63 letters, digits, dots, hyphens and underscores. */
  readonly bucket: string;
  /**
   * Folder in the bucket that the backups go to, such as `/backups`. Slashes at either end are dropped. `*`, `?`, `${`,
   * `//`, backslashes and control characters are refused.
   */
  readonly path: string;
  /** How the backup function authenticates to the storage. */
  readonly credentials: StorageCredentials;
}

/** A bucket of Amazon S3. */
export interface AmazonS3Props extends BackupStorageProps {
  /** Region of the bucket, such as `eu-central-1`. */
  readonly region: string;
  /**
   * ARN of the customer-managed KMS key that the bucket encrypts its objects with. Whoever the credentials belong to
   * needs `kms:GenerateDataKey` and `kms:Decrypt` on it: `minimumPolicy()` names them, and under
   * `StorageCredentials.fromRole()` the function's role is granted them
   * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html). The ARN of an alias is refused.
   *
   * @default - the bucket has no key of its own
   */
  readonly kmsKeyArn?: string;
}

/** A bucket of Cloudflare R2. */
export interface CloudflareR2Props extends BackupStorageProps {
  /** Id of the Cloudflare account: 32 hexadecimal digits. */
  readonly accountId: string;
}

/** A bucket of DigitalOcean Spaces. */
export interface DigitalOceanSpacesProps extends BackupStorageProps {
  /** Region of the bucket, such as `fra1`. */
  readonly region: string;
}

/** A bucket of any store that speaks the S3 protocol. */
export interface S3CompatibleProps extends BackupStorageProps {
  /** URL of the store, such as `https://s3.example.com`, without a path, a user or a query. */
  readonly endpoint: string;
  /**
   * Region that requests are signed for.
   *
   * @default - `us-east-1`, which stores without regions accept
   */
  readonly region?: string;
  /**
   * Certificate authority of the endpoint: one or more certificates in PEM.
   *
   * @default - the public authorities that Node.js trusts
   */
  readonly caCertificate?: string;
  /**
   * Whether the bucket is in the path of the URL instead of its host name.
   *
   * @default - true
   */
  readonly pathStyle?: boolean;
  /**
   * Whether an endpoint that begins with `http://` is accepted. The backups and the signatures of the keys, though not
   * the keys themselves, then travel unencrypted.
   *
   * @default - false
   */
  readonly allowUnencrypted?: boolean;
}

/** Where backups go: a folder in a bucket of an S3-compatible store. */
export class BackupStorage {
  /** Amazon S3. Wrong values are refused by the construct that takes the storage. */
  static amazonS3(props: AmazonS3Props): BackupStorage {
    const { region, kmsKeyArn: key } = given(props);
    return new BackupStorage('amazon-s3', props, { region, pathStyle: false, kmsKeyArn: key }, [
      required('region of BackupStorage.amazonS3', region, 'Name the region of the bucket, such as eu-central-1.'),
      regionName('region of BackupStorage.amazonS3', region),
      kmsKeyArn('kmsKeyArn of BackupStorage.amazonS3', key),
      // Buckets whose names stores of other makes allow (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
      matching(
        'A bucket of Amazon S3 has lower-case letters, digits, dots and hyphens only.',
        props?.bucket,
        /^[a-z0-9.-]*$/,
        'Name a bucket that exists.',
      ),
    ]);
  }

  /**
   * Cloudflare R2 (https://developers.cloudflare.com/r2/api/s3/api/). Wrong values are refused by the construct that
   * takes the storage.
   */
  static cloudflareR2(props: CloudflareR2Props): BackupStorage {
    const accountId = props?.accountId;
    const remedy = 'Copy the account id from the dashboard of Cloudflare.';
    return new BackupStorage(
      'cloudflare-r2',
      props,
      { endpoint: `https://${accountId}.r2.cloudflarestorage.com`, region: 'auto', pathStyle: true },
      [
        required('accountId of BackupStorage.cloudflareR2', accountId, remedy),
        matching(
          'accountId of BackupStorage.cloudflareR2 has 32 hexadecimal digits.',
          accountId,
          /^[0-9a-f]{32}$/i,
          remedy,
        ),
      ],
    );
  }

  /**
   * DigitalOcean Spaces (https://docs.digitalocean.com/products/spaces/reference/s3-compatibility/). Wrong values are
   * refused by the construct that takes the storage.
   */
  static digitalOceanSpaces(props: DigitalOceanSpacesProps): BackupStorage {
    const region = props?.region;
    const remedy = 'Name the region of the bucket, such as fra1.';
    return new BackupStorage(
      'digitalocean-spaces',
      props,
      {
        endpoint: `https://${region}.digitaloceanspaces.com`,
        // Spaces takes the region from the endpoint and wants this one in signatures.
        region: 'us-east-1',
        pathStyle: false,
      },
      [
        required('region of BackupStorage.digitalOceanSpaces', region, remedy),
        matching(
          'region of BackupStorage.digitalOceanSpaces has three letters and a digit.',
          region,
          /^[a-z]{3}\d$/,
          remedy,
        ),
      ],
    );
  }

  /** Any store that speaks the S3 protocol. Wrong values are refused by the construct that takes the storage. */
  static s3Compatible(props: S3CompatibleProps): BackupStorage {
    const { endpoint, region, pathStyle, allowUnencrypted, caCertificate } = given(props);
    const remedy = 'Copy the endpoint from the documentation of the store, such as "https://s3.example.com".';
    return new BackupStorage(
      's3-compatible',
      props,
      { endpoint, region: region ?? 'us-east-1', pathStyle: pathStyle ?? true, allowUnencrypted, caCertificate },
      [
        required('endpoint of BackupStorage.s3Compatible', endpoint, remedy),
        accepted(
          'The endpoint of a backup storage',
          endpoint,
          (value) => endpointError(value, allowUnencrypted ?? false),
          remedy,
        ),
        matching(
          'region of BackupStorage.s3Compatible has letters, digits and hyphens only.',
          region,
          /^[A-Za-z0-9-]{1,64}$/,
          'Copy the region from the documentation of the store, or leave it out.',
        ),
        certificates('caCertificate', caCertificate),
      ],
    );
  }

  /** Name of the bucket. */
  readonly bucket: string;
  /** The folder, without slashes at either end. */
  readonly path: string;
  /** Region that requests are signed for. */
  readonly region: string;
  /** URL of the store; absent for Amazon S3, where the region decides it. */
  readonly endpoint?: string;
  /** How the backup function authenticates to the storage. */
  readonly credentials: StorageCredentials;

  /** @internal */
  readonly _kind: StorageKind;
  /** @internal */
  readonly _pathStyle: boolean;
  /** @internal */
  readonly _allowUnencrypted: boolean;
  /** @internal */
  readonly _caCertificate?: string;
  /** @internal */
  readonly _kmsKeyArn?: string;
  /** @internal */
  readonly _problems: readonly Problem[];

  private constructor(
    kind: StorageKind,
    props: BackupStorageProps | undefined,
    store: StoreAddress,
    problems: (Problem | undefined)[],
  ) {
    const { bucket, path, credentials } = given(props);
    this._kind = kind;
    this.bucket = bucket;
    this.path = normalizePath(String(path));
    this.credentials = credentials;
    this.region = store.region;
    this.endpoint = store.endpoint;
    this._pathStyle = store.pathStyle;
    this._allowUnencrypted = store.allowUnencrypted ?? false;
    this._caCertificate = store.caCertificate;
    this._kmsKeyArn = store.kmsKeyArn;
    this._problems = [...commonProblems(kind, bucket, path, credentials), ...problems].filter(
      (problem) => problem !== undefined,
    );
  }

  /**
   * The IAM policy, in JSON, that is enough for connection tests, backups, retention and restores: three permissions
   * under one path, and for a bucket with a KMS key of its own the use of that key.
   *
   * @throws where the storage was made from wrong values
   */
  minimumPolicy(): string {
    return this.policyOf(BACKUP_RIGHTS);
  }

  /**
   * The IAM policy, in JSON, that is enough for the drills of one database, where they have credentials of their own: to read
   * its folder and to store proofs.
   *
   * @param databaseIdentifier identifier of the database, the name of its folder.
   * @throws where the storage was made from wrong values
   */
  minimumDrillPolicy(databaseIdentifier: string): string {
    return this.policyOf(drillRights(databaseIdentifier));
  }

  /**
   * The problem of other credentials for this storage.
   *
   * @internal
   */
  _roleProblem(credentials: StorageCredentials): Problem | undefined {
    return roleProblem(this._kind, credentials);
  }

  private policyOf(rights: readonly ObjectRights[]): string {
    const [problem] = this._problems;
    if (problem) {
      throw InvalidInput.of(problem.rule, problem.value, problem.remedy);
    }
    const partition = Token.isUnresolved(this.region) ? 'aws' : partitionOf(this.region);
    const statements = rights.map(({ actions, keys }) => ({
      Effect: 'Allow',
      Action: actions,
      Resource: `arn:${partition}:s3:::${this.bucket}/${this.path}/${keys}`,
    }));
    return terraformJson({ Version: '2012-10-17', Statement: [...statements, ...this._keyStatements()] });
  }

  /**
   * The use of the bucket's own KMS key.
   *
   * @internal
   */
  _keyStatements() {
    return this._kmsKeyArn === undefined
      ? []
      : [{ Effect: 'Allow', Action: ['kms:GenerateDataKey', 'kms:Decrypt'], Resource: this._kmsKeyArn }];
  }
}

interface StoreAddress {
  readonly endpoint?: string;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly allowUnencrypted?: boolean;
  readonly caCertificate?: string;
  readonly kmsKeyArn?: string;
}

function commonProblems(
  kind: StorageKind,
  bucket: string,
  path: string,
  credentials: StorageCredentials,
): (Problem | undefined)[] {
  const bucketRemedy = 'Name a bucket that exists.';
  const pathRemedy = 'Name a folder such as "backups" or "production/backups".';
  return [
    required('bucket of a backup storage', bucket, bucketRemedy),
    accepted('The bucket of a backup storage', bucket, bucketNameError, bucketRemedy),
    required('path of a backup storage', path, pathRemedy),
    accepted('The path of a backup storage', path, pathError, pathRemedy),
    ...checkedValue(
      'credentials of a backup storage',
      credentials,
      'StorageCredentials.fromSecret, StorageCredentials.fromKeys or StorageCredentials.fromRole',
    ),
    roleProblem(kind, credentials),
  ];
}

function roleProblem(kind: StorageKind, credentials: StorageCredentials): Problem | undefined {
  return credentials?._kind === 'role' && kind !== 'amazon-s3'
    ? {
        rule: "StorageCredentials.fromRole works with Amazon S3 only: no other store knows the function's role.",
        value: kind,
        remedy: 'Use StorageCredentials.fromSecret or StorageCredentials.fromKeys.',
      }
    : undefined;
}
