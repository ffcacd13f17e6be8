import { Meaning, Observation } from './observation';
import { settingName } from '../setting-names';
import { endpointOf, StorageSettings } from '../storage-settings';
import { CONNECTION_TEST_BOUNDS, FaultClass, StorageOperation } from './verdict';

/** Milliseconds after which an operation is given up. */
export interface Bounds {
  /** For a connection. */
  readonly connectMs: number;
  /** For the next byte, on a connection that stands. */
  readonly socketMs: number;
  /** For one operation, its body included. */
  readonly requestMs: number;
}

/** What the texts of a fault speak of. */
export interface StorageContext {
  readonly storage: Pick<
    StorageSettings,
    'kind' | 'endpoint' | 'region' | 'bucket' | 'path' | 'credentials' | 'network' | 'givenAs'
  >;
  /** Region of the program, where it is known. */
  readonly region?: string;
  readonly bounds: Bounds;
}

export interface FaultText {
  readonly faultClass: FaultClass;
  readonly summary: string;
  readonly remedy: string;
}

type Writer = (operation: StorageOperation, observation: Observation, context: StorageContext) => FaultText;

const CHECK_URL = 'Check the endpoint URL, its host and port, and that firewalls on the way let it through.';
const NO_STORAGE = 'Check the endpoint URL: it is the address of the S3 API, not of a web page, a console or a proxy.';

/** One text a meaning; denials have their own, since they are judged together. */
export const TEXTS: Record<Exclude<Meaning, 'done' | 'denied'>, Writer> = {
  'wrong-keys': (operation, observation, context) => ({
    faultClass: 'authentication',
    summary:
      observation.kind === 'answer'
        ? `The storage refused the access key with ${answerOf(observation)} on ${operation}.`
        : 'There are no credentials to sign with.',
    remedy: keysRemedy(context),
  }),
  'wrong-token': (operation, observation, context) => ({
    faultClass: 'authentication',
    summary: `The storage refused the session token with ${answerOf(observation)} on ${operation}.`,
    remedy: `The token has expired or is not for these keys: renew it, or use permanent keys. ${keysRemedy(context)}`,
  }),
  'wrong-clock': (operation, observation) => ({
    faultClass: 'authentication',
    summary: `The storage refused the time of the request with ${answerOf(observation)} on ${operation}, twice.`,
    remedy: 'Set the clock of the machine that asks, and that of the storage.',
  }),
  'no-bucket': (operation, observation) => ({
    faultClass: 'bucket-or-path',
    summary: `The storage has no such bucket: ${answerOf(observation)} on ${operation}.`,
    remedy: 'Check the name of the bucket, its case included, and that it exists at this endpoint.',
  }),
  'wrong-region': (operation, observation, { storage }) => ({
    faultClass: 'bucket-or-path',
    summary: `The bucket is not served from region ${storage.region}: ${answerOf(observation)} on ${operation}.`,
    remedy:
      observation.kind === 'answer' && observation.bucketRegion !== undefined
        ? `Set the region to the bucket's own, ${observation.bucketRegion}.`
        : "Set the region and the endpoint to the bucket's own.",
  }),
  'bad-name': (operation, observation) => ({
    faultClass: 'bucket-or-path',
    summary: `The storage refused the name with ${answerOf(observation)} on ${operation}.`,
    remedy: 'Use a bucket name of small letters, digits and hyphens, and a path of plain characters.',
  }),
  refused: (operation, observation, { storage }) => ({
    faultClass: 'bucket-or-path',
    summary: `The storage refused the request with ${answerOf(observation)} on ${operation}.`,
    remedy: `Check the bucket, the path, the region, and whether the storage needs ${settingName('pathStyle', storage.givenAs)}.`,
  }),
  full: (operation, observation) => ({
    faultClass: 'bucket-or-path',
    summary: `The bucket takes no more: ${answerOf(observation)} on ${operation}.`,
    remedy: 'Make room in the bucket, or raise its quota.',
  }),
  missing: (operation, observation) =>
    operation === 'GET'
      ? {
          faultClass: 'network',
          summary: `What PUT had stored was not there ${seconds(CONNECTION_TEST_BOUNDS.visibleMs)} later: ${answerOf(observation)} on GET.`,
          remedy: 'Check that the endpoint is the storage itself, and that nothing deletes objects under this path.',
        }
      : {
          faultClass: 'bucket-or-path',
          summary: `The storage found nothing at this path: ${answerOf(observation)} on ${operation}.`,
          remedy: 'Check the bucket and the path.',
        },
  busy: (operation, observation) => ({
    faultClass: 'network',
    summary: `The storage cannot serve at the moment: ${answerOf(observation)} on ${operation}.`,
    remedy: 'Try again later. If it stays so, see the status page of the provider, or what stands in front of it.',
  }),
  'no-storage': (operation, observation) => ({
    faultClass: 'network',
    summary: `What answers at the endpoint is no S3 storage: ${answerOf(observation)} on ${operation}.`,
    remedy: NO_STORAGE,
  }),
  altered: (operation, observation) => ({
    faultClass: 'network',
    summary:
      observation.kind === 'answer'
        ? `The bytes were altered on the way: ${answerOf(observation)} on ${operation}.`
        : 'GET gave other bytes than PUT had stored, twice.',
    remedy: `${NO_STORAGE} If it is, look for what alters bodies on the way.`,
  }),
  unreachable: (operation, observation, context) => {
    const code = observation.kind === 'no-answer' ? observation.code : 'UNKNOWN';
    const { seen, remedy } = ENDS.find(({ codes }) => codes.test(code))!.text(context);
    return { faultClass: 'network', summary: `${seen} (${code} on ${operation}).`, remedy };
  },
};

