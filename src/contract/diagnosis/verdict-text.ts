import { Fault } from './fault';
import { minimumPolicy } from '../minimum-policy';
import { endpointOf, StorageSettings } from '../storage-settings';
import { FailedVerdict, FaultClass, Verdict } from './verdict';

/** The names of the four classes, as the documentation of backups has them. */
export const FAULT_TITLES: Record<FaultClass, string> = {
  authentication: 'invalid access credentials',
  permission: 'missing required permissions',
  network: 'cannot reach storage endpoint',
  'bucket-or-path': 'bucket not found or path access denied',
};

const LEFT = 'This object may be left behind; the next test overwrites it.';

type FaultFacts = Pick<Fault, 'faultClass' | 'operations' | 'summary' | 'remedy'>;

interface Place extends Pick<StorageSettings, 'bucket' | 'path'> {
  readonly endpoint?: string;
  readonly region?: string;
  readonly key?: string;
}

/**
 * A failed test on one line, for Terraform, which prints it inside JSON and breaks it anywhere: what and why first,
 * then what to do, then where, with capitals to find them by; no quotation mark, since each would come out as a
 * backslash and a quotation mark.
 */
export function failureLine(verdict: FailedVerdict): string {
  const left = verdict.left === undefined ? '' : ` ${LEFT}`;
  return plain(`Connection test failed ${sentences(verdict, verdict)}${left}`);
}

/** A fault of a storage on one line, in the same order. */
export function faultLine(fault: FaultFacts, place: Place): string {
  return plain(`Storage failed ${sentences(fault, place)}`);
}

function sentences({ faultClass, operations, summary, remedy }: FaultFacts, place: Place): string {
  const which = faultClass === 'permission' && operations.length > 0 ? `, ${operations.join(' and ')}` : '';
  const where = [
    `endpoint ${presentableUrl(endpointOf({ endpoint: place.endpoint, region: place.region ?? '' }))}`,
    `bucket ${place.bucket}`,
    `path ${place.path}`,
    ...(place.key === undefined ? [] : [`object ${place.key}`]),
  ].join(', ');
  return `(${faultClass}): ${FAULT_TITLES[faultClass]}${which}. ${summary} TO DO: ${remedy} WHERE: ${where}.`;
}

/** A verdict laid out for a terminal, one line an entry. */
export function describeVerdict(verdict: Verdict): string[] {
  const place = [
    ...row('endpoint', verdict.endpoint),
    ...row('bucket', verdict.bucket),
    ...row('path', verdict.path),
    ...row('object', verdict.key),
  ];
  if (verdict.state === 'Passed') {
    return [
      `Connection test passed in ${verdict.durationMs} ms: PUT, GET, compare and DELETE.`,
      '',
      ...place,
      ...verdict.warnings.flatMap((warning) => row('warning', warning)),
    ].map(printable);
  }
  const policy =
    verdict.operations.length === 3 || (verdict.faultClass === 'permission' && verdict.operations.length > 0)
      ? ['', 'The minimum policy:', '', ...JSON.stringify(minimumPolicy(verdict), undefined, 2).split('\n')]
      : [];
  return [
    `Connection test failed: ${FAULT_TITLES[verdict.faultClass]}.`,
    '',
    ...row('class', verdict.faultClass),
    ...(verdict.operations.length > 0 ? row('operations', verdict.operations.join(', ')) : []),
    ...row('seen', verdict.summary),
    ...row('to do', verdict.remedy),
    ...place,
    ...(verdict.left === undefined ? [] : row('left', LEFT)),
    ...policy,
  ].map(printable);
}

/** An endpoint without the user, password and query that it must not have: they may be secret. */
export function presentableUrl(endpoint: string): string {
  return endpoint.replace(/\/\/[^/]*@/, '//').replace(/[?#].*$/, '');
}

/** Columns of a terminal that a verdict is laid out for. */
const COLUMNS = 100;
const INDENT = 14;

/** A name and its text, broken between words; the lines after the first are indented below it. */
function row(name: string, text: string): string[] {
  const lines = text.split(' ').reduce<string[]>((broken, word) => {
    const last = broken.at(-1);
    return last !== undefined && INDENT + last.length + 1 + word.length <= COLUMNS
      ? [...broken.slice(0, -1), `${last} ${word}`]
      : [...broken, word];
  }, []);
  return lines.map((line, index) => `${(index === 0 ? `  ${name}` : '').padEnd(INDENT)}${line}`);
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
