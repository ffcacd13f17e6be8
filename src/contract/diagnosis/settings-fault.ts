import { Fault } from './fault';
import { faultOfBucket, faultOfEndpoint, faultOfPath, ObjectKeys } from '../object-keys';
import { settingName } from '../setting-names';
import { StorageSettings } from '../storage-settings';

/** What can be told of a storage's settings without asking anybody; undefined where nothing is wrong. */
export function faultOfSettings(settings: StorageSettings, database?: string): Fault | undefined {
  const { endpoint, allowUnencrypted, region, bucket, path, kind, credentials, caCertificate, givenAs } = settings;
  const folder = database === undefined ? path : new ObjectKeys(path, database).folder;
  const fault = (faultClass: Fault['faultClass'], summary: string | undefined, remedy: string): Fault[] =>
    summary === undefined ? [] : [{ faultClass, operations: [], summary, remedy }];
  const rule = (subject: string, flaw: string | undefined): string | undefined =>
    flaw === undefined ? undefined : `The ${subject} ${flaw}.`;

  return [
    ...fault(
      'network',
      rule('endpoint', endpoint === undefined ? undefined : faultOfEndpoint(endpoint, allowUnencrypted, givenAs)),
      'Correct the endpoint URL.',
    ),
    ...fault(
      'network',
      rule('endpoint', endpoint === undefined && kind !== 'amazon-s3' ? 'is missing' : undefined),
      'Give the URL of the S3 API of the storage.',
    ),
    ...fault(
      'network',
      rule(
        'certificate authority',
        caCertificate === undefined || isPem(caCertificate) ? undefined : 'is no certificate in PEM',
      ),
      `Give a PEM certificate as ${settingName('caCertificate', givenAs)}: it begins with -----BEGIN CERTIFICATE-----.`,
    ),
    ...fault('bucket-or-path', rule('bucket name', faultOfBucket(bucket)), 'Correct the name of the bucket.'),
    ...fault('bucket-or-path', rule('path', faultOfPath(path)), 'Correct the path.'),
    ...fault(
      'bucket-or-path',
      rule('path with the database in it', faultOfPath(folder)),
      'Correct the identifier of the database.',
    ),
    ...fault(
      'bucket-or-path',
      rule('region', /^[A-Za-z0-9-]{1,64}$/.test(region) ? undefined : 'has letters, digits and hyphens only'),
      'Correct the region; a storage without regions mostly takes us-east-1 or auto.',
    ),
    ...fault(
      'authentication',
      credentials.kind === 'role' && kind !== 'amazon-s3' ? 'Only Amazon S3 can be used under a role.' : undefined,
      'Give keys of this storage.',
    ),
  ][0];
}

function isPem(text: string): boolean {
  return /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/.test(text);
}
