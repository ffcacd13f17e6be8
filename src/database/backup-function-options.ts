/**
 * Options of the backup function: the Lambda function that tests the storage of a database, makes its backups, deletes
 * expired ones and restores. They are given to the database, since all its backups and restores share one function.
 */
export interface BackupFunctionOptions {
  /**
   * Runtime of Lambda: `nodejs20.x` or `nodejs22.x`.
   *
   * @default - `nodejs22.x`
   */
  readonly runtime?: string;
  /**
   * Memory in MiB, 128 to 10240. Lambda gives processor time in proportion: 1769 MiB are one processor.
   *
   * @default - 2048
   */
  readonly memoryMib?: number;
  /**
   * Size of the function's `/tmp` in MiB, 512 to 10240. Dumps are stored while they grow, so that a database may be
   * larger.
   *
   * @default - 10240
   */
  readonly ephemeralStorageMib?: number;
  /**
   * How many days CloudWatch keeps the function's log: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731,
   * 1096, 1827, 2192, 2557, 2922, 3288 or 3653.
   *
   * @default - 90
   */
  readonly logRetentionDays?: number;
  /**
   * ARN of the KMS key that encrypts the function's log. Its key policy must allow CloudWatch Logs to use it
   * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html).
   *
   * @default - CloudWatch's own key
   */
  readonly logKmsKeyArn?: string;
  /**
   * ARN of an existing role for the function, which `lambda.amazonaws.com` may assume. The policies that the function
   * needs are attached to it.
   *
   * @default - a role of its own is created
   */
  readonly roleArn?: string;
  /**
   * ARN of a policy that bounds the permissions of the roles that are created.
   *
   * @default - none
   */
  readonly permissionsBoundaryArn?: string;
  /**
   * ARN of a standard SNS topic, a standard SQS queue, a Lambda function or an EventBridge bus that Lambda sends a
   * record to when a scheduled run has failed and its one retry too. The function's role is granted the sending.
   *
   * @default - none
   */
  readonly onFailureDestinationArn?: string;
}
