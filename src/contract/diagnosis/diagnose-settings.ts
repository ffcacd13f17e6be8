import { Fault, FaultClass } from './fault';
import { settingName } from '../setting-names';
import {
  bucketNameError,
  certificateError,
  endpointError,
  identifierError,
  leavesRoomForKeys,
  MAXIMUM_KEY_BYTES,
  pathError,
  regionError,
} from '../storage-rules';
import { StorageSettings } from '../storage-settings';

/** What is wrong with the settings of a storage, before anything is sent; undefined where nothing is. */
export function diagnoseSettings(settings: StorageSettings, database?: string): Fault | undefined {
  const { endpoint, allowUnencrypted, region, bucket, path, kind, credentials, caCertificate, givenAs } = settings;
  const rules: [FaultClass, subject: string, flaw: string | undefined, remedy: string][] = [
    [
      'network',
      'The endpoint',
      endpoint === undefined ? undefined : endpointError(endpoint, allowUnencrypted, givenAs),
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
      caCertificate === undefined ? undefined : certificateError(caCertificate),
      'A PEM certificate begins with -----BEGIN CERTIFICATE-----.',
    ],
    ['bucket-or-path', 'The bucket name', bucketNameError(bucket), 'Correct the name of the bucket.'],
    ['bucket-or-path', 'The path', pathError(path), 'Correct the path.'],
    [
      'bucket-or-path',
      'The identifier of the database',
      database === undefined ? undefined : identifierError(database),
      'Correct the identifier of the database.',
    ],
    [
      'bucket-or-path',
      'The path',
      database === undefined || leavesRoomForKeys(path, database)
        ? undefined
        : `is too long for the keys of the backups, which have at most ${MAXIMUM_KEY_BYTES} bytes`,
      'Choose a shorter path.',
    ],
    [
      'bucket-or-path',
      'The region',
      regionError(region),
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
