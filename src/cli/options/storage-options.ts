import { readFileSync } from 'node:fs';
import { Option } from 'commander';
import { requireAll, required, usageError } from './usage';
import { normalizePath } from '../../contract/object-keys';
import { StorageKind, StorageSettings } from '../../contract/storage-settings';

/** The options that name a storage. */
export interface StorageOptions {
  readonly endpoint?: string;
  readonly bucket?: string;
  readonly path?: string;
  readonly region?: string;
  readonly caCertificate?: string;
  readonly virtualHosted?: boolean;
  readonly allowUnencrypted?: boolean;
  readonly secret?: string;
}

/** @param without option that replaces these */
export function storageOptions(without: string): Option[] {
  return [
    new Option('--endpoint <url>', 'URL of the S3 API (default: Amazon S3)'),
    required(new Option('--bucket <name>', 'bucket of the backups'), without),
    required(new Option('--path <folder>', 'folder in the bucket'), without),
    required(new Option('--region <name>', 'region of the storage').env('AWS_REGION'), without),
    new Option('--ca-certificate <file>', "certificate authority of the endpoint, in PEM (default: Node's own)"),
    new Option('--virtual-hosted', "put the bucket into the URL's host name, not its path; always so with Amazon S3"),
    new Option('--allow-unencrypted', 'accept an endpoint that begins with http://'),
    new Option(
      '--secret <arn>',
      'Secrets Manager secret with the keys {"accessKeyId", "secretAccessKey"} ' +
        '(default: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN)',
    ),
  ];
}

/** @throws InvalidRequest naming every option that is missing, or the file that cannot be read */
export function storageSettings(options: StorageOptions): StorageSettings {
  const { endpoint, bucket, path, region, caCertificate, secret } = options;
  requireAll(
    'A storage has a bucket, a path and a region',
    { '--bucket': bucket, '--path': path, '--region': region },
    'Add them, or name a deployed schedule with --schedule <name>.',
  );
  return {
    kind: storageKindOf(endpoint),
    endpoint,
    region: region!,
    bucket: bucket!,
    path: normalizePath(path!),
    pathStyle: endpoint !== undefined && !options.virtualHosted,
    allowUnencrypted: options.allowUnencrypted ?? false,
    caCertificate: caCertificate === undefined ? undefined : readCertificate(caCertificate),
    givenAs: 'options',
    credentials: secret === undefined ? { kind: 'environment' } : { kind: 'secret', secretArn: secret },
  };
}

const KINDS: readonly (readonly [RegExp, StorageKind])[] = [
  [/\.amazonaws\.com(\.cn)?$/, 'amazon-s3'],
  [/\.r2\.cloudflarestorage\.com$/, 'cloudflare-r2'],
  [/\.digitaloceanspaces\.com$/, 'digitalocean-spaces'],
];

/** The kind decides the remedies for a fault; it is known by the host. */
export function storageKindOf(endpoint: string | undefined): StorageKind {
  if (endpoint === undefined) {
    return 'amazon-s3';
  }
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : '';
  return KINDS.find(([pattern]) => pattern.test(host))?.[1] ?? 's3-compatible';
}

function readCertificate(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(
      `--ca-certificate names a file in PEM; ${JSON.stringify(file)} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      'Check its name and its permissions.',
    );
  }
}
