/** The kinds of store that have remedies of their own. */
export type StorageKind = 'amazon-s3' | 'cloudflare-r2' | 'digitalocean-spaces' | 's3-compatible';

/**
 * Where the keys of the storage come from.
 *
 * - `secret`: a Secrets Manager secret that holds `{"accessKeyId", "secretAccessKey"}`, and `sessionToken` if there is one.
 *   `versionId` pins the version that a connection test passed with.
 * - `role`: the role that the program runs under, Amazon S3 only.
 * - `environment`: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, for runs from a terminal.
 */
export type StorageCredentialsSource =
  | { readonly kind: 'secret'; readonly secretArn: string; readonly versionId?: string }
  | { readonly kind: 'role' }
  | { readonly kind: 'environment' };

/** Everything that the program needs to know to reach a storage; no secret in it. */
export interface StorageSettings {
  readonly kind: StorageKind;
  /** URL of the store. Absent for Amazon S3, where the region decides it. */
  readonly endpoint?: string;
  readonly region: string;
  readonly bucket: string;
  /** Folder in the bucket, without slashes at either end. */
  readonly path: string;
  /** Whether the bucket stands in the URL's path instead of its host name. */
  readonly pathStyle: boolean;
  /** Whether an endpoint that begins with `http://` is accepted. */
  readonly allowUnencrypted: boolean;
  /** Certificate authority of the endpoint, in PEM. Absent: the well-known ones. */
  readonly caCertificate?: string;
  readonly credentials: StorageCredentialsSource;
  /** How the program reaches the network, for the remedy of a network fault. Absent: not known. */
  readonly network?: FunctionNetwork;
  /** How a person gave these settings, so that a remedy names the prop or the option. Absent: as props. */
  readonly givenAs?: 'props' | 'options';
}

/** What a construct program knows of the way from the function to the storage. */
export interface FunctionNetwork {
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
}

/** The endpoint as a person would name it. */
export function endpointOf(storage: Pick<StorageSettings, 'endpoint' | 'region'>): string {
  return (
    storage.endpoint ?? `https://s3.${storage.region}.amazonaws.com${storage.region.startsWith('cn-') ? '.cn' : ''}`
  );
}
