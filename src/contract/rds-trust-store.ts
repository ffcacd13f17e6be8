/**
 * Regions whose root certificates the trust store lacks that the function's program carries. A build that takes AWS's
 * own bundle leaves the list empty (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html).
 */
export const REGIONS_WITHOUT_ROOT: readonly string[] = [
  ...['ap-east-2', 'ap-southeast-5', 'ap-southeast-6', 'ap-southeast-7', 'ca-west-1', 'il-central-1', 'mx-central-1'],
  ...['cn-north-1', 'cn-northwest-1', 'us-gov-east-1', 'us-gov-west-1'],
];
