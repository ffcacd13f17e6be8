import { StorageContext } from './fault';
import { endpointOf, StorageSettings } from '../storage-settings';

export const CHECK_URL = 'Check the endpoint URL, its host and port, and the firewalls between here and there.';
export const USE_S3_URL =
  'Check the endpoint URL: it must be the URL of the S3 API, not of a web page, a console or a proxy.';

/** How the minimum policy is granted at this kind of store. The policy follows. */
export function permissionRemedy({ kind }: StorageContext['storage']): string {
  switch (kind) {
    case 'amazon-s3':
      return 'Give the credentials this policy (and the use of the KMS key, if the bucket has its own):';
    case 'cloudflare-r2':
      return 'Give the API token Object Read & Write on this bucket, which includes:';
    case 'digitalocean-spaces':
      return 'Give the access key Read/Write/Delete on this bucket, which includes:';
    case 's3-compatible':
      return 'Give the credentials this policy:';
  }
}

const NETWORK_PAGE = 'See https://github.com/cdktf-managed-database/cdktf-managed-database/blob/main/docs/network.md.';

/** What private subnets lack to reach this kind of storage; undefined where the network is not known. */
export function storageRouteRemedy({ storage, region }: StorageContext): string | undefined {
  if (storage.network === undefined) {
    return undefined;
  }
  const subnets = subnetsOf(storage.network);
  if (storage.kind !== 'amazon-s3') {
    return `${subnets} have no route to the endpoint: add a NAT gateway. Gateway endpoints and interface endpoints lead to AWS only. ${NETWORK_PAGE}`;
  }
  return region !== undefined && region !== storage.region
    ? `${subnets} have no route to Amazon S3 in ${storage.region}: add a NAT gateway. An S3 gateway endpoint leads to ${region} only. ${NETWORK_PAGE}`
    : `${subnets} have no route to Amazon S3: add an S3 gateway endpoint (com.amazonaws.${storage.region}.s3) to their route tables, or a NAT gateway. ${NETWORK_PAGE}`;
}

/** What private subnets lack to reach Secrets Manager; undefined where the network is not known. */
export function secretsRouteRemedy({ storage, region }: StorageContext): string | undefined {
  return storage.network === undefined
    ? undefined
    : `${subnetsOf(storage.network)} have no route to Secrets Manager: add an interface endpoint (com.amazonaws.${region ?? storage.region}.secretsmanager), or a NAT gateway. ${NETWORK_PAGE}`;
}

/** Where to look at the keys of this storage. */
export function keysRemedy({ storage }: StorageContext): string {
  switch (storage.credentials.kind) {
    case 'secret':
      return `Verify the access key ID and the secret access key in secret ${storage.credentials.secretArn}.`;
    case 'environment':
      return 'Verify AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
    case 'role':
      return 'Verify the role of the program, and that the storage is Amazon S3.';
  }
}

/** For a connection that was broken off: perhaps the storage speaks TLS and the URL does not. */
export function urlRemedy({ storage }: StorageContext): string {
  return endpointOf(storage).startsWith('http:')
    ? `${CHECK_URL} If the storage speaks TLS, its URL begins with https://.`
    : CHECK_URL;
}

function subnetsOf(network: NonNullable<StorageSettings['network']>): string {
  return `Subnets ${network.subnetIds.join(', ')} of ${network.vpcId}`;
}
