import { Token } from 'cdktf';
import { Problem } from './invalid-input';
import { certificateError } from '../contract/storage-rules';

/*
 * Rules about single values, as functions of plain data: each returns the problem of a value, or nothing. A value that
 * only Terraform knows passes every rule except `required`, which asks for a value of any kind.
 */

/** A value class whose problems the construct that takes it reports, together with its own path. */
export interface CheckedValue {
  readonly _problems: readonly Problem[];
}

/** The problem of a required prop that was not given, as `process.env.NAME!` in JavaScript may leave it. */
export function required(name: string, value: unknown, remedy: string): Problem | undefined {
  return value === undefined || value === null || value === ''
    ? { rule: `${name} is required.`, value: value === '' ? '' : undefined, remedy }
    : undefined;
}

/** The problems of a value class: it was not given, it is something else, or it was made from wrong input. */
export function checkedValue(name: string, value: CheckedValue | undefined, how: string): readonly Problem[] {
  if (value === undefined || value === null) {
    return [{ rule: `${name} is required.`, value, remedy: `Make it with ${how}.` }];
  }
  return Array.isArray(value._problems)
    ? value._problems
    : [{ rule: `${name} is made with ${how}.`, value, remedy: 'Use that method.' }];
}

/** Whether there is a value that can be checked now. */
function isKnown<T>(value: T | undefined): value is T {
  return value !== undefined && value !== null && !Token.isUnresolved(value);
}

/** The problem of a value that only Terraform knows, where synth decides by it. */
export function knownAtSynth(name: string, value: unknown, remedy = 'Write it out.'): Problem | undefined {
  return Token.isUnresolved(value) ? { rule: `${name} is known when the program runs.`, value, remedy } : undefined;
}

/** The problem of a text that does not match. */
export function matching(
  rule: string,
  value: string | undefined,
  pattern: RegExp,
  remedy: string,
): Problem | undefined {
  return isKnown(value) && !(typeof value === 'string' && pattern.test(value)) ? { rule, value, remedy } : undefined;
}

/** The problem of a text that a rule of the contract refuses. */
export function accepted(
  subject: string,
  value: string | undefined,
  errorOf: (value: string) => string | undefined,
  remedy: string,
): Problem | undefined {
  if (!isKnown(value)) return undefined;
  const error = typeof value === 'string' ? errorOf(value) : 'is a text';
  return error === undefined ? undefined : { rule: `${subject} ${error}.`, value, remedy };
}

