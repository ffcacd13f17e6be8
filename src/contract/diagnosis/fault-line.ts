import { Fault, FaultClass } from './fault';
import { FailedVerdict } from './verdict';
import { endpointOf, StorageSettings } from '../storage-settings';

/** The names of the four classes, as the documentation of backups has them. */
export const FAULT_TITLES: Record<FaultClass, string> = {
  authentication: 'invalid access credentials',
  permission: 'missing required permissions',
  network: 'cannot reach storage endpoint',
  'bucket-or-path': 'bucket not found or path access denied',
};

export const LEFT_BEHIND = 'This object may be left in the storage; later tests overwrite it.';

/** Where a fault was seen. */
interface FaultLocation extends Pick<StorageSettings, 'bucket' | 'path'> {
  readonly endpoint?: string;
  readonly region?: string;
  readonly key?: string;
}

/**
 * A failed test on one line, for Terraform, which prints it inside JSON and breaks it anywhere: first what and why,
 * then what to do, then where, with words in capitals to find them by. No quotation mark, since JSON would escape it.
 */
export function failureLine(verdict: FailedVerdict): string {
  const left = verdict.left === undefined ? '' : ` ${LEFT_BEHIND}`;
  return withoutQuotes(`Connection test failed ${sentences(verdict, verdict)}${left}`);
}

/** A fault of a storage on one line, in the same order. */
export function faultLine(fault: Fault, location: FaultLocation): string {
  return withoutQuotes(`Storage failed ${sentences(fault, location)}`);
}

/** An endpoint without the user, password and query that it must not have: they may be secret. */
export function presentableUrl(endpoint: string): string {
  return endpoint.replace(/\/\/[^/]*@/, '//').replace(/[?#].*$/, '');
}

/** A text without the characters that control a terminal or break a line; the name of a bucket may hold them. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
}

function sentences({ faultClass, operations, summary, remedy }: Fault, location: FaultLocation): string {
  const which = faultClass === 'permission' && operations.length > 0 ? `, ${operations.join(' and ')}` : '';
  const where = [
    `endpoint ${presentableUrl(endpointOf({ endpoint: location.endpoint, region: location.region ?? '' }))}`,
    `bucket ${location.bucket}`,
    `path ${location.path}`,
    ...(location.key === undefined ? [] : [`object ${location.key}`]),
  ].join(', ');
  return `(${faultClass}): ${FAULT_TITLES[faultClass]}${which}. ${summary} TO DO: ${remedy} WHERE: ${where}.`;
}

function withoutQuotes(text: string): string {
  return printable(text).replace(/"/g, "'");
}