/** Ways in which no answer comes, the first that fits. */
const ENDS: readonly {
  readonly codes: RegExp;
  readonly text: (context: StorageContext) => { readonly seen: string; readonly remedy: string };
}[] = [
  {
    codes: /^(CONNECT_TIMEOUT|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)$/,
    text: (context) => ({
      seen: `No connection to the endpoint within ${seconds(context.bounds.connectMs)}`,
      remedy: storageRouteRemedy(context) ?? CHECK_URL,
    }),
  },
  {
    codes: /^(ENOTFOUND|EAI_\w+)$/,
    text: () => ({
      seen: 'The host name of the endpoint cannot be resolved',
      remedy: 'Check the spelling of the endpoint URL, and the name server.',
    }),
  },
  { codes: /^ECONNREFUSED$/, text: () => ({ seen: 'Nothing listens at the endpoint', remedy: CHECK_URL }) },
  {
    codes: /^SILENT$/,
    text: ({ bounds }) => ({
      seen: `The endpoint took the connection, then was silent for ${seconds(bounds.socketMs)}`,
      remedy: CHECK_URL,
    }),
  },
  {
    codes: /^TOO_SLOW$/,
    text: ({ bounds }) => ({
      seen: `The endpoint did not finish within ${seconds(bounds.requestMs)}`,
      remedy: 'Check the load of the storage and the speed of the way to it.',
    }),
  },
  {
    codes: /^OUT_OF_TIME$/,
    text: () => ({
      seen: `The endpoint is too slow for a test of ${seconds(CONNECTION_TEST_BOUNDS.totalMs)}`,
      remedy: 'Check the load of the storage and the speed of the way to it.',
    }),
  },
  {
    codes: /^CERT_HAS_EXPIRED$/,
    text: () => ({ seen: 'The certificate of the endpoint has expired', remedy: 'Renew it on the storage.' }),
  },
  {
    codes: /^CERT_NOT_YET_VALID$/,
    text: () => ({ seen: 'The certificate of the endpoint is not valid yet', remedy: 'Check both clocks.' }),
  },
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    text: ({ storage }) => ({
      seen: 'The certificate of the endpoint is for another host',
      remedy: `Use the host name that it is for; a bucket with dots in its name needs ${settingName('pathStyle', storage.givenAs)}.`,
    }),
  },
  {
    codes: /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_)/,
    text: ({ storage }) => ({
      seen: 'The certificate of the endpoint is signed by an authority that is not known here',
      remedy: `Give the certificate authority of the storage, in PEM, as ${settingName('caCertificate', storage.givenAs)}.`,
    }),
  },
  {
    codes: /^BAD_CERTIFICATE_AUTHORITY$/,
    text: ({ storage }) => ({
      seen: `${settingName('caCertificate', storage.givenAs)} is not a PEM certificate`,
      remedy: 'A PEM certificate begins with -----BEGIN CERTIFICATE-----.',
    }),
  },
  {
    codes: /^(EPROTO|ERR_SSL_\w+|ERR_TLS_\w+)$/,
    text: ({ storage }) => ({
      seen: 'The endpoint does not speak TLS that can be understood',
      remedy: `Check the port. A storage without TLS has a URL that begins with http:// and needs ${settingName('allowUnencrypted', storage.givenAs)}.`,
    }),
  },
  {
    codes: /^(ANSWER_TOO_LONG|HPE_\w+)$/,
    text: () => ({ seen: 'What answers at the endpoint is no S3 storage', remedy: NO_STORAGE }),
  },
  {
    codes: /^/,
    text: ({ storage }) => ({
      seen: 'The endpoint broke the connection off',
      remedy: endpointOf(storage).startsWith('http:')
        ? `${CHECK_URL} If the storage speaks TLS, its URL begins with https://.`
        : CHECK_URL,
    }),
  },
];

