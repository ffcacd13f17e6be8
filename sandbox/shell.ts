import { inEnvironment, surroundingsVariables } from './program-variables';
import { SandboxStatus } from './sandbox';

/**
 * The variables of a shell that works with a sandbox: Terraform, the AWS SDKs and the command line read the first ones, a
 * program with Terraform variables of these names the others (`TF_VAR_…`). What connects to a database from this machine
 * reads the authority of its certificate.
 */
export function shellVariables(status: SandboxStatus): Record<string, string> {
  const { environment, certificateAuthorityFile, terraform } = status;
  return {
    ...environment,
    PGSSLROOTCERT: certificateAuthorityFile,
    TF_CLI_CONFIG_FILE: terraform.configurationFile,
    TERRAFORM_BINARY_NAME: terraform.program,
    ...inEnvironment(surroundingsVariables(status)),
  };
}

/** One `export` a line, for `eval` in a POSIX shell. */
export function exportLines(variables: Record<string, string>): string[] {
  return Object.entries(variables).map(([name, value]) => `export ${name}='${value.replace(/'/g, `'\\''`)}'`);
}

/** The AWS services that the library's resources belong to, by the provider's names of their endpoints. */
const SERVICES = [
  ...['cloudwatch', 'ec2', 'iam', 'kms', 'lambda', 'logs', 'rds', 's3', 'scheduler'],
  ...['secretsmanager', 'sns', 'sqs', 'sts'],
];

/** The provider of a program that is to work without variables of the shell. */
export function providerBlock({ endpoint, region, environment }: SandboxStatus): string[] {
  return [
    "new AwsProvider(this, 'aws', {",
    `  region: '${region}',`,
    `  accessKey: '${environment.AWS_ACCESS_KEY_ID}',`,
    `  secretKey: '${environment.AWS_SECRET_ACCESS_KEY}',`,
    '  s3UsePathStyle: true,',
    '  endpoints: [',
    '    {',
    ...SERVICES.map((service) => `      ${service}: '${endpoint}',`),
    '    },',
    '  ],',
    '});',
  ];
}