/** What is wrong with a text that Terraform would not take as it is. */
export function expressionFault(text: string): string | undefined {
  return /[$%]\{/.test(text) ? 'has no ${ and no %{, which Terraform reads as expressions' : undefined;
}

/** The problem of a number that is not whole or not in its bounds. */
export function wholeNumber(
  name: string,
  value: number | undefined,
  bounds: { readonly minimum: number; readonly maximum: number; readonly unit?: string },
  remedy: string,
): Problem | undefined {
  const { minimum, maximum, unit } = bounds;
  if (!isKnown(value) || (Number.isInteger(value) && value >= minimum && value <= maximum)) {
    return undefined;
  }
  const rule = `${name} is a whole number${unit ? ` of ${unit}` : ''} from ${minimum} to ${maximum}.`;
  return { rule, value, remedy };
}

/** The problem of a value that is none of a few. */
export function oneOf<T>(
  name: string,
  value: T | undefined,
  values: readonly T[],
  remedy: string,
): Problem | undefined {
  return isKnown(value) && !values.includes(value)
    ? { rule: `${name} is one of ${values.join(', ')}.`, value, remedy }
    : undefined;
}

/** The first problem of the elements of a list; a token in the place of the list or of an element passes. */
export function each<T>(
  name: string,
  values: readonly T[] | undefined,
  rule: (value: T) => Problem | undefined,
): Problem | undefined {
  if (!isKnown(values)) return undefined;
  if (!Array.isArray(values)) {
    return { rule: `${name} is a list.`, value: values, remedy: 'Put the value into a list.' };
  }
  return values
    .map((value) => required(`Each of ${name}`, value, 'Leave it out of the list or give it a value.') ?? rule(value))
    .find((problem) => problem !== undefined);
}

/** The problem of a value that a list has twice. */
export function distinct(name: string, values: readonly string[] | undefined): Problem | undefined {
  return isKnown(values) && Array.isArray(values) && new Set(values).size < values.length
    ? { rule: `${name} has each value once.`, value: values, remedy: 'Remove the value that is there twice.' }
    : undefined;
}

/** The beginning of every ARN: partition, service, region, account. */
function arnPattern(service: string, rest: string, region = '[a-z0-9-]+'): RegExp {
  return new RegExp(`^arn:aws(?:-[a-z]+)*:${service}:${region}:\\d{12}:${rest}$`);
}

const SECRET = arnPattern('secretsmanager', 'secret:[A-Za-z0-9/_+=.@-]+');
const KEY = arnPattern('kms', 'key/[A-Za-z0-9-]+');
const ROLE = arnPattern('iam', 'role/[A-Za-z0-9+=,.@_/-]+', '');
const POLICY = /^arn:aws(?:-[a-z]+)*:iam::(?:\d{12}|aws):policy\/[A-Za-z0-9+=,.@_/-]+$/;
const STANDARD_TOPIC = arnPattern('sns', '(?!.*\\.fifo$)[A-Za-z0-9_-]{1,256}');
const ALARM_ACTION = /^arn:aws(?:-[a-z]+)*:[a-z0-9-]+:[a-z0-9-]*:(?:\d{12}|ec2)?:\S+$/;
const DESTINATION = new RegExp(
  [
    STANDARD_TOPIC,
    arnPattern('sqs', '(?!.*\\.fifo$)[A-Za-z0-9_-]{1,80}'),
    arnPattern('lambda', 'function:[A-Za-z0-9_-]{1,64}(?::[A-Za-z0-9$_-]+)?'),
    arnPattern('events', 'event-bus/[A-Za-z0-9._/-]{1,256}'),
  ]
    .map(({ source }) => source)
    .join('|'),
);

/** ARN of a secret as a whole, without the suffix `:field:stage:version` that other services know. */
export function secretArn(name: string, value: string | undefined): Problem | undefined {
  return matching(
    `${name} is the ARN of a Secrets Manager secret, without a field or a version behind it.`,
    value,
    SECRET,
    'Copy the ARN of the secret, such as arn:aws:secretsmanager:eu-central-1:123456789012:secret:name-AbCdEf.',
  );
}

/** ARN of a KMS key. An alias is refused: AWS answers with the key's own ARN, and every plan would show a change. */
export function kmsKeyArn(name: string, value: string | undefined): Problem | undefined {
  return matching(
    `${name} is the ARN of a KMS key, not of an alias: AWS answers with the key's own ARN, and every plan would show a change.`,
    value,
    KEY,
    'Copy the ARN of the key, such as arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab.',
  );
}

export function roleArn(name: string, value: string | undefined): Problem | undefined {
  return matching(
    `${name} is the ARN of an IAM role.`,
    value,
    ROLE,
    'Copy the ARN, such as arn:aws:iam::123456789012:role/name.',
  );
}

export function policyArn(name: string, value: string | undefined): Problem | undefined {
  return matching(
    `${name} is the ARN of an IAM policy.`,
    value,
    POLICY,
    'Copy the ARN, such as arn:aws:iam::123456789012:policy/name.',
  );
}

/**
 * ARN of a standard SNS topic
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html: no FIFO topic).
 */
export function topicArn(name: string, value: string | undefined): Problem | undefined {
  return matching(
    `${name} is the ARN of a standard SNS topic; CloudWatch alarms cannot notify a FIFO topic or a queue.`,
    value,
    STANDARD_TOPIC,
    'Copy the ARN, such as arn:aws:sns:eu-central-1:123456789012:on-call.',
  );
}

/** ARN of something that a CloudWatch alarm invokes: `arn:aws:automate:region:ec2:stop` has no account. */
export function alarmActionArn(name: string, value: string | undefined): Problem | undefined {
  return matching(`${name} is an ARN.`, value, ALARM_ACTION, 'Return the ARN of what the alarm invokes.');
}

/** ARN that Lambda can send the record of a failed run to (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html). */
export function failureDestinationArn(name: string, value: string | undefined): Problem | undefined {
  return matching(
    `${name} is the ARN of a standard SNS topic, a standard SQS queue, a Lambda function or an EventBridge bus.`,
    value,
    DESTINATION,
    'Copy the ARN, such as arn:aws:sns:eu-central-1:123456789012:on-call.',
  );
}

/** Id of an EC2 resource: the prefix, a hyphen, and 8 or 17 hexadecimal digits. */
export function resourceId(name: string, prefix: string, value: string | undefined): Problem | undefined {
  return matching(
    `${name} is an id that begins with "${prefix}-", followed by 8 or 17 hexadecimal digits.`,
    value,
    new RegExp(`^${prefix}-[0-9a-f]{8}(?:[0-9a-f]{9})?$`),
    `Copy the id, such as ${prefix}-0123456789abcdef0.`,
  );
}

export function regionName(name: string, value: string | undefined): Problem | undefined {
  return matching(
    `${name} is the name of an AWS region.`,
    value,
    /^[a-z]{2}(?:-[a-z]+){1,2}-\d{1,2}$/,
    'Write it as eu-central-1.',
  );
}

/** Host name or IP address, without scheme, port and path. */
export function hostName(name: string, value: string | undefined): Problem | undefined {
  return matching(
    `${name} is a host name or an IP address, without scheme, port and path.`,
    value,
    /^(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$|^[0-9a-fA-F:]+:[0-9a-fA-F:]+$/,
    'Write it as orders.abcdefghijkl.eu-central-1.rds.amazonaws.com.',
  );
}

/** One or more certificates in PEM. */
export function certificates(name: string, value: string | undefined): Problem | undefined {
  if (!isKnown(value)) return undefined;
  const remedy = 'Pass the content of a file that begins with -----BEGIN CERTIFICATE-----.';
  return typeof value === 'string' && certificateError(value) === undefined
    ? undefined
    : { rule: `${name} is one or more certificates in PEM.`, value, remedy };
}

/** Tags as AWS takes them (https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html). */
export function tagProblem(tags: { [name: string]: string } | undefined): Problem | undefined {
  if (!isKnown(tags)) return undefined;
  const remedy = 'Correct the tag.';
  const entries = Object.entries(tags);
  if (entries.length > 40) {
    return { rule: 'tags has at most 40 entries: a resource has at most 50.', value: entries.length, remedy };
  }
  const wrong = entries.find(
    ([key, text]) =>
      !/^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/iu.test(key) ||
      (isKnown(text) && !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(text)) ||
      text === undefined,
  );
  return wrong === undefined
    ? undefined
    : {
        rule: 'A tag has a key of 1 to 128 and a value of 0 to 256 letters, digits, spaces and _.:/=+-@; the key does not begin with "aws:".',
        value: Object.fromEntries([wrong]),
        remedy,
      };
}
