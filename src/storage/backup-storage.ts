import { Token } from 'cdktf';
import { StorageCredentials } from './storage-credentials';
import { minimumPolicy } from '../contract/minimum-policy';
import { faultOfBucket, faultOfEndpoint, faultOfPath, normalizePath } from '../contract/object-keys';
import { StorageKind } from '../contract/storage-settings';
import { InvalidInput } from '../private/invalid-input';
import { terraformJson } from '../private/terraform-json';

/** What every storage is told by. */
export interface BackupStorageProps {
  /** Name of a bucket that exists. */
  readonly bucket: string;
  /** Folder in the bucket that the backups go to, such as `/backups`. Slashes at either end are dropped. */
  readonly path: string;
  readonly credentials: StorageCredentials;
}

/** A bucket of Amazon S3. */
export interface AmazonS3Props extends BackupStorageProps {
  /** Region of the bucket. */
  readonly region: string;
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
  /** URL of the store, such as `https://s3.example.com`. */
  readonly endpoint: string;
  /**
   * Region that requests are signed for.
   *
   * @default - `us-east-1`, which stores without regions take
   */
  readonly region?: string;
  /**
   * Certificate authority of the endpoint, in PEM.
   *
   * @default - the well-known authorities
   */
  readonly caCertificate?: string;
  /**
   * Whether the bucket stands in the URL's path instead of its host name.
   *
   * @default - true
   */
  readonly pathStyle?: boolean;
  /**
   * Whether an endpoint that begins with `http://` is accepted. The keys' signature, not the keys, and every byte of
   * the backups then travel in the open.
   *
   * @default - false
   */
  readonly allowUnencrypted?: boolean;
}

/** Where backups go: a folder in a bucket of an S3-compatible store. */
export class BackupStorage {
  /** Amazon S3. */
  static amazonS3(props: AmazonS3Props): BackupStorage {
    return new BackupStorage('amazon-s3', props, { region: props.region, pathStyle: false });
  }

  /** Cloudflare R2 (https://developers.cloudflare.com/r2/api/s3/api/). */
  static cloudflareR2(props: CloudflareR2Props): BackupStorage {
    return new BackupStorage('cloudflare-r2', props, {
      endpoint: `https://${props.accountId}.r2.cloudflarestorage.com`,
      region: 'auto',
      pathStyle: true,
    });
  }

  /** DigitalOcean Spaces (https://docs.digitalocean.com/products/spaces/reference/s3-compatibility/). */
  static digitalOceanSpaces(props: DigitalOceanSpacesProps): BackupStorage {
    return new BackupStorage('digitalocean-spaces', props, {
      endpoint: `https://${props.region}.digitaloceanspaces.com`,
      // Spaces takes the region from the endpoint and wants this one in signatures.
      region: 'us-east-1',
      pathStyle: false,
    });
  }

  /** Any store that speaks the S3 protocol. */
  static s3Compatible(props: S3CompatibleProps): BackupStorage {
    return new BackupStorage('s3-compatible', props, {
      endpoint: props.endpoint,
      region: props.region ?? 'us-east-1',
      pathStyle: props.pathStyle ?? true,
      allowUnencrypted: props.allowUnencrypted,
      caCertificate: props.caCertificate,
    });
  }

  readonly bucket: string;
  /** The folder, without slashes at either end. */
  readonly path: string;
  readonly region: string;
  /** URL of the store; absent for Amazon S3, where the region decides it. */
  readonly endpoint?: string;
  readonly credentials: StorageCredentials;

  /** @internal */
  readonly _kind: StorageKind;
  /** @internal */
  readonly _pathStyle: boolean;
  /** @internal */
  readonly _allowUnencrypted: boolean;
  /** @internal */
  readonly _caCertificate?: string;

  private constructor(kind: StorageKind, props: BackupStorageProps, store: StoreAddress) {
    validate(kind, props, store);
    this._kind = kind;
    this.bucket = props.bucket;
    this.path = normalizePath(props.path);
    this.credentials = props.credentials;
    this.region = store.region;
    this.endpoint = store.endpoint;
    this._pathStyle = store.pathStyle;
    this._allowUnencrypted = store.allowUnencrypted ?? false;
    this._caCertificate = store.caCertificate;
  }

  /**
   * The IAM policy, in JSON, that is enough for connection tests, backups, retention and restores: three permissions
   * under one path.
   */
  minimumPolicy(): string {
    return terraformJson(minimumPolicy({ bucket: this.bucket, path: this.path }));
  }
}

interface StoreAddress {
  readonly endpoint?: string;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly allowUnencrypted?: boolean;
  readonly caCertificate?: string;
}

function validate(kind: StorageKind, props: BackupStorageProps, store: StoreAddress): void {
  const rules: [
    what: string,
    value: string | undefined,
    fault: (value: string) => string | undefined,
    remedy: string,
  ][] = [
    ['bucket', props.bucket, faultOfBucket, 'Name a bucket that exists.'],
    ['path', props.path, faultOfPath, 'Name a folder such as "backups" or "production/backups".'],
    [
      'endpoint',
      store.endpoint,
      (endpoint) => faultOfEndpoint(endpoint, store.allowUnencrypted ?? false),
      'Copy the endpoint from the documentation of the store, such as "https://s3.example.com".',
    ],
  ];
  for (const [what, value, faultOf, remedy] of rules) {
    const fault = value === undefined || Token.isUnresolved(value) ? undefined : faultOf(value);
    if (fault !== undefined) {
      throw InvalidInput.of(`The ${what} of a backup storage ${fault}.`, value, remedy);
    }
  }
  if (props.credentials._kind === 'role' && kind !== 'amazon-s3') {
    throw InvalidInput.of(
      "StorageCredentials.fromRole reaches Amazon S3 alone: no other store knows the function's role.",
      kind,
      'Use StorageCredentials.fromSecret or StorageCredentials.fromKeys.',
    );
  }
}