/** Who to give the minimum policy to, in the words of the kind of store. */
export function permissionRemedy({ kind }: StorageContext['storage']): string {
  switch (kind) {
    case 'amazon-s3':
      return 'Give the credentials this policy (and the use of the KMS key, if the bucket has one of its own):';
    case 'cloudflare-r2':
      return 'Give the API token Object Read & Write on this bucket, which includes:';
    case 'digitalocean-spaces':
      return 'Give the access key Read/Write/Delete on this bucket, which includes:';
    case 's3-compatible':
      return 'Give the credentials this policy:';
  }
}

/** What is missing between private subnets and this kind of storage; undefined where the network is not known. */
export function storageRouteRemedy({ storage, region }: StorageContext): string | undefined {
  if (storage.network === undefined) {
    return undefined;
  }
  const subnets = subnetsOf(storage.network);
  if (storage.kind !== 'amazon-s3') {
    return `${subnets} have no way to the endpoint: add a NAT gateway. Gateway endpoints and interface endpoints lead to AWS only.`;
  }
  return region !== undefined && region !== storage.region
    ? `${subnets} have no way to Amazon S3 in ${storage.region}: add a NAT gateway. An S3 gateway endpoint leads to ${region} only.`
    : `${subnets} have no way to Amazon S3: add an S3 gateway endpoint (com.amazonaws.${storage.region}.s3) to their route tables, or a NAT gateway.`;
}

/** What is missing between private subnets and Secrets Manager; undefined where the network is not known. */
export function secretsRouteRemedy({ storage, region }: StorageContext): string | undefined {
  return storage.network === undefined
    ? undefined
    : `${subnetsOf(storage.network)} have no way to Secrets Manager: add an interface endpoint (com.amazonaws.${region ?? storage.region}.secretsmanager), or a NAT gateway.`;
}

function subnetsOf(network: NonNullable<StorageSettings['network']>): string {
  return `Subnets ${network.subnetIds.join(', ')} of ${network.vpcId}`;
}

function keysRemedy({ storage }: StorageContext): string {
  switch (storage.credentials.kind) {
    case 'secret':
      return `Verify the access key ID and the secret access key in secret ${storage.credentials.secretArn}.`;
    case 'environment':
      return 'Verify AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
    case 'role':
      return 'Verify the role that the program runs under, and that the storage is Amazon S3.';
  }
}

/** The code and the status of an answer, as they stand in a text. */
export function answerOf(observation: Observation): string {
  if (observation.kind !== 'answer') {
    return observation.kind === 'no-answer' ? observation.code : 'other bytes';
  }
  return observation.code === undefined
    ? `HTTP ${observation.status} without an S3 error code`
    : `${observation.code} (HTTP ${observation.status})`;
}

function seconds(milliseconds: number): string {
  return `${milliseconds / 1000} s`;
}
