import { ServiceModels } from '../../sandbox/aws/model/service-model';
import { finish } from '../../sandbox/process';

/** Options of every command of the AWS command line (https://docs.aws.amazon.com/cli/latest/reference/#options). */
const GLOBAL_OPTIONS = ['region', 'output', 'query', 'profile', 'endpoint-url', 'no-cli-pager'];

/** Its own commands of `aws s3`, which stand in no model (https://docs.aws.amazon.com/cli/latest/reference/s3/). */
const S3_OPTIONS: Record<string, readonly string[]> = { cp: ['recursive'], ls: ['recursive'] };

/** What is wrong with a call of the AWS command line, by AWS's own models; undefined where nothing is. */
export function awsCommandError(command: string, models: ServiceModels): string | undefined {
  const [, service, operation, ...rest] = command.split(' ');
  const options = rest.filter((word) => word.startsWith('--')).map((word) => word.slice(2).split('=')[0]);
  const own = options.filter((option) => !GLOBAL_OPTIONS.includes(option));
  if (service === 's3') {
    return own.every((option) => S3_OPTIONS[operation]?.includes(option)) ? undefined : `unknown to aws s3: ${own}`;
  }
  const model = models.find(service);
  const modelled = model?.operations.find(({ name }) => isNamed(operation, name));
  if (modelled === undefined) return `AWS has no ${service} ${operation}`;
  const input = modelled.input === undefined ? {} : (model!.resolve(modelled.input).members ?? {});
  const unknown = own.filter((option) => !Object.keys(input).some((member) => isNamed(option, member)));
  const missing = (modelled.input === undefined ? [] : (model!.resolve(modelled.input).required ?? [])).filter(
    (member) => !own.some((option) => isNamed(option, member)),
  );
  return unknown.length + missing.length === 0
    ? undefined
    : `${service} ${operation}: unknown ${unknown.join(', ') || 'none'}, missing ${missing.join(', ') || 'none'}`;
}

/** `describe-db-instances` is `DescribeDBInstances`. */
function isNamed(option: string, member: string): boolean {
  return option.replaceAll('-', '') === member.toLowerCase();
}

/** The options of a call of Terraform that its own help does not name. */
export async function unknownTerraformOptions(command: string, program: string): Promise<string[]> {
  const words = command.split(' ').slice(1);
  const options = words.filter((word) => word.startsWith('-')).map((word) => word.split('=')[0]);
  const subcommand = words.filter((word) => /^[a-z]+$/.test(word)).slice(0, words.includes('state') ? 2 : 1);
  const { output: general } = await finish(program, ['-help'], { env: process.env });
  const { output: own, exitCode } = await finish(program, [...subcommand, '-help'], { env: process.env });
  if (exitCode !== 0) return [subcommand.join(' ')];
  return options.filter((option) => !new RegExp(`^\\s*${option}\\b`, 'm').test(`${general}\n${own}`));
}
