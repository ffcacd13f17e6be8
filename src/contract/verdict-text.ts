import { Fault } from './fault';
import { minimumPolicy } from './minimum-policy';
import { endpointOf, StorageSettings } from './storage-settings';
import { FailedVerdict, FaultClass, Verdict } from './verdict';

/** The names of the four classes, as the documentation of backups has them. */
export const FAULT_TITLES: Record<FaultClass, string> = {
  authentication: 'invalid access credentials',
  permission: 'missing required permissions',
  network: 'cannot reach storage endpoint',
  'bucket-or-path': 'bucket not found or path access denied',
};

/**
 * A failed test on one line, for Terraform, which prints it inside JSON: what and why first, then what to do, then
 * where; no quotation mark, since each would come out as a backslash and a quotation mark.
 */
export function failureLine(verdict: FailedVerdict): string {
  const left = verdict.left === undefined ? '' : ` ${leftSentence(verdict.left)}`;
  return plain(`Connection test failed: ${faultLine(verdict, verdict)}${left}`);
}

/** A fault of a storage on one line, in the same order. */
export function faultLine(
  fault: Pick<Fault, 'faultClass' | 'operations' | 'summary' | 'remedy'>,
  where: Pick<StorageSettings, 'bucket' | 'path'> & {
    readonly endpoint?: string;
    readonly region?: string;
    readonly key?: string;
  },
): string {
  const which =
    fault.faultClass === 'permission' && fault.operations.length > 0 ? `, ${fault.operations.join(' and ')}` : '';
  const endpoint = presentableUrl(endpointOf({ endpoint: where.endpoint, region: where.region ?? '' }));
  const place = [
    `Endpoint: ${endpoint}`,
    `bucket: ${where.bucket}`,
    `path: ${where.path}`,
    ...(where.key === undefined ? [] : [`object: ${where.key}`]),
  ].join(', ');
  return plain(
    `${fault.faultClass}: ${FAULT_TITLES[fault.faultClass]}${which}. ${fault.summary} To do: ${fault.remedy} ${place}.`,
  );
}

/** A verdict laid out for a terminal, one line an entry. */
export function describeVerdict(verdict: Verdict): string[] {
  const place = [
    row('endpoint', verdict.endpoint),
    row('bucket', verdict.bucket),
    row('path', verdict.path),
    row('object', verdict.key),
  ];
  if (verdict.state === 'Passed') {
    return [
      `Connection test passed in ${verdict.durationMs} ms: PUT, GET, compare and DELETE.`,
      '',
      ...place,
      ...verdict.warnings.map((warning) => row('warning', warning)),
    ].map(printable);
  }
  const policy =
    verdict.faultClass === 'permission' || verdict.operations.length === 3
      ? ['', 'The minimum policy:', '', ...JSON.stringify(minimumPolicy(verdict), undefined, 2).split('\n')]
      : [];
  return [
    `Connection test failed: ${FAULT_TITLES[verdict.faultClass]}.`,
    '',
    row('class', verdict.faultClass),
    ...(verdict.operations.length > 0 ? [row('operations', verdict.operations.join(', '))] : []),
    row('seen', verdict.summary),
    row('to do', verdict.remedy),
    ...place,
    ...(verdict.left === undefined ? [] : [row('left', leftSentence(verdict.left))]),
    ...policy,
  ].map(printable);
}

/** An endpoint without the user, password and query that it must not have: they may be secret. */
export function presentableUrl(endpoint: string): string {
  return endpoint.replace(/\/\/[^/]*@/, '//').replace(/[?#].*$/, '');
}

function leftSentence(key: string): string {
  return `Object ${key} may be left behind; the next test overwrites it.`;
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(12)}${text}`;
}

/** Free of quotation marks: inside JSON each becomes two characters. */
function plain(text: string): string {
  return printable(text).replace(/"/g, "'");
}

/** A bucket or a path may come with characters that steer a terminal, or break the line. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
}
