import { LAMBDA_MAXIMUM_MIB } from '../../contract/lambda-limits';
import { Problem } from '../../private/invalid-input';
import {
  failureDestinationArn,
  kmsKeyArn,
  knownAtSynth,
  oneOf,
  policyArn,
  roleArn,
  wholeNumber,
} from '../../private/rules';
import { BackupFunctionOptions } from '../backup-function-options';

/** Those that the AWS provider 5 knows too (https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html). */
const RUNTIMES = ['nodejs20.x', 'nodejs22.x'];

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
export const LOG_RETENTION_DAYS = [
  ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400],
  ...[545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
];

/** What is wrong with the options of a backup function. */
export function backupFunctionProblems(options: BackupFunctionOptions): (Problem | undefined)[] {
  const bounds = 'Choose a number in these bounds, which are those of Lambda, or leave it out.';
  return [
    // The provider refuses a function whose runtime it does not know when it plans.
    knownAtSynth('runtime of the backup function', options.runtime),
    oneOf('runtime of the backup function', options.runtime, RUNTIMES, 'Leave it out for nodejs22.x.'),
    wholeNumber(
      'memoryMib of the backup function',
      options.memoryMib,
      { minimum: 128, maximum: LAMBDA_MAXIMUM_MIB, unit: 'MiB' },
      bounds,
    ),
    wholeNumber(
      'ephemeralStorageMib of the backup function',
      options.ephemeralStorageMib,
      { minimum: 512, maximum: LAMBDA_MAXIMUM_MIB, unit: 'MiB' },
      bounds,
    ),
    oneOf(
      'logRetentionDays of the backup function',
      options.logRetentionDays,
      LOG_RETENTION_DAYS,
      'Choose one of them, which are those of CloudWatch Logs, or leave it out for 90.',
    ),
    kmsKeyArn('logKmsKeyArn of the backup function', options.logKmsKeyArn),
    roleArn('roleArn of the backup function', options.roleArn),
    policyArn('permissionsBoundaryArn of the backup function', options.permissionsBoundaryArn),
    failureDestinationArn('onFailureDestinationArn of the backup function', options.onFailureDestinationArn),
  ];
}
