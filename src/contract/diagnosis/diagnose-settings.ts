import { Fault, FaultClass } from './fault';
import { faultOfBucket, faultOfEndpoint, faultOfPath, ObjectKeys } from '../object-keys';
import { settingName } from '../setting-names';
import { StorageSettings } from '../storage-settings';

/** What is wrong with the settings of a storage, before anything is sent; undefined where nothing is. */
export function diagnoseSettings(settings: StorageSettings, database?: string): Fault | undefined {
  const { endpoint, allowUnencrypted, region, bucket, path, kind, credentials, caCertificate, givenAs } = settings;
  const folder = database === undefined ? path : new ObjectKeys(path, database).folder;
  const rules: [FaultClass, subject: string, flaw: string | undefined, remedy: string][] = [
    [
      'network',
      'The endpoint',
      endpoint === undefined ? undefined : faultOfEndpoint(endpoint, allowUnencrypted, givenAs),
      'Correct the endpoint URL.',
    ],
    [
      'network',
      'The endpoint',
      endpoint === undefined && kind !== 'amazon-s3' ? 'is missing' : undefined,
      'Give the URL of the S3 API of the storage.',
    ],
    [
      'network',
      settingName('caCertificate', givenAs),
      caCertificate === undefined || isPem(caCertificate) ? undefined : 'is not a PEM certificate',
      'A PEM certificate begins with -----BEGIN CERTIFICATE-----.',
    ],
    ['bucket-or-path', 'The bucket name', faultOfBucket(bucket), 'Correct the name of the bucket.'],
    ['bucket-or-path', 'The path', faultOfPath(path), 'Correct the path.'],
    [
      'bucket-or-path',
      'The path with the database in it',
      faultOfPath(folder),
      'Correct the identifier of the database.',
    ],
    [
      'bucket-or-path',
      'The region',
      /^[A-Za-z0-9-]{1,64}$/.test(region) ? undefined : 'has letters, digits and hyphens only',
      'Correct the region; most stores without regions accept us-east-1 or auto.',
    ],
    [
      'authentication',
      'A role',
      credentials.kind === 'role' && kind !== 'amazon-s3' ? 'gives access to Amazon S3 only' : undefined,
      'Give keys of this storage.',
    ],
  ];
  const broken = rules.find(([, , flaw]) => flaw !== undefined);
  if (broken === undefined) {
    return undefined;
  }
  const [faultClass, subject, flaw, remedy] = broken;
  return { faultClass, operations: [], summary: `${subject} ${flaw}.`, remedy };
}

function isPem(text: string): boolean {
  return /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/.test(text);
}
